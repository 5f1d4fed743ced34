package store_test

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/durward-auth/durward/revocation"
	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/store"
)

// TestNothingAcknowledgedIsLostByAKill kills a writing process at ten random moments.
func TestNothingAcknowledgedIsLostByAKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "durward.db")
	all := newAcknowledged()
	for round := range 10 {
		acks := newAcknowledged()
		child := start(t, "write forever", path, fmt.Sprint(round))
		until := 1 + rand.IntN(600)
		for i := 0; child.lines.Scan(); i++ {
			if i == until {
				if err := child.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
			var what, id, user string
			var generation int64
			switch n, _ := fmt.Sscan(child.lines.Text(), &what, &id, &user, &generation); {
			case what == "user" && n == 2:
				acks.users[id] = true
			case what == "rotated" && n == 4:
				acks.generations[id] = generation
			case what == "ended" && n == 2:
				acks.ended[id] = true
			}
		}
		_ = child.Wait() // killed

		began := time.Now()
		db, err := store.Open(t.Context(), store.Config{Path: path})
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("round %d: recovery took %v", round, took)
		}
		if err := db.Check(t.Context()); err != nil {
			t.Errorf("round %d: %v", round, err)
		}
		maps.Copy(all.users, acks.users)
		maps.Copy(all.generations, acks.generations)
		maps.Copy(all.ended, acks.ended)
		if round == 9 {
			acks = all
		}
		survived(t, db, acks)
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if t.Failed() {
			t.FailNow()
		}
	}
	t.Logf("%d registrations, %d sessions rotated, %d ended", len(all.users), len(all.generations), len(all.ended))
}

// acknowledged is what a child said was done, by id.
type acknowledged struct {
	users       map[string]bool
	generations map[string]int64
	ended       map[string]bool
}

func newAcknowledged() acknowledged {
	return acknowledged{map[string]bool{}, map[string]int64{}, map[string]bool{}}
}

func survived(t *testing.T, db *store.DB, acks acknowledged) {
	t.Helper()
	for id := range acks.users {
		if _, err := db.User(t.Context(), id); err != nil {
			t.Errorf("user %s was acknowledged: %v", id, err)
		}
	}
	revocations, err := db.Revocations(t.Context(), 0, math.MaxInt64, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	revoked := map[string]bool{}
	for _, e := range revocations {
		revoked[e.ID] = e.Kind == revocation.Session
	}
	for id, generation := range acks.generations {
		s, found, err := db.SessionByID(t.Context(), id)
		switch {
		case err != nil:
			t.Fatal(err)
		case !found || s.Generation < generation:
			t.Errorf("generation %d of session %s was acknowledged, got %d", generation, id, s.Generation)
		case acks.ended[id] && (s.EndedAt.IsZero() || !revoked[id]):
			t.Errorf("the end of session %s was acknowledged, got end %v, revoked %v", id, s.EndedAt, revoked[id])
		case s.EndedAt.IsZero() && revoked[id]:
			t.Errorf("half of the end of session %s was committed", id)
		}
	}
	rotations, err := db.Events(t.Context(), audit.Query{Action: audit.SessionRefresh})
	if err != nil {
		t.Fatal(err)
	}
	if len(acks.generations) > 0 && len(rotations) == 0 {
		t.Error("no rotation left an event")
	}
}
