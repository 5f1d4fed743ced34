package store_test

import (
	"context"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/store"
	"github.com/durward-auth/durward/session"
)

// BenchmarkRotations rotates sessions durably, each of as many callers its own; ns/op is
// the time between two acknowledged rotations.
func BenchmarkRotations(b *testing.B) {
	for name, callers := range map[string]int{"1 caller": 1, "16 callers": 16} {
		b.Run(name, func(b *testing.B) {
			db := open(b, filepath.Join(b.TempDir(), "durward.db"))
			sessions := populate(b, db, max(callers, 1000))
			var next, rotations atomic.Int64
			work := make(chan struct{})
			for range callers {
				go func() {
					id, generation := sessions[next.Add(1)-1], int64(0)
					for range work {
						rotate(b, db, id, generation)
						generation++
						if rotations.Add(1) == int64(b.N) {
							close(work)
						}
					}
				}()
			}
			b.ResetTimer()
			for range b.N {
				work <- struct{}{}
			}
			<-work
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rotations/s")
		})
	}
}

func BenchmarkRead(b *testing.B) {
	db := open(b, filepath.Join(b.TempDir(), "durward.db"))
	populate(b, db, 1000)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, _, err := db.Credentials(b.Context(), "user"); err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkChanged(b *testing.B) {
	db := open(b, filepath.Join(b.TempDir(), "durward.db"))
	for b.Loop() {
		if _, err := db.Changed(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	for _, name := range []string{"an empty directory", "existing data"} {
		b.Run(name, func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "durward.db")
			for b.Loop() {
				if name == "an empty directory" {
					path = filepath.Join(b.TempDir(), "durward.db")
				}
				db, err := store.Open(b.Context(), store.Config{Path: path})
				if err != nil {
					b.Fatal(err)
				}
				if err := db.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// populate creates a user with n sessions and returns their ids.
func populate(t testing.TB, db *store.DB, n int) []string {
	t.Helper()
	now := time.Now()
	u := account.User{ID: "user", Name: "user", Canonical: "user", Version: 1}
	if err := db.CreateUser(t.Context(), u, "hash", audit.Event{Action: audit.UserCreate}); err != nil {
		t.Fatal(err)
	}
	ids := make([]string, n)
	for i := range ids {
		s := account.Session{State: session.DefaultPolicy().Start(u.ID, now), AccessExpiresAt: now.Add(time.Hour)}
		ids[i] = s.ID
		if _, err := db.OpenSession(t.Context(), s, "hash", "", nil, audit.Event{Action: audit.SessionLogin}); err != nil {
			t.Fatal(err)
		}
	}
	return ids
}

func rotate(t testing.TB, db *store.DB, id string, generation int64) {
	now := time.Now()
	r, err := db.RotateSession(context.Background(), account.Rotation{
		SessionID: id, Presented: generation, Now: now, Policy: session.DefaultPolicy(), AccessExpiresAt: now.Add(time.Hour),
	}, audit.Event{Time: now, Action: audit.SessionRefresh, Origin: audit.Origin{Address: "192.0.2.1", UserAgent: "curl/8.5.0", RequestID: "0123456789abcdef"}})
	if err != nil || r.Outcome != session.Rotated {
		t.Errorf("got outcome %v and error %v", r.Outcome, err)
	}
}
