package store_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/durward-auth/durward/server/internal/account"
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
