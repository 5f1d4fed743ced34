package store_test

import (
	"errors"
	"iter"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/durward-auth/durward/server/internal/archive"
	"github.com/durward-auth/durward/server/internal/pgtest"
	"github.com/durward-auth/durward/server/internal/store"
)

// places returns an empty place of each kind.
func places(t *testing.T) map[string]func(t *testing.T) store.Config {
	t.Helper()
	return map[string]func(t *testing.T) store.Config{
		"SQLite":     func(t *testing.T) store.Config { return store.Config{Path: filepath.Join(t.TempDir(), "durward.db")} },
		"PostgreSQL": func(t *testing.T) store.Config { return store.Config{URL: pgtest.Database(t)} },
	}
}

// A table that a migration adds must be named in dataTables, or a backup would leave it out.
func TestEveryTableIsTakenByBackups(t *testing.T) {
	var shapes [][]archive.Table
	for name, place := range places(t) {
		t.Run(name, func(t *testing.T) {
			c := place(t)
			db, err := store.Open(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			found, err := store.TableNames(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			var taken []string
			err = store.ReadSnapshot(t.Context(), c, func(s *store.Snapshot) error {
				for _, table := range s.Tables {
					taken = append(taken, table.Name)
				}
				shapes = append(shapes, s.Tables)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			slices.Sort(taken)
			if !slices.Equal(found, taken) || len(found) < 12 {
				t.Errorf("the database has the tables %v, and a backup takes %v", found, taken)
			}
		})
	}
	if len(shapes) == 2 {
		for i, table := range shapes[0] {
			if other := shapes[1][i]; table.Name != other.Name || !slices.Equal(table.Columns, other.Columns) {
				t.Errorf("the table %v in one database is %v in the other", table, other)
			}
		}
	}
}

func quiet(int, int) {}

func none(*archive.Table) iter.Seq2[[]any, error] { return func(func([]any, error) bool) {} }

// schemaOf returns the tables of this program's schema, and its version.
func schemaOf(t *testing.T) (tables []archive.Table, version int64) {
	t.Helper()
	c := store.Config{Path: filepath.Join(t.TempDir(), "durward.db")}
	open(t, c.Path)
	if err := store.ReadSnapshot(t.Context(), c, func(s *store.Snapshot) error {
		tables, version = s.Tables, s.Schema
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return tables, version
}

func TestNothingStartsOnWhatIsNotFinished(t *testing.T) {
	tables, known := schemaOf(t)
	for name, place := range places(t) {
		t.Run(name, func(t *testing.T) {
			c := place(t)
			for attempt := range 3 { // of which the first two are given up
				target, err := store.OpenTarget(t.Context(), c, known, "it")
				if err != nil {
					t.Fatal(err)
				}
				if err := target.Fill(t.Context(), tables, none); err != nil {
					t.Fatal(err)
				}
				if c.URL != "" {
					if _, err := store.Open(t.Context(), c); !errors.Is(err, store.ErrUnfinished) {
						t.Errorf("before the end: got error %v, want ErrUnfinished", err)
					}
				} else if found, err := filepath.Glob(c.Path + "*"); err != nil || len(found) != 0 {
					t.Errorf("before the end: got files %v and error %v, want none", found, err)
				}
				if attempt == 2 {
					if err := target.Finish(t.Context(), nil); err == nil {
						t.Fatal("data was finished that has no indexes")
					}
					if err := errors.Join(target.Index(t.Context(), quiet), target.Finish(t.Context(), map[string]string{"a": "b"})); err != nil {
						t.Fatal(err)
					}
				}
				if err := target.Abandon(); err != nil {
					t.Fatal(err)
				}
				if attempt < 2 && c.URL != "" {
					if _, err := store.Open(t.Context(), c); !errors.Is(err, store.ErrUnfinished) {
						t.Errorf("given up: got error %v, want ErrUnfinished", err)
					}
				}
			}
			db, err := store.Open(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			settings, err := db.Settings(t.Context())
			if err != nil || len(settings) != 1 || settings["a"] != "b" {
				t.Errorf("got settings %v and error %v", settings, err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			if _, err := store.OpenTarget(t.Context(), c, known, "it"); !errors.Is(err, store.ErrNotEmpty) {
				t.Errorf("got error %v, want ErrNotEmpty", err)
			}
		})
	}
}

func TestATargetRefusesTablesThatAreNotOfItsSchema(t *testing.T) {
	tables, known := schemaOf(t)
	c := store.Config{Path: filepath.Join(t.TempDir(), "durward.db")}
	wrong := map[string]func([]archive.Table) []archive.Table{
		"a table is missing": func(tables []archive.Table) []archive.Table { return tables[1:] },
		"a column is missing": func(tables []archive.Table) []archive.Table {
			tables[0].Columns = tables[0].Columns[1:]
			return tables
		},
		"a column is another": func(tables []archive.Table) []archive.Table {
			tables[0].Columns = slices.Clone(tables[0].Columns)
			tables[0].Columns[0].Name = "x) VALUES (1); --"
			return tables
		},
	}
	for name, change := range wrong {
		target, err := store.OpenTarget(t.Context(), c, known, "it")
		if err != nil {
			t.Fatal(err)
		}
		if err := target.Fill(t.Context(), change(slices.Clone(tables)), none); !errors.Is(err, archive.ErrDamaged) {
			t.Errorf("%s: got error %v, want ErrDamaged", name, err)
		}
		if err := target.Abandon(); err != nil {
			t.Error(err)
		}
	}
	if _, err := store.OpenTarget(t.Context(), c, known+1, "it"); !errors.Is(err, store.ErrNewerSchema) {
		t.Errorf("got error %v, want ErrNewerSchema", err)
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(c.Path), "*")); err != nil || len(left) != 0 {
		t.Errorf("got files %v and error %v, want none", left, err)
	}
}

// An old backup is filled into the schema that it had, then migrated.
func TestAnOldSchemaIsBroughtUpToDate(t *testing.T) {
	for name, place := range places(t) {
		t.Run(name, func(t *testing.T) {
			c := place(t)
			target, err := store.OpenTarget(t.Context(), c, 2, "it")
			if err != nil {
				t.Fatal(err)
			}
			var old []archive.Table
			if err := target.Read(t.Context(), func(s *store.Snapshot) error {
				if s.Schema != 2 {
					t.Errorf("got schema %d, want 2", s.Schema)
				}
				old = s.Tables
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			if slices.ContainsFunc(old, func(table archive.Table) bool { return table.Name == "epochs" }) {
				t.Errorf("got tables %v, want those of version 2", old)
			}
			turn := func(table *archive.Table) iter.Seq2[[]any, error] {
				return func(yield func([]any, error) bool) {
					if table.Name == "turns" {
						yield([]any{"administrators", int64(7)}, nil)
					}
				}
			}
			if err := errors.Join(target.Fill(t.Context(), old, turn), target.Upgrade(t.Context(), quiet), target.Finish(t.Context(), nil), target.Abandon()); err != nil {
				t.Fatal(err)
			}
			db, err := store.Open(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			known, err := store.LatestSchema()
			if err != nil {
				t.Fatal(err)
			}
			if got, err := db.SchemaVersion(t.Context()); err != nil || got != known {
				t.Errorf("got schema %d and error %v, want %d", got, err, known)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			err = store.ReadSnapshot(t.Context(), c, func(s *store.Snapshot) error {
				at := slices.IndexFunc(s.Tables, func(table archive.Table) bool { return table.Name == "turns" })
				if got := s.Tables[at].Rows; got != 3 {
					t.Errorf("got %d turns, want that of the backup and two of the migrations", got)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestErrorsOfPlacesHoldNoPassword(t *testing.T) {
	const secret = "hunter2hunter2"
	url := "postgres://ada:" + secret + "@127.0.0.1:1/x?connect_timeout=1"
	c := store.Config{URL: url}
	_, target := store.OpenTarget(t.Context(), c, 1, "it")
	_, source := store.OpenSource(t.Context(), c, "there")
	_, undo := store.UndoMove(t.Context(), c)
	for _, err := range []error{target, source, undo, store.ReadSnapshot(t.Context(), c, nil)} {
		if err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("got error %v, want one without the password", err)
		}
	}
	// Without its escapes, the end of a password would pass for a host or a database.
	for _, url := range []string{
		"postgres://ada:an@hunter2#hunter2@127.0.0.1:1/x", "postgres://ada:an@hunter2@127.0.0.1:1/x#hunter2", "postgres://ada:hunter2#@127.0.0.1:1/x", "postgres://ada:a@hunter2#/@127.0.0.1:1/x",
	} {
		_, err := store.Open(t.Context(), store.Config{URL: url})
		if err == nil || strings.Contains(err.Error()+store.RedactURL(url), "hunter2") {
			t.Errorf("%s: got error %v and %s, want an error without the password", url, err, store.RedactURL(url))
		}
	}
	if got := store.RedactURL(url); strings.Contains(got, secret) || !strings.Contains(got, "127.0.0.1") {
		t.Errorf("got %s, want the place without the password", got)
	}
}
