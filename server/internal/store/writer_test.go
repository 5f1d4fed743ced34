package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/store"
)

// hold keeps the database locked, as another process that writes does, until release.
func hold(t *testing.T, path string) (release func()) {
	t.Helper()
	other, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := other.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.ExecContext(t.Context(), `BEGIN IMMEDIATE`); err != nil {
		t.Fatal(err)
	}
	release = sync.OnceFunc(func() {
		if err := errors.Join(conn.Close(), other.Close()); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(release)
	return release
}

// until waits for a condition.
func until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for tick := time.NewTicker(time.Millisecond); !condition(); {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("in vain: %s", what)
		}
	}
}

func TestAFailingJobDoesNotTouchItsNeighbours(t *testing.T) {
	path := filepath.Join(t.TempDir(), "durward.db")
	db := open(t, path)
	release := hold(t, path)
	const callers = 60
	errs := make([]error, callers)
	var group sync.WaitGroup
	for i := range callers {
		group.Go(func() { errs[i] = createUser(t.Context(), db, fmt.Sprintf("user%d", i/3)) }) // each name three times
	}
	until(t, "all but the first wait", func() bool { return db.Waiting() == callers-1 })
	release()
	group.Wait()
	created := map[int]int{}
	for i, err := range errs {
		if err == nil {
			created[i/3]++
		} else if !errors.Is(err, account.ErrUsernameTaken) {
			t.Errorf("got error %v, want ErrUsernameTaken", err)
		}
	}
	for name := range callers / 3 {
		if created[name] != 1 {
			t.Errorf("user%d was created %d times, want once", name, created[name])
		}
		if _, err := db.User(t.Context(), fmt.Sprintf("id-user%d", name)); err != nil {
			t.Error(err)
		}
	}
}

func TestAFullQueueRefusesAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "durward.db")
	db, err := store.Open(t.Context(), store.Config{Path: path, Queue: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	release := hold(t, path)
	var group sync.WaitGroup
	for i := range 3 {
		group.Go(func() {
			if err := createUser(t.Context(), db, fmt.Sprintf("user%d", i)); err != nil {
				t.Error(err)
			}
		})
		until(t, "the writer takes the first job", func() bool { return db.Waiting() == i })
	}
	err = createUser(t.Context(), db, "one too many")
	var busy *account.BusyError
	if !errors.Is(err, store.ErrBusy) || !errors.As(err, &busy) || busy.RetryAfter <= 0 {
		t.Errorf("got error %v, want ErrBusy with the time to try again", err)
	}
	release()
	group.Wait()
}

func TestALookForChangesGoesBeforeAFullQueue(t *testing.T) {
	const queue = 3
	db, err := store.Open(t.Context(), store.Config{Path: filepath.Join(t.TempDir(), "durward.db"), Queue: queue})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var group sync.WaitGroup
	do := func(work func()) {
		group.Go(func() {
			if err := db.Do(t.Context(), work); err != nil {
				t.Error(err)
			}
		})
	}
	started, release := make(chan struct{}), make(chan struct{})
	free := sync.OnceFunc(func() { close(release) })
	defer free()
	do(func() { close(started); <-release })
	<-started
	for range queue {
		do(func() {
			if db.Looking() > 0 {
				t.Error("a write that waited ran before the look for changes")
			}
		})
	}
	until(t, "the queue is full", func() bool { return db.Waiting() == queue })
	if err := createUser(t.Context(), db, "one too many"); !errors.Is(err, store.ErrBusy) {
		t.Fatalf("got error %v, want ErrBusy", err)
	}
	group.Go(func() {
		if _, err := db.Changed(t.Context()); err != nil {
			t.Errorf("got error %v of a look for changes", err)
		}
	})
	until(t, "the look waits", func() bool { return db.Looking() == 1 || t.Failed() })
	free()
	group.Wait()
}

func TestACallerWhoGaveUpIsSkipped(t *testing.T) {
	path := filepath.Join(t.TempDir(), "durward.db")
	db := open(t, path)
	release := hold(t, path)
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	for _, name := range []string{"first", "second"} {
		group.Go(func() {
			if err := createUser(ctx, db, name); !errors.Is(err, context.Canceled) {
				t.Errorf("%s: got error %v, want context.Canceled", name, err)
			}
		})
	}
	until(t, "the second waits", func() bool { return db.Waiting() == 1 })
	cancel()
	group.Wait() // while the database is locked
	release()
	if err := createUser(t.Context(), db, "third"); err != nil {
		t.Fatal(err)
	}
	users, err := db.Users(t.Context(), account.Page{})
	if err != nil {
		t.Fatal(err)
	}
	if len(users) != 1 || users[0].Name != "third" {
		t.Errorf("got users %v, want the third alone", users)
	}
	if err := createUser(ctx, db, "late"); !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v of a context that has ended, want context.Canceled", err)
	}
}

// K06: who writes gives up after a while, who reads does not notice.
func TestALockOfAnotherProcessIsWaitedForAWhile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "durward.db")
	db, err := store.Open(t.Context(), store.Config{Path: path, BusyTimeout: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	release := hold(t, path)
	if err := createUser(t.Context(), db, "anna"); !errors.Is(err, store.ErrBusy) {
		t.Errorf("got error %v, want ErrBusy", err)
	}
	if err := db.Ping(t.Context()); err != nil {
		t.Errorf("reading while another process writes: %v", err)
	}
	release()
	if err := createUser(t.Context(), db, "anna"); err != nil {
		t.Errorf("after the lock was released: %v", err)
	}
}

func TestCloseFinishesWhatWaits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "durward.db")
	db := open(t, path)
	release := hold(t, path)
	const callers = 20
	errs := make(chan error, callers)
	for i := range callers {
		go func() { errs <- createUser(t.Context(), db, fmt.Sprintf("user%d", i)) }()
	}
	until(t, "all but the first wait", func() bool { return db.Waiting() == callers-1 })
	closed := make(chan error)
	go func() { closed <- db.Close() }()
	release()
	for range callers {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if err := createUser(context.Background(), db, "late"); !errors.Is(err, store.ErrClosed) {
		t.Errorf("got error %v, want ErrClosed", err)
	}
	users, err := open(t, path).Users(t.Context(), account.Page{})
	if err != nil || len(users) != callers {
		t.Errorf("got %d users and error %v, want %d", len(users), err, callers)
	}
}
