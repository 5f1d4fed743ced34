package revocation_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/revocation"
)

// F16: a verifier that is cut off refuses once its bound has passed, and says so.
func TestStalenessIsHonouredToTheSecond(t *testing.T) {
	for _, refuse := range []int{-1, http.StatusInternalServerError, http.StatusUnauthorized, http.StatusBadRequest} {
		synctest.Test(t, func(t *testing.T) {
			s := newIssuing(t)
			s.commit(session(1))
			f := s.follow(revocation.Options{MaxStaleness: 20 * time.Second})
			if err := f.Ready(t.Context()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(10*time.Minute + time.Second) // the last heartbeat is a second old
			s.change(func() { s.refuse = refuse })
			s.hangUp("")
			last := f.Status().LastHeartbeat
			if got := time.Since(last); got != time.Second {
				t.Fatalf("the last heartbeat is %v old, want 1s", got)
			}
			time.Sleep(time.Until(last.Add(20 * time.Second)))
			answers(t, f, 2, 0, nil)
			time.Sleep(time.Nanosecond)
			answers(t, f, 2, 0, revocation.ErrStale)
			answers(t, f, 1, revocation.Session, nil) // what is known stays known
			if !f.Status().Stale {
				t.Error("got a status that is not stale, want it stale")
			}
			time.Sleep(time.Hour)
			answers(t, f, 2, 0, revocation.ErrStale)
			s.change(func() { s.refuse = 0; s.log = append(s.log, session(3)) })
			time.Sleep(6 * time.Second)
			answers(t, f, 2, 0, nil)
			answers(t, f, 3, revocation.Session, nil)
		})
	}
}

func TestAStreamThatOnlyCatchesUpProvesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newIssuing(t)
		s.silent = true // entries, and never a heartbeat
		s.commit(sessions(0, 100)...)
		f := s.follow(revocation.Options{MaxStaleness: 5 * time.Second})
		for n := range 30 {
			time.Sleep(time.Second)
			s.commit(session(100 + n))
			synctest.Wait()
			answers(t, f, 100+n, revocation.Session, nil)
			answers(t, f, 5000, 0, revocation.ErrStale)
		}
	})
}

func TestAFollowerThatGoesOnAnswersFromWhatItKnows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newIssuing(t)
		s.commit(session(1))
		s.refuse = -1
		f := s.follow(revocation.Options{GoOnWhenStale: true})
		answers(t, f, 1, 0, nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := f.Ready(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want %v", err, context.DeadlineExceeded)
		}
		s.change(func() { s.refuse = 0 })
		if err := f.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.change(func() { s.refuse = -1 })
		s.hangUp("")
		time.Sleep(time.Hour)
		answers(t, f, 1, revocation.Session, nil)
		answers(t, f, 2, 0, nil)
		if !f.Status().Stale {
			t.Error("got a status that is not stale, want it stale")
		}
	})
}

// Verifiers may accept a token for five minutes after its exp, so the entry stays for so long.
func TestEntriesOutliveTheLargestLeeway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newIssuing(t)
		expires := time.Now().Add(10 * time.Minute)
		s.commit(revocation.Entry{Kind: revocation.Session, ID: session(1).ID, ExpiresAt: expires}, session(2))
		f := s.follow(revocation.Options{})
		time.Sleep(15*time.Minute - time.Second)
		answers(t, f, 1, revocation.Session, nil)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		answers(t, f, 1, 0, nil)
		answers(t, f, 2, revocation.Session, nil)
		if got := f.Status().Entries; got != 1 {
			t.Errorf("got %d entries, want the 1 that is kept for good", got)
		}
	})
}

func TestAGuardAsksTheFeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newIssuing(t)
		s.commit(session(1))
		f := s.follow(revocation.Options{})
		check, named := durward.RevokedBy(f), durward.RevokedBy(f, issuer)
		revoked := durward.Claims{Issuer: "https://other.example.org", SessionID: session(1).ID}
		if err := check(t.Context(), durward.Claims{}); !errors.Is(err, durward.ErrUnavailable) || !errors.Is(err, revocation.ErrStale) || errors.Is(err, durward.ErrToken) {
			t.Errorf("before the feed was read: got %v, want %v", err, durward.ErrUnavailable)
		}
		if err := f.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := check(t.Context(), revoked); !errors.Is(err, durward.ErrTokenRevoked) {
			t.Errorf("a revoked session: got %v, want %v", err, durward.ErrTokenRevoked)
		}
		if err := named(t.Context(), revoked); err != nil {
			t.Errorf("another issuer's session of that name: got %v, want it to stand", err)
		}
		revoked.Issuer = issuer
		if err := named(t.Context(), revoked); !errors.Is(err, durward.ErrTokenRevoked) {
			t.Errorf("the issuer's session: got %v, want %v", err, durward.ErrTokenRevoked)
		}
		if err := check(t.Context(), durward.Claims{SessionID: "another"}); err != nil {
			t.Errorf("a session that stands: got %v, want nil", err)
		}
	})
}
