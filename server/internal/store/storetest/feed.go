package storetest

import (
	"math"
	"sync"
	"time"

	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/feed"
)

// feed returns the entries with a place above after.
func (s *suite) feed(after int64) []feed.Entry {
	s.Helper()
	entries, err := s.db.Revocations(s.ctx, after, math.MaxInt64, math.MaxInt32)
	s.ok(err)
	return entries
}

func feedMoves(s *suite) {
	end, err := s.db.RevocationEnd(s.ctx)
	s.ok(err)
	s.equal(end, int64(0), "end of an empty feed")
	u := s.user("anna")
	opened := s.session(u, time.Hour)
	_, _, err = s.db.SetScopes(s.ctx, u.ID, []string{"a"}, s.now, s.event(audit.UserScopes))
	s.ok(err)
	_, err = s.db.EndSession(s.ctx, opened.ID, "", s.now, s.event(audit.SessionEnd))
	s.ok(err)
	before := s.feed(0)
	s.equal(len(before), 2, "entries")

	again := s.session(u, time.Hour)
	_, _, err = s.db.SetScopes(s.ctx, u.ID, []string{"b"}, s.now, s.event(audit.UserScopes))
	s.ok(err)
	end, err = s.db.RevocationEnd(s.ctx)
	s.ok(err)
	later := s.feed(before[1].Seq)
	s.equal(len(later), 1, "entries that are new since")
	s.equal([]any{later[0].ID, later[0].Below, later[0].Seq}, []any{u.ID, int64(3), end}, "the entry that was stored again")
	s.equal(len(s.feed(0)), 2, "entries in all")

	_, err = s.db.RevokeUser(s.ctx, u.ID, s.now, s.event(audit.UserRevoke))
	s.ok(err)
	last := s.feed(end)
	s.equal(len(last), 2, "entries of one act")
	s.equal([]string{last[0].ID, last[1].ID}, []string{u.ID, again.ID}, "entries of one act in order")
	if last[0].Seq >= last[1].Seq {
		s.Errorf("got places %d and %d, want them to grow", last[0].Seq, last[1].Seq)
	}
}

