package server_test

import (
	"errors"
	"testing"

	"github.com/durward-auth/durward/server"
	"github.com/durward-auth/durward/server/internal/store"
)

// Whoever migrates by hand has no server that does it unasked.
func TestAnOldSchemaIsMigratedByHandWhereTheServerMustNot(t *testing.T) {
	for name, home := range homes(t) {
		t.Run(name, func(t *testing.T) {
			c := home(t)
			place := store.Config{URL: c.Database}
			if place.URL == "" {
				place.Path = server.DatabasePath(c.DataDir)
			}
			const old = 4
			target, err := store.OpenTarget(t.Context(), place, old, "old")
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(target.Finish(t.Context(), nil), target.Abandon()); err != nil {
				t.Fatal(err)
			}
			by := c
			by.NoMigration = true
			if _, err := server.Open(t.Context(), by); !errors.Is(err, store.ErrNeedsMigration) {
				t.Errorf("a server that must not migrate: got error %v, want ErrNeedsMigration", err)
			}
			has, known, err := server.Schema(t.Context(), c)
			if err != nil || has != old || known <= old {
				t.Errorf("got schema %d of %d and error %v, want %d", has, known, err, old)
			}
			if got, err := server.Migrate(t.Context(), c); err != nil || got != known {
				t.Errorf("got schema %d and error %v, want %d", got, err, known)
			}
			h := open(t, by)
			h.addUser(t, "ada")
			h.login(t, "ada")
			h.stop()
		})
	}
}
