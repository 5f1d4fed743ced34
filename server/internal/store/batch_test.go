package store_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/durward-auth/durward/server/internal/store"
)

// TestEveryoneInABatchThatFailsIsAnswered fills the disk in the middle of a batch: SQLite rolls all of it back, and who waits
// behind is answered too.
func TestEveryoneInABatchThatFailsIsAnswered(t *testing.T) {
	path := filepath.Join(t.TempDir(), "durward.db")
	db := open(t, path)
	if err := db.RunAlone(t.Context(), `PRAGMA max_page_count = 1`); err != nil { // which is no less than there are
		t.Fatal(err)
	}
	release := hold(t, path)
	// A caller that nobody answers is still there at the deadline.
	ctx, cancel := context.WithTimeoutCause(t.Context(), 20*time.Second, errors.New("no answer came"))
	defer cancel()
	const callers = 600
	errs := make([]error, callers)
	var group sync.WaitGroup
	for i := range callers {
		group.Go(func() { errs[i] = createUser(ctx, db, fmt.Sprintf("user%d", i)) })
	}
	until(t, "all but the first wait", func() bool { return db.Waiting() == callers-1 })
	release()
	group.Wait()
	full := 0
	for i, err := range errs {
		_, found := db.User(t.Context(), fmt.Sprintf("id-user%d", i))
		switch {
		case errors.Is(err, store.ErrFull):
			full++
			if found == nil {
				t.Errorf("user%d was refused and is there", i)
			}
		case err != nil:
			t.Errorf("user%d: got %v, want success or ErrFull", i, err)
		case found != nil:
			t.Errorf("user%d was acknowledged: %v", i, found)
		}
	}
	if full == 0 {
		t.Error("the disk was never full")
	}
}
