package store_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/pgtest"
	"github.com/durward-auth/durward/server/internal/store"
	"github.com/durward-auth/durward/server/internal/store/sessiontest"
)

func TestSessionsOnSQLite(t *testing.T) {
	sessiontest.Run(t, func(t *testing.T, clock func() time.Time) account.Store {
		db, err := store.Open(t.Context(), store.Config{Path: filepath.Join(t.TempDir(), "durward.db"), Clock: clock})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
		return db
	})
}

func TestSessionsOnPostgreSQL(t *testing.T) {
	sessiontest.Run(t, func(t *testing.T, clock func() time.Time) account.Store {
		return openURLAt(t, pgtest.Database(t), clock)
	})
}

// F02: whichever replica is asked, it answers from what all have committed.
func TestSessionsOnReplicasOfPostgreSQL(t *testing.T) {
	url := pgtest.Database(t)
	sessiontest.RunReplicas(t, func(t *testing.T, clock func() time.Time) account.Store {
		return openURLAt(t, url, clock)
	})
}

func openURLAt(t *testing.T, url string, clock func() time.Time) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), store.Config{URL: url, Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}
