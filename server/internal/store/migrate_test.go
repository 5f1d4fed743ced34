package store_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/durward-auth/durward/server/internal/store"
)

const nextMigration = `ALTER TABLE users ADD COLUMN nickname TEXT NOT NULL DEFAULT ''`

// K11: the old program has the data open.
func TestASchemaIsNotMigratedUnderARunningServer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "durward.db")
	server := start(t, "hold the lock", path)
	if !server.lines.Scan() {
		t.Fatal("the server did not get the lock")
	}
	known, err := store.LatestSchema()
	if err != nil {
		t.Fatal(err)
	}
	_, err = store.OpenNext(t.Context(), store.Config{Path: path}, nextMigration)
	if !errors.Is(err, store.ErrNeedsMigration) {
		t.Fatalf("got error %v, want ErrNeedsMigration", err)
	}
	for _, part := range []string{fmt.Sprintf("this data has schema version %d", known), fmt.Sprintf("this program has %d", known+1), "stop the server"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("got %q, want %q in it", err, part)
		}
	}
	old := open(t, path) // a command of the old program goes on
	if version, err := old.SchemaVersion(t.Context()); err != nil || version != known {
		t.Errorf("got schema version %d and error %v, want %d", version, err, known)
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	if err := server.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = server.Wait() // killed

	db, err := store.OpenNext(t.Context(), store.Config{Path: path}, nextMigration)
	if err != nil {
		t.Fatalf("after the server was stopped: %v", err)
	}
	defer db.Close()
	if version, err := db.SchemaVersion(t.Context()); err != nil || version != known+1 {
		t.Errorf("got schema version %d and error %v, want %d", version, err, known+1)
	}
	release, err := db.LockServer()
	if err != nil {
		t.Fatalf("the migration kept the lock: %v", err)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
}

// K11: two processes.
func TestTwoProgramsThatMigrateAtOnceBothSucceed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "durward.db")
	if err := createUser(t.Context(), open(t, path), "anna"); err != nil {
		t.Fatal(err)
	}
	errs := make(chan error)
	for range 4 {
		go func() {
			db, err := store.OpenNext(t.Context(), store.Config{Path: path}, nextMigration)
			if err == nil {
				_, err = db.User(t.Context(), "id-anna")
				err = errors.Join(err, db.Close())
			}
			errs <- err
		}()
	}
	for range 4 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

func TestAMigrationThatFailsReleasesTheLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "durward.db")
	db := open(t, path)
	if _, err := store.OpenNext(t.Context(), store.Config{Path: path}, `ALTER TABLE nothing ADD COLUMN a TEXT`); err == nil {
		t.Fatal("got no error of a migration that cannot run")
	}
	release, err := db.LockServer()
	if err != nil {
		t.Fatalf("got error %v, want the lock", err)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
}
