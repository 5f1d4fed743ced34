package store_test

import (
	"database/sql"
	"errors"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/durward-auth/durward/server/internal/archive"
	"github.com/durward-auth/durward/server/internal/store"
)

// What speeds up queries, and what refuses a wrong row, is told by these.
const (
	shapeOfSQLite   = `SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite%' ORDER BY 1`
	shapeOfPostgres = `
		SELECT REPLACE(indexdef, current_schema() || '.', '') FROM pg_indexes WHERE schemaname = current_schema() AND tablename <> 'migrator'
		UNION ALL
		SELECT CAST(conrelid AS regclass) || ' ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
		WHERE connamespace = CAST(current_schema() AS regnamespace) AND CAST(conrelid AS regclass) <> CAST('migrator' AS regclass)
		ORDER BY 1`
)

func shapeOf(t *testing.T, c store.Config) []string {
	t.Helper()
	driver, name, query := "sqlite", "file:"+c.Path, shapeOfSQLite
	if c.URL != "" {
		driver, name, query = "pgx", c.URL, shapeOfPostgres
	}
	db, err := sql.Open(driver, name)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var list []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		list = append(list, text)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

// Indexes and foreign keys are dropped while a database is filled. All of them must be there at the end.
func TestAFilledDatabaseHasTheSchemaOfANewOne(t *testing.T) {
	tables, known := schemaOf(t)
	for name, place := range places(t) {
		t.Run(name, func(t *testing.T) {
			fresh, filled := place(t), place(t)
			db, err := store.Open(t.Context(), fresh)
			if err != nil {
				t.Fatal(err)
			}
			target, err := store.OpenTarget(t.Context(), filled, known, "it")
			if err != nil {
				t.Fatal(err)
			}
			told := 0
			if err := errors.Join(db.Close(), target.Fill(t.Context(), tables, none), target.Index(t.Context(), func(done, _ int) { told = done }),
				target.Finish(t.Context(), nil), target.Abandon()); err != nil {
				t.Fatal(err)
			}
			got, want := shapeOf(t, filled), shapeOf(t, fresh)
			if !slices.Equal(got, want) || len(want) < 24 {
				t.Errorf("got the schema\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			if told < 15 {
				t.Errorf("%d indexes were made, want those of the migrations", told)
			}
		})
	}
}

// A row that refers to nothing is refused, although foreign keys are looked at late.
func TestARowThatRefersToNothingIsRefused(t *testing.T) {
	tables, known := schemaOf(t)
	for name, place := range places(t) {
		t.Run(name, func(t *testing.T) {
			c := place(t)
			target, err := store.OpenTarget(t.Context(), c, known, "it")
			if err != nil {
				t.Fatal(err)
			}
			err = target.Fill(t.Context(), tables, func(table *archive.Table) iter.Seq2[[]any, error] {
				return func(yield func([]any, error) bool) {
					if table.Name != "sessions" {
						return
					}
					row := make([]any, len(table.Columns))
					for i, column := range table.Columns {
						if row[i] = int64(0); column.Type == archive.Text {
							row[i] = "nobody"
						}
					}
					yield(row, nil)
				}
			})
			if err == nil {
				err = target.Index(t.Context(), quiet)
			}
			if err == nil {
				t.Error("a session of no user was taken")
			}
			if err := target.Abandon(); err != nil {
				t.Error(err)
			}
			if _, err := store.Open(t.Context(), c); c.URL != "" && !errors.Is(err, store.ErrUnfinished) {
				t.Errorf("got error %v, want ErrUnfinished", err)
			}
		})
	}
}
