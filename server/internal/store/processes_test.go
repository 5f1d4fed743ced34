package store_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/store"
)

func TestTwoProcessesOpenAnEmptyDirectoryAtOnce(t *testing.T) {
	for range 3 {
		path := filepath.Join(t.TempDir(), "data", "durward.db")
		var children []*process
		for i := range 3 {
			children = append(children, start(t, "create users", path, fmt.Sprintf("user%d", i)))
		}
		db := open(t, path)
		for i, child := range children {
			if !child.lines.Scan() {
				t.Fatal("a process created no user")
			}
			if err := child.Wait(); err != nil {
				t.Fatal(err)
			}
			if _, err := db.User(t.Context(), fmt.Sprintf("id-user%d", i)); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestChangesOfAnotherProcessAreNoticed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "durward.db")
	db := open(t, path)
	changed := func() bool {
		t.Helper()
		changed, err := db.Changed(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return changed
	}
	if changed() {
		t.Error("a change was reported before there was one")
	}
	if err := db.SaveSettings(t.Context(), map[string]string{"issuer": "https://id.test"}); err != nil {
		t.Fatal(err)
	}
	if changed() {
		t.Error("a change of this process was reported as another's")
	}
	for i := range 3 {
		child := start(t, "create users", path, fmt.Sprintf("user%d", i))
		if !child.lines.Scan() {
			t.Fatal("the process created no user")
		}
		if !changed() {
			t.Errorf("change %d of another process was not reported", i)
		}
		if _, err := db.User(t.Context(), fmt.Sprintf("id-user%d", i)); err != nil {
			t.Error(err)
		}
		if err := child.Wait(); err != nil {
			t.Fatal(err)
		}
		changed() // the log may have been copied back meanwhile
		if changed() {
			t.Error("a change was reported twice")
		}
	}
}

func TestACommandWritesWhileAServerDoes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "durward.db")
	db := open(t, path)
	var names []string
	for i := range 200 {
		names = append(names, fmt.Sprintf("theirs%d", i))
	}
	child := start(t, "create users", path, names...)
	for i := range 200 {
		if err := createUser(t.Context(), db, fmt.Sprintf("ours%d", i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := child.Wait(); err != nil {
		t.Fatal(err)
	}
	for i := range 200 {
		for _, owner := range []string{"ours", "theirs"} {
			if _, err := db.User(t.Context(), fmt.Sprintf("id-%s%d", owner, i)); err != nil {
				t.Error(err)
			}
		}
	}
	users, err := db.Users(t.Context(), account.Page{Limit: 1000})
	if err != nil || len(users) != 400 {
		t.Errorf("got %d users and error %v, want 400", len(users), err)
	}
}

func TestASecondServerIsRefusedUntilTheFirstIsGone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "durward.db")
	first := start(t, "hold the lock", path)
	if !first.lines.Scan() {
		t.Fatal("the first server did not get the lock")
	}
	db := open(t, path)
	if _, err := db.LockServer(); !errors.Is(err, store.ErrLocked) {
		t.Fatalf("got error %v, want ErrLocked", err)
	}
	if err := createUser(t.Context(), db, "anna"); err != nil {
		t.Errorf("a command beside a running server: %v", err)
	}
	if err := first.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = first.Wait() // killed

	release, err := db.LockServer()
	if err != nil {
		t.Fatalf("after the first server was killed: %v", err)
	}
	if _, err := db.LockServer(); !errors.Is(err, store.ErrLocked) {
		t.Errorf("got error %v for a second lock of one process, want ErrLocked", err)
	}
	for range 2 {
		if err := release(); err != nil {
			t.Fatal(err)
		}
	}
	again, err := db.LockServer()
	if err != nil {
		t.Fatalf("after the lock was released: %v", err)
	}
	if err := again(); err != nil {
		t.Fatal(err)
	}
}
