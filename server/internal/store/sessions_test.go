package store_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/pgtest"
	"github.com/durward-auth/durward/server/internal/store"
	"github.com/durward-auth/durward/server/internal/store/sessiontest"
	"github.com/durward-auth/durward/session"
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

// F02, K10: whichever replica is asked, it answers from what all have committed.
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

func TestTheListOfSessionsIsBounded(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "durward.db"))
	if err := createUser(t.Context(), db, "ada"); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	last := account.Session{State: session.DefaultPolicy().Start("id-ada", now)}
	if _, err := db.OpenSession(t.Context(), last, "hash", "", nil, audit.Event{Action: audit.SessionLogin}); err != nil {
		t.Fatal(err)
	}
	err := db.RunAlone(t.Context(), fmt.Sprintf(`
		WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
		INSERT INTO sessions (id, user_id, generation, scopes, address, user_agent, created_at, auth_time, rotated_at,
			last_used_at, idle_expires_at, expires_at, access_expires_at, ended_at, device)
		SELECT 'earlier-' || i, user_id, generation, scopes, address, user_agent, created_at, auth_time, rotated_at,
			last_used_at - i, idle_expires_at, expires_at, access_expires_at, ended_at, device FROM sessions, n`, account.MaxListed+10))
	if err != nil {
		t.Fatal(err)
	}
	sessions, err := db.Sessions(t.Context(), "id-ada", now)
	if err != nil || len(sessions) != account.MaxListed || sessions[0].ID != last.ID {
		t.Errorf("got %d sessions and %v, want the %d last used, %s first", len(sessions), err, account.MaxListed, last.ID)
	}
}
