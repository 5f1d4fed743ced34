package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/durward-auth/durward/server/internal/store"
)

func TestFilesThatAreMovedUnderARunningServerStopIt(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows does not let an open database be moved")
	}
	move := func(from, to string) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			if err := os.Rename(path+from, path+to); err != nil {
				t.Fatal(err)
			}
		}
	}
	remove := func(suffix string) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			if err := os.Remove(path + suffix); err != nil {
				t.Fatal(err)
			}
		}
	}
	harm := map[string]struct {
		do   func(t *testing.T, path string)
		file string
	}{
		"the database is moved":   {move("", ".old"), "durward.db"},
		"the database is deleted": {remove(""), "durward.db"},
		"the database is replaced by another": {func(t *testing.T, path string) {
			populated(t, path+".new")
			move(".new", "")(t, path)
		}, "durward.db"},
		"the log is deleted":   {remove("-wal"), "durward.db-wal"},
		"the index is deleted": {remove("-shm"), "durward.db-shm"},
		"the directory is moved": {func(t *testing.T, path string) {
			if err := os.Rename(filepath.Dir(path), filepath.Dir(path)+".old"); err != nil {
				t.Fatal(err)
			}
		}, "durward.db"},
	}
	notice := map[string]func(*testing.T, *store.DB) error{
		"a ping": func(t *testing.T, db *store.DB) error { return db.Ping(t.Context()) },
		"a look for changes": func(t *testing.T, db *store.DB) error {
			_, err := db.Changed(t.Context())
			return err
		},
		"a write": func(t *testing.T, db *store.DB) error {
			return db.SaveSettings(t.Context(), map[string]string{"issuer": "https://id.test"})
		},
	}
	for name, h := range harm {
		for by, look := range notice {
			t.Run(name+", noticed by "+by, func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "data", "durward.db")
				db, err := store.Open(t.Context(), store.Config{Path: path})
				if err != nil {
					t.Fatal(err)
				}
				defer db.Close()
				if err := createUser(t.Context(), db, "anna"); err != nil {
					t.Fatal(err)
				}
				if err := look(t, db); err != nil {
					t.Fatalf("before: %v", err)
				}
				h.do(t, path)
				err = look(t, db)
				if !errors.Is(err, store.ErrFailed) || !errors.Is(db.Err(), store.ErrFailed) {
					t.Fatalf("got errors %v and %v, want ErrFailed", err, db.Err())
				}
				if want := "/" + h.file + " was moved"; !strings.Contains(err.Error(), want) {
					t.Errorf("got %q, want %q in it", err, want)
				}
				select {
				case <-db.Failed():
				default:
					t.Error("Failed is not closed")
				}
			})
		}
	}
}

func TestADatabaseBehindASymbolicLinkIsWatched(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows does not let everybody make symbolic links")
	}
	dir := t.TempDir()
	for _, name := range []string{"first.db", "second.db"} {
		populated(t, filepath.Join(dir, name))
	}
	path := filepath.Join(dir, "durward.db")
	if err := os.Symlink("first.db", path); err != nil {
		t.Fatal(err)
	}
	db := open(t, path)
	if err := createUser(t.Context(), db, "boris"); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Remove(path), os.Symlink("second.db", path)); err != nil {
		t.Fatal(err)
	}
	if err := db.Ping(t.Context()); !errors.Is(err, store.ErrFailed) {
		t.Errorf("got error %v after the link was turned to another database, want ErrFailed", err)
	}
}

func TestADatabaseBehindASymbolicLinkHasOneServer(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows does not let everybody make symbolic links")
	}
	path := filepath.Join(t.TempDir(), "durward.db")
	first := open(t, path)
	release, err := first.LockServer()
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "durward.db")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	second := open(t, link)
	if _, err := second.LockServer(); !errors.Is(err, store.ErrLocked) {
		t.Errorf("K07: got error %v, want ErrLocked", err)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
}

// TestWhoHasTheDataOpenWritesNothingAfterAMove is a command that waits for a password while the data is moved.
func TestWhoHasTheDataOpenWritesNothingAfterAMove(t *testing.T) {
	for name, end := range map[string]struct {
		with func(*store.Source) error
		want error
	}{
		"while it is being moved":    {func(*store.Source) error { return nil }, store.ErrMoving},
		"when it was moved":          {func(s *store.Source) error { return s.Done(t.Context(), func() error { return nil }) }, store.ErrMoved},
		"when the move was given up": {func(s *store.Source) error { return s.Cancel(t.Context()) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			c := store.Config{Path: filepath.Join(t.TempDir(), "durward.db")}
			db := open(t, c.Path)
			if err := createUser(t.Context(), db, "anna"); err != nil {
				t.Fatal(err)
			}
			source, err := store.OpenSource(t.Context(), c, "elsewhere")
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(end.with(source), source.Close()); err != nil {
				t.Fatal(err)
			}
			if err := createUser(t.Context(), db, "boris"); !errors.Is(err, end.want) {
				t.Errorf("got error %v, want %v", err, end.want)
			}
			if _, err := db.User(t.Context(), "id-boris"); (err == nil) != (end.want == nil) {
				t.Errorf("got error %v for who was to be created", err)
			}
		})
	}
}

// populated makes a database that nobody has open.
func populated(t *testing.T, path string) {
	t.Helper()
	db, err := store.Open(t.Context(), store.Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(createUser(t.Context(), db, "anna"), db.Close()); err != nil {
		t.Fatal(err)
	}
}
