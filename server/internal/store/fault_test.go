package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/store"
)

// TestAfterAnInputOutputErrorNothingIsWritten lets a child run into the largest size that
// the kernel lets its files have, which SQLite sees as a failed write.
func TestAfterAnInputOutputErrorNothingIsWritten(t *testing.T) {
	if runtime.GOOS != "linux" && runtime.GOOS != "darwin" {
		t.Skip("the test sets no limit here")
	}
	path := filepath.Join(t.TempDir(), "durward.db")
	child := start(t, "meet an input/output error", path)
	var created int
	if !child.lines.Scan() {
		t.Fatal("the child met no error")
	}
	if _, err := fmt.Sscanf(child.lines.Text(), "stopped after %d", &created); err != nil {
		t.Fatalf("got %q: %v", child.lines.Text(), err)
	}
	if err := child.Wait(); err != nil {
		t.Fatal(err)
	}
	db := open(t, path)
	if err := db.Check(t.Context()); err != nil {
		t.Error(err)
	}
	for i := range created {
		if _, err := db.User(t.Context(), fmt.Sprintf("id-user%d", i)); err != nil {
			t.Errorf("user%d was acknowledged: %v", i, err)
		}
	}
	if created == 0 {
		t.Error("the error came before the first user")
	}
}

func meetError(path string, _ []string) error {
	ctx := context.Background()
	db, err := store.Open(ctx, store.Config{Path: path})
	if err != nil {
		return err
	}
	if err := limitFileSize(1 << 20); err != nil {
		return err
	}
	created := 0
	for ; ; created++ {
		if err = createUser(ctx, db, fmt.Sprintf("user%d", created)); err != nil {
			break
		}
		if created > 100_000 {
			return errors.New("the limit was never met")
		}
	}
	if !errors.Is(err, store.ErrFailed) || !errors.Is(db.Err(), store.ErrFailed) || !errors.Is(db.Ping(ctx), store.ErrFailed) {
		return fmt.Errorf("got errors %w, %w and %w, want ErrFailed", err, db.Err(), db.Ping(ctx))
	}
	select {
	case <-db.Failed():
	default:
		return errors.New("Failed is not closed")
	}
	if err := createUser(ctx, db, "later"); !errors.Is(err, store.ErrFailed) {
		return fmt.Errorf("got error %w for a later write, want ErrFailed", err)
	}
	if _, err := db.User(ctx, "id-user0"); err != nil {
		return fmt.Errorf("read after the failure: %w", err)
	}
	fmt.Println("stopped after", created)
	return db.Close()
}

func TestAWriterThatCannotWriteAnyMoreStops(t *testing.T) {
	for name, harm := range map[string]func(context.Context, *store.DB) error{
		"a transaction is open that was not rolled back": func(ctx context.Context, db *store.DB) error { return db.RunAlone(ctx, `BEGIN`) },
		"the database has become read-only":              func(ctx context.Context, db *store.DB) error { return db.RunAlone(ctx, `PRAGMA query_only = 1`) },
		"a file cannot be opened": func(ctx context.Context, db *store.DB) error {
			if err := db.Run(ctx, `ATTACH '/does/not/exist/other.db' AS other`); err == nil {
				return errors.New("the file was opened")
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "durward.db")
			db := open(t, path)
			if err := createUser(t.Context(), db, "anna"); err != nil {
				t.Fatal(err)
			}
			if err := harm(t.Context(), db); err != nil {
				t.Fatal(err)
			}
			for _, user := range []string{"boris", "clara"} {
				if err := createUser(t.Context(), db, user); !errors.Is(err, store.ErrFailed) {
					t.Errorf("got error %v, want ErrFailed", err)
				}
			}
			select {
			case <-db.Failed():
			default:
				t.Error("Failed is not closed")
			}
			if _, err := db.User(t.Context(), "id-anna"); err != nil {
				t.Errorf("reading: %v", err)
			}
		})
	}
}

func TestAFullDiskRefusesWritesUntilThereIsRoom(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "durward.db"))
	if err := db.RunAlone(t.Context(), `PRAGMA max_page_count = 1`); err != nil { // which is no less than there are
		t.Fatal(err)
	}
	var err error
	created := 0
	for ; created < 10_000; created++ {
		if err = createUser(t.Context(), db, fmt.Sprintf("user%d", created)); err != nil {
			break
		}
	}
	var busy *account.BusyError
	if !errors.Is(err, store.ErrFull) || !errors.Is(err, account.ErrStorageFull) || !errors.As(err, &busy) || busy.RetryAfter <= 0 {
		t.Fatalf("got error %v after %d users, want ErrFull that is an ErrStorageFull and says when to try again", err, created)
	}
	if db.Err() != nil {
		t.Errorf("got %v, want a database that goes on", db.Err())
	}
	if err := db.Ping(t.Context()); err != nil {
		t.Errorf("reading: %v", err)
	}
	if err := db.RunAlone(t.Context(), `PRAGMA max_page_count = 1000000`); err != nil {
		t.Fatal(err)
	}
	if err := createUser(t.Context(), db, fmt.Sprintf("user%d", created)); err != nil {
		t.Errorf("when there is room again: %v", err)
	}
}

func TestAWriterMakesNoTemporaryFiles(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the test lists the open files of Linux")
	}
	db := open(t, filepath.Join(t.TempDir(), "durward.db"))
	for i := range 300 {
		if err := createUser(t.Context(), db, fmt.Sprintf("user%d", i)); err != nil {
			t.Fatal(err)
		}
	}
	// Inside of the savepoint of a job, each changed page is kept as it was; beyond 64 KiB SQLite would use a file.
	if err := db.Run(t.Context(), `UPDATE users SET email = hex(zeroblob(2000))`); err != nil {
		t.Fatal(err)
	}
	if err := db.RunInJob(t.Context(), `UPDATE users SET email = ''`, func() {
		names, err := filepath.Glob("/proc/self/fd/*")
		if err != nil {
			t.Error(err)
		}
		for _, name := range names {
			if target, err := os.Readlink(name); err == nil && strings.Contains(target, "etilqs_") {
				t.Errorf("got the temporary file %s", target)
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
}