// feedNeverSkips ends sessions from many goroutines while a reader goes from place to place: what it
// passes is never given out afterwards.
func feedNeverSkips(s *suite) {
	const writers, each = 8, 25
	u := s.user("anna")
	var sessions [writers][]account.Session
	for w := range writers {
		for range each {
			sessions[w] = append(sessions[w], s.session(u, time.Hour))
		}
	}
	var group sync.WaitGroup
	errs := make([]error, writers)
	for w := range writers {
		group.Go(func() {
			for _, one := range sessions[w] {
				if _, err := s.db.EndSession(s.ctx, one.ID, "", s.now, s.event(audit.SessionEnd)); err != nil {
					errs[w] = err
					return
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { group.Wait(); close(done) }()
	seen, place, finished := map[string]bool{}, int64(0), false
	for {
		entries := s.feed(place)
		for _, e := range entries {
			if e.Seq <= place {
				s.Fatalf("got place %d after %d", e.Seq, place)
			}
			if seen[e.ID] {
				s.Fatalf("got %s twice", e.ID)
			}
			seen[e.ID], place = true, e.Seq
		}
		if finished {
			break
		}
		select {
		case <-done:
			finished = true
		default:
		}
	}
	for _, err := range errs {
		s.ok(err)
	}
	s.equal(len(seen), writers*each, "sessions that the reader learned of")
}

func epochs(s *suite) {
	first, err := s.db.RevocationEpoch(s.ctx)
	s.ok(err)
	again, err := s.db.RevocationEpoch(s.ctx)
	s.ok(err)
	s.equal(again, first, "epoch")
	if len(first) < 26 {
		s.Errorf("got epoch %q, want 128 random bits", first)
	}
}

// placed opens a session with a place in the status lists.
func (s *suite) placed(u account.User, access time.Duration, index int64) account.Session {
	s.Helper()
	return s.open(account.Session{
		State: policy.Start(u.ID, s.now), AccessExpiresAt: s.now.Add(access), StatusIndex: index,
	})
}

func (s *suite) marks(now time.Time) []int64 {
	s.Helper()
	marks, err := s.db.StatusMarks(s.ctx, 0, math.MaxInt64, now)
	s.ok(err)
	return marks
}

func statusLeases(s *suite) {
	end, err := s.db.StatusEnd(s.ctx)
	s.ok(err)
	s.equal(end, int64(0), "end before the first lease")
	given := map[int64]bool{0: true}
	var mu sync.Mutex
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			first, end, err := s.db.LeaseStatusIndexes(s.ctx)
			mu.Lock()
			defer mu.Unlock()
			if err != nil || end-first != 1024 {
				s.Errorf("got places %d to %d and error %v, want 1024 of them", first, end, err)
			}
			for i := first; i < end; i++ {
				if given[i] {
					s.Errorf("place %d was given twice", i)
				}
				given[i] = true
			}
		})
	}
	group.Wait()
	end, err = s.db.StatusEnd(s.ctx)
	s.ok(err)
	s.equal(end, int64(21*1024), "end after 20 leases")
}

func statusMarks(s *suite) {
	u, other := s.user("anna"), s.user("bob")
	first, second, without := s.placed(u, time.Hour, 7), s.placed(u, time.Hour, 8), s.placed(u, time.Hour, 0)
	expired, theirs := s.placed(u, -time.Second, 9), s.placed(other, time.Hour, 10)
	s.equal(len(s.marks(s.now)), 0, "marks before anything was revoked")
	for _, one := range []account.Session{first, without, expired} {
		_, err := s.db.EndSession(s.ctx, one.ID, "", s.now, s.event(audit.SessionEnd))
		s.ok(err)
	}
	s.equal(s.marks(s.now), []int64{7}, "marks after three sessions ended")
	within, err := s.db.StatusMarks(s.ctx, 8, 100, s.now)
	s.ok(err)
	s.equal(len(within), 0, "marks above the mark")

	_, _, err = s.db.SetRoles(s.ctx, u.ID, []string{"editor"}, s.now, s.event(audit.UserRoles))
	s.ok(err)
	s.equal(s.marks(s.now), []int64{7, 8}, "marks after the roles changed")
	next := account.Rotation{
		SessionID: second.ID, Now: s.now, Policy: policy, AccessExpiresAt: s.now.Add(2 * time.Hour), StatusIndex: 11,
	}
	rotated, err := s.db.RotateSession(s.ctx, next, s.event(audit.SessionRefresh))
	s.ok(err)
	s.equal(rotated.Session.StatusIndex, int64(11), "place after the refresh")
	next.StatusIndex = 12
	rotated, err = s.db.RotateSession(s.ctx, next, s.event(audit.SessionRefresh))
	s.ok(err)
	s.equal(rotated.Session.StatusIndex, int64(11), "place after a repeated refresh")
	next.Presented = 1
	rotated, err = s.db.RotateSession(s.ctx, next, s.event(audit.SessionRefresh))
	s.ok(err)
	s.equal(rotated.Session.StatusIndex, int64(11), "place after another refresh")

	_, _, err = s.db.Disable(s.ctx, u.ID, s.now, s.event(audit.UserDisable))
	s.ok(err)
	s.equal(s.marks(s.now), []int64{7, 8, 11}, "marks after the user was disabled")
	_, err = s.db.EndSessions(s.ctx, other.ID, "", s.now, s.event(audit.SessionEndAll))
	s.ok(err)
	s.equal(s.marks(s.now), []int64{7, 8, 10, 11}, "marks after every session of another ended")
	s.equal(s.marks(theirs.AccessExpiresAt), []int64{11}, "marks when most access tokens have expired")
}

func reuseMarks(s *suite) {
	u := s.user("anna")
	opened := s.placed(u, time.Hour, 7)
	s.rotate(opened.ID, 0, s.now)
	s.rotate(opened.ID, 1, s.now)
	s.equal(s.rotate(opened.ID, 0, s.now).Outcome.String(), "reused", "outcome")
	s.equal(s.marks(s.now), []int64{7}, "marks")
}
