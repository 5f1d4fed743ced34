package store_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/pgtest"
	"github.com/durward-auth/durward/server/internal/store"
	"github.com/durward-auth/durward/session"
)

const childVariable = "DURWARD_STORE_TEST_CHILD"

// children are what a second process of this test binary can be.
var children = map[string]func(path string, args []string) error{
	"create users":               createUsers,
	"meet an input/output error": meetError,
	"hold the lock":              holdLock,
	"write forever":              writeForever,
	"create users one by one":    createAloud,
}

func TestMain(m *testing.M) {
	child, ok := children[os.Getenv(childVariable)]
	if !ok {
		pgtest.Main(m)
	}
	if err := child(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// process is a child that runs: each line of its output is a thing that it has done.
type process struct {
	*exec.Cmd
	lines *bufio.Scanner
	stdin io.Closer
}

func start(t *testing.T, child, path string, args ...string) *process {
	t.Helper()
	cmd := exec.Command(os.Args[0], append([]string{path}, args...)...)
	cmd.Env = append(os.Environ(), childVariable+"="+child)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return &process{cmd, bufio.NewScanner(stdout), stdin}
}

// createUsers creates users named by the arguments, and says so when all are there.
func createUsers(path string, names []string) error {
	ctx := context.Background()
	db, err := store.Open(ctx, store.Config{Path: path})
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := createUser(ctx, db, name); err != nil {
			return err
		}
	}
	fmt.Println("created")
	return db.Close()
}

func createUser(ctx context.Context, db *store.DB, name string) error {
	return db.CreateUser(ctx, account.User{ID: "id-" + name, Name: name, Canonical: name, Version: 1}, "hash",
		audit.Event{Action: audit.UserCreate, SubjectName: name})
}

// holdLock takes the lock of the server and keeps it until it is killed.
func holdLock(path string, _ []string) error {
	db, err := store.Open(context.Background(), store.Config{Path: path})
	if err != nil {
		return err
	}
	if _, err := db.LockServer(); err != nil {
		return err
	}
	fmt.Println("locked")
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// writeForever registers, logs in, rotates and logs out in several goroutines, and says
// what was acknowledged.
func writeForever(path string, args []string) error {
	ctx := context.Background()
	db, err := store.Open(ctx, store.Config{Path: path})
	if err != nil {
		return err
	}
	const writers = 8
	errs := make(chan error, writers)
	var mu sync.Mutex
	acknowledge := func(what string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Printf(what+"\n", args...)
	}
	for w := range writers {
		go func() {
			for i := 0; ; i++ {
				if err := oneLife(ctx, db, fmt.Sprintf("%s-%d-%d", args[0], w, i), acknowledge); err != nil {
					errs <- err
					return
				}
			}
		}()
	}
	return <-errs
}

func oneLife(ctx context.Context, db *store.DB, name string, acknowledge func(string, ...any)) error {
	now, policy := time.Now(), session.DefaultPolicy()
	if err := createUser(ctx, db, name); err != nil {
		return err
	}
	acknowledge("user id-%s", name)
	s := account.Session{State: policy.Start("id-"+name, now), AccessExpiresAt: now.Add(time.Hour)}
	if _, err := db.OpenSession(ctx, s, "hash", "", nil, audit.Event{Action: audit.SessionLogin, Target: s.ID}); err != nil {
		return err
	}
	for generation := range int64(3) {
		r, err := db.RotateSession(ctx, account.Rotation{SessionID: s.ID, Presented: generation, Now: now, Policy: policy}, audit.Event{})
		if err != nil {
			return err
		}
		acknowledge("rotated %s id-%s %d", s.ID, name, r.Session.Generation)
	}
	if _, err := db.EndSession(ctx, s.ID, "", now, audit.Event{Action: audit.SessionLogout}); err != nil {
		return err
	}
	acknowledge("ended %s", s.ID)
	return nil
}
