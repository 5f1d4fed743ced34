package store_test

import (
	"testing"

	"github.com/durward-auth/durward/server/internal/pgtest"
	"github.com/durward-auth/durward/server/internal/store"
	"github.com/durward-auth/durward/server/internal/store/storetest"
)

func TestPostgreSQLKeepsTheContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Store { return openURL(t, pgtest.Database(t)) })
}

func openURL(t testing.TB, url string) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), store.Config{URL: url})
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
