package session_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/durward-auth/durward/session"
)

// F02: 200 requests present one token at once, round after round. Each gets
// the same one successor, exactly one of them as the first, and the session
// lives.
func TestRacingRefreshesHaveOneSuccessor(t *testing.T) {
	const requests, rounds = 200, 40
	var ends atomic.Int64
	store := session.NewMemory()
	manager, err := session.NewManager(session.Config{
		Store: store, Codec: newCodec(t), Clock: func() time.Time { return start },
		OnEnd: func(context.Context, session.State, session.Reason) { ends.Add(1) },
	})
	if err != nil {
		t.Fatal(err)
	}
	grant, err := manager.Open(t.Context(), session.Login{UserID: "alice"})
	if err != nil {
		t.Fatal(err)
	}
	token := grant.Token.Reveal()
	for round := range rounds {
		grants := race(t, manager, token, requests)
		first, successor := 0, grants[0].Token.Reveal()
		for _, grant := range grants {
			if !grant.Repeated {
				first++
			}
			if got := grant.Token.Reveal(); got != successor {
				t.Fatalf("round %d: got two successors, %s and %s", round, got, successor)
			}
			if got, want := grant.Session.Generation, int64(round+1); got != want {
				t.Fatalf("round %d: got generation %d, want %d", round, got, want)
			}
		}
		if first != 1 || successor == token {
			t.Fatalf("round %d: got %d rotations to %s, want 1 to another token", round, first, successor)
		}
		token = successor
	}
	live, err := manager.List(t.Context(), "alice")
	if err != nil || len(live) != 1 || ends.Load() != 0 {
		t.Errorf("got %d live sessions, %v and %d ends; want 1 and none", len(live), err, ends.Load())
	}
}

func race(t *testing.T, manager *session.Manager, token string, requests int) []session.Grant {
	t.Helper()
	grants := make([]session.Grant, requests)
	var ready, done sync.WaitGroup
	begin := make(chan struct{})
	for i := range requests {
		ready.Add(1)
		done.Go(func() {
			ready.Done()
			<-begin
			var err error
			if grants[i], err = manager.Refresh(t.Context(), token); err != nil {
				t.Errorf("request %d: %v", i, err)
			}
		})
	}
	ready.Wait()
	close(begin)
	done.Wait()
	if t.Failed() {
		t.FailNow()
	}
	return grants
}

// F01 under concurrency: the owner refreshes while thieves present replaced
// tokens, after the grace. However they interleave, the session ends once, is
// reported once, and nobody holds a token that is good for anything.
func TestRacingReuseEndsTheSessionOnce(t *testing.T) {
	for range 40 {
		var ends atomic.Int64
		now := start
		manager, err := session.NewManager(session.Config{
			Store: session.NewMemory(), Codec: newCodec(t), Clock: func() time.Time { return now },
			OnEnd: func(_ context.Context, _ session.State, why session.Reason) {
				if why == session.ByReuse {
					ends.Add(1)
				}
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		grant, err := manager.Open(t.Context(), session.Login{UserID: "alice"})
		if err != nil {
			t.Fatal(err)
		}
		stolen := grant.Token.Reveal()
		next, err := manager.Refresh(t.Context(), stolen)
		if err != nil {
			t.Fatal(err)
		}
		now = now.Add(time.Minute)
		var running sync.WaitGroup
		var reused atomic.Int64
		for range 8 {
			running.Go(func() {
				_, err := manager.Refresh(t.Context(), stolen)
				if errors.Is(err, session.ErrReused) {
					reused.Add(1)
				} else if !errors.Is(err, session.ErrEnded) {
					t.Errorf("stolen token: got %v, want ErrReused or ErrEnded", err)
				}
			})
		}
		owned := make([]string, 8)
		for i := range owned {
			running.Go(func() {
				if grant, err := manager.Refresh(t.Context(), next.Token.Reveal()); err == nil {
					owned[i] = grant.Token.Reveal()
				} else if !errors.Is(err, session.ErrEnded) {
					t.Errorf("owner: got %v, want ErrEnded", err)
				}
			})
		}
		running.Wait()
		if ends.Load() != 1 || reused.Load() != 1 {
			t.Errorf("got %d ends and %d answers of reuse, want 1 and 1", ends.Load(), reused.Load())
		}
		for _, token := range append(owned, next.Token.Reveal()) {
			if _, err := manager.Refresh(t.Context(), token); token != "" && !errors.Is(err, session.ErrEnded) {
				t.Errorf("afterwards: got %v, want ErrEnded", err)
			}
		}
	}
}

// Logins, refreshes, logouts and lists of many users at once leave every
// session in a state that its owner's view agrees with.
func TestMemoryUnderConcurrentUse(t *testing.T) {
	store := session.NewMemory()
	manager, err := session.NewManager(session.Config{Store: store, Codec: newCodec(t)})
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	for _, user := range []string{"alice", "bob", "carol", "dave"} {
		running.Go(func() {
			for range 100 {
				keep, err1 := manager.Open(t.Context(), session.Login{UserID: user})
				drop, err2 := manager.Open(t.Context(), session.Login{UserID: user})
				if err := errors.Join(err1, err2); err != nil {
					t.Error(err)
					return
				}
				if _, err := manager.Refresh(t.Context(), drop.Token.Reveal()); err != nil {
					t.Error(err)
				}
				if n, err := manager.EndAll(t.Context(), user, keep.Session.ID); err != nil || n == 0 {
					t.Errorf("EndAll: got %d, %v, want at least 1", n, err)
				}
				live, err := manager.List(t.Context(), user)
				if err != nil || len(live) != 1 || live[0].ID != keep.Session.ID {
					t.Errorf("List of %s: got %d sessions, %v, want the one that was kept", user, len(live), err)
				}
			}
		})
	}
	running.Wait()
	if got, want := store.Len(), 800; got != want {
		t.Errorf("Len: got %d, want %d", got, want)
	}
}
