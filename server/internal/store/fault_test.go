package store_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"testing"

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
