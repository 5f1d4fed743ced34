package server_test

import (
	"database/sql"
	"errors"
	"net/http"
	"path/filepath"
	"testing"

	"github.com/durward-auth/durward/server"
	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/pgtest"
	"github.com/durward-auth/durward/server/internal/store"
)

// apart are places of which a PostgreSQL database is on a server of its own, where nobody else is connected.
func apart(t *testing.T) map[string]func(t *testing.T) server.Config {
	t.Helper()
	list := homes(t)
	list["PostgreSQL"] = func(t *testing.T) server.Config {
		return server.Config{DataDir: filepath.Join(t.TempDir(), "data"), Database: pgtest.Start(t, "fsync=off").Database(t), Issuer: issuer}
	}
	return list
}

// What is moved goes on: sessions and tokens are good, what was revoked is refused.
func TestAMoveKeepsEverything(t *testing.T) {
	for _, way := range [][2]string{{"SQLite", "PostgreSQL"}, {"PostgreSQL", "SQLite"}} {
		t.Run("from "+way[0]+" to "+way[1], func(t *testing.T) {
			from, to := apart(t)[way[0]](t), apart(t)[way[1]](t)
			before := open(t, from)
			before.addUser(t, "ada")
			good, ended := before.login(t, "ada"), before.login(t, "ada")
			if status, answer := send(t, http.MethodPost, before.url+"/logout", ended.access, nil); status != http.StatusNoContent {
				t.Fatalf("logout answers %d %v", status, answer)
			}
			epoch, err := before.Store.RevocationEpoch(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := server.Move(t.Context(), from, to, nil, audit.Event{}); !errors.Is(err, store.ErrLocked) && !errors.Is(err, store.ErrInUse) {
				t.Errorf("beside a server: got error %v, want ErrLocked or ErrInUse", err)
			}
			if access, refresh := before.accepts(t, good); !access || !refresh {
				t.Fatal("a move that was refused has disturbed the server")
			}
			before.stop()

			report, err := server.Move(t.Context(), from, to, nil, audit.Event{})
			if err != nil {
				t.Fatal(err)
			}
			if report.Rows == 0 || report.MasterKeyID == "" || len(report.Tables) < 12 {
				t.Errorf("got the report %+v", report)
			}
			if _, err := server.Open(t.Context(), from); !errors.Is(err, store.ErrMoved) {
				t.Errorf("a server on the old data: got error %v, want ErrMoved", err)
			}
			if _, err := server.Backup(t.Context(), from, server.BackupOptions{Path: filepath.Join(t.TempDir(), "backup")}); !errors.Is(err, store.ErrMoved) {
				t.Errorf("a backup of the old data: got error %v, want ErrMoved", err)
			}
			if _, err := server.Move(t.Context(), from, to, nil, audit.Event{}); !errors.Is(err, store.ErrMoved) {
				t.Errorf("a second move: got error %v, want ErrMoved", err)
			}
			giveKey(t, from, to)
			after := open(t, to)
			if access, _ := after.accepts(t, good); !access {
				t.Error("a good token is refused")
			}
			if access, refresh := after.accepts(t, ended); access || refresh {
				t.Errorf("what was revoked: access %t and refresh %t, want both refused", access, refresh)
			}
			if got, err := after.Store.RevocationEpoch(t.Context()); err != nil || got != epoch {
				t.Errorf("got epoch %q and error %v, want %q", got, err, epoch)
			}
			after.stop()

			state, err := server.UndoMove(t.Context(), from)
			if err != nil || state.To != report.To {
				t.Errorf("got state %+v and error %v", state, err)
			}
			if _, err := server.UndoMove(t.Context(), from); !errors.Is(err, store.ErrNotMoved) {
				t.Errorf("got error %v, want ErrNotMoved", err)
			}
			back := open(t, from)
			if access, _ := back.accepts(t, good); !access {
				t.Error("after the move was taken back a good token is refused")
			}
			if got, err := back.Store.RevocationEpoch(t.Context()); err != nil || got == epoch {
				t.Errorf("got epoch %q and error %v, want another: two databases go on from one history", got, err)
			}
		})
	}
}

// A move that ends between the last step in the target and the mark in the source is finished by the next one.
func TestAMoveThatWasInterruptedAtItsEndIsFinished(t *testing.T) {
	from, to := homes(t)["SQLite"](t), homes(t)["SQLite"](t)
	h := open(t, from)
	h.addUser(t, "ada")
	h.stop()
	if _, err := server.Move(t.Context(), from, to, nil, audit.Event{}); err != nil {
		t.Fatal(err)
	}
	path := store.Config{Path: server.DatabasePath(from.DataDir)}
	if err := backToMoving(t, path.Path); err != nil {
		t.Fatal(err)
	}
	if _, err := server.Open(t.Context(), from); !errors.Is(err, store.ErrMoving) {
		t.Errorf("got error %v, want ErrMoving", err)
	}
	report, err := server.Move(t.Context(), from, to, nil, audit.Event{})
	if err != nil || !report.Again {
		t.Errorf("got the report %+v and error %v, want that of an earlier move", report, err)
	}
	if _, err := server.Open(t.Context(), from); !errors.Is(err, store.ErrMoved) {
		t.Errorf("got error %v, want ErrMoved", err)
	}
	other := homes(t)["SQLite"](t)
	o := open(t, other)
	o.addUser(t, "bob")
	o.stop()
	if err := backToMoving(t, path.Path); err != nil {
		t.Fatal(err)
	}
	if _, err := server.Move(t.Context(), from, other, nil, audit.Event{}); !errors.Is(err, store.ErrNotEmpty) {
		t.Errorf("into data of its own: got error %v, want ErrNotEmpty", err)
	}
}

func TestAMoveIntoItselfIsRefused(t *testing.T) {
	c := homes(t)["SQLite"](t)
	h := open(t, c)
	h.stop()
	if _, err := server.Move(t.Context(), c, c, nil, audit.Event{}); err == nil {
		t.Error("data was moved into itself")
	}
	again := open(t, c)
	again.stop()
}

// backToMoving makes the mark of a finished move that of one under way.
func backToMoving(t *testing.T, path string) error {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(t.Context(), `UPDATE settings SET value = replace(value, '"moved"', '"moving"') WHERE name = 'state'`)
	return err
}

// While a move reads PostgreSQL, no lock keeps another command from taking it back or from running it again. Then it must not finish.
func TestAMoveThatIsTakenBackWhileItRunsFinishesNothing(t *testing.T) {
	for name, meddle := range map[string]func(t *testing.T, from server.Config) error{
		"taken back": func(t *testing.T, from server.Config) error {
			_, err := server.UndoMove(t.Context(), from)
			return err
		},
		"begun again": func(t *testing.T, from server.Config) error {
			source, err := store.OpenSource(t.Context(), store.Config{URL: from.Database}, "elsewhere")
			if err != nil {
				return err
			}
			return source.Close()
		},
	} {
		t.Run(name, func(t *testing.T) {
			from, to := apart(t)["PostgreSQL"](t), homes(t)["SQLite"](t)
			h := open(t, from)
			h.addUser(t, "ada")
			h.stop()
			meddled := false
			progress := func(step server.Step) {
				if step.Phase == "verify" && !meddled {
					meddled = true
					if err := meddle(t, from); err != nil {
						t.Errorf("got error %v from what meddles", err)
					}
				}
			}
			if _, err := server.Move(t.Context(), from, to, progress, audit.Event{}); !errors.Is(err, store.ErrTakenBack) {
				t.Errorf("got error %v, want ErrTakenBack", err)
			}
			giveKey(t, from, to)
			if _, err := store.StoredSetting(t.Context(), store.Config{Path: server.DatabasePath(to.DataDir)}, "x"); !errors.Is(err, store.ErrNothing) {
				t.Errorf("the target: got error %v, want ErrNothing", err)
			}
			if name == "begun again" {
				if _, err := server.Open(t.Context(), from); !errors.Is(err, store.ErrMoving) {
					t.Errorf("the source: got error %v, want ErrMoving: the mark of the other move counts", err)
				}
				return
			}
			back := open(t, from)
			back.addUser(t, "bob")
		})
	}
}
