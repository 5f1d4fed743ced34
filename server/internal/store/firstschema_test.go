package store_test

import (
	"database/sql"
	"fmt"
	"math"
	"path/filepath"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/durward-auth/durward/server/internal/pgtest"
	"github.com/durward-auth/durward/server/internal/store"
)

// Data of the first schema is migrated with everything in it: what was revoked then is in the feed.
func TestDataOfTheFirstSchemaIsMigrated(t *testing.T) {
	check := func(t *testing.T, c store.Config, driver, source string) {
		if err := store.MigrateToFirst(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		db, err := sql.Open(driver, source)
		if err != nil {
			t.Fatal(err)
		}
		expires := time.Now().Add(time.Hour).UnixMicro()
		statements := []string{
			`INSERT INTO users (id, name, name_folded, canonical, email, email_folded, password_hash, roles, administrator, scopes, version, created_at, updated_at, disabled_at)
				VALUES ('id-anna', 'anna', 'anna', 'anna', '', '', 'x', '', 0, '', 1, 1, 1, 0)`,
			`INSERT INTO settings (name, value) VALUES ('issuer', 'https://id.example.org')`,
		}
		for i := range 3 {
			statements = append(statements, fmt.Sprintf(`INSERT INTO revocations (kind, id, below, stored_at, expires_at) VALUES ('sid', 's%d', 0, 1, %d)`, i, expires))
		}
		for _, statement := range statements {
			if _, err := db.ExecContext(t.Context(), statement); err != nil {
				t.Fatalf("%s: %v", statement, err)
			}
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}

		migrated, err := store.Open(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		defer migrated.Close()
		known, err := store.LatestSchema()
		if err != nil {
			t.Fatal(err)
		}
		if version, err := migrated.SchemaVersion(t.Context()); err != nil || version != known {
			t.Errorf("got schema version %d and error %v, want %d", version, err, known)
		}
		if u, err := migrated.User(t.Context(), "id-anna"); err != nil || u.Name != "anna" {
			t.Errorf("got user %q and error %v, want anna", u.Name, err)
		}
		if settings, err := migrated.Settings(t.Context()); err != nil || settings["issuer"] != "https://id.example.org" {
			t.Errorf("got settings %v and error %v", settings, err)
		}
		entries, err := migrated.Revocations(t.Context(), 0, math.MaxInt64, 10)
		if err != nil || len(entries) != 3 {
			t.Fatalf("got revocations %v and error %v, want the three that were there", entries, err)
		}
		for i, e := range entries {
			if e.Seq != int64(i+1) || e.ID != fmt.Sprintf("s%d", i) {
				t.Errorf("got %s at %d, want s%d at %d", e.ID, e.Seq, i, i+1)
			}
		}
		if end, err := migrated.RevocationEnd(t.Context()); err != nil || end != 3 {
			t.Errorf("got the end %d and error %v, want 3", end, err)
		}
	}
	t.Run("in SQLite", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "durward.db")
		check(t, store.Config{Path: path}, "sqlite", "file:"+path)
	})
	t.Run("in PostgreSQL", func(t *testing.T) {
		url := pgtest.Database(t)
		check(t, store.Config{URL: url}, "pgx", url)
	})
}
