package storetest

import (
	"fmt"
	"sync"
	"time"

	"github.com/durward-auth/durward/revocation"
	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/session"
)

// rotationFollowsPolicy holds the SQL to session.Policy in every combination of the
// session's state, the generation presented and the time, limits included to the microsecond.
func rotationFollowsPolicy(s *suite) {
	u := s.user("anna")
	const us = time.Microsecond
	opened := s.session(u, 0).State
	rotated := policy.Next(policy.Next(opened, s.now.Add(time.Hour)), s.now.Add(2*time.Hour))
	nearEnd := rotated
	nearEnd.ExpiresAt = rotated.RotatedAt.Add(time.Hour)
	nearEnd.IdleExpiresAt = nearEnd.ExpiresAt
	ended := rotated.End(rotated.RotatedAt)

	seen := map[session.Outcome]int{}
	for name, start := range map[string]session.State{"opened": opened, "rotated": rotated, "near its end": nearEnd, "ended": ended} {
		for presented := start.Generation - 3; presented <= start.Generation+1; presented++ {
			for _, now := range []time.Time{
				start.RotatedAt.Add(-policy.Grace - us), start.RotatedAt.Add(-policy.Grace), start.RotatedAt, start.RotatedAt.Add(policy.Grace),
				start.RotatedAt.Add(policy.Grace + us), start.RotatedAt.Add(policy.Grace + us + 999), start.IdleExpiresAt.Add(-us),
				start.IdleExpiresAt.Add(-1), start.IdleExpiresAt, start.ExpiresAt.Add(-us), start.ExpiresAt,
			} {
				state := start
				state.ID = session.NewID()
				s.open(account.Session{State: state})
				want, outcome := policy.Apply(state, presented, now)
				got := s.rotate(state.ID, presented, now)
				what := fmt.Sprintf("%s session, generation %d of %d, at %v after the rotation", name, presented, start.Generation, now.Sub(start.RotatedAt))
				s.equal(got.Outcome.String(), outcome.String(), "outcome: %s", what)
				if outcome != session.Unknown {
					s.equal(got.Session.State, want, "state: %s", what)
				}
				again := s.rotate(state.ID, presented, now)
				_, outcome = policy.Apply(want, presented, now)
				s.equal(again.Outcome.String(), outcome.String(), "outcome of the second time: %s", what)
				seen[got.Outcome]++
			}
		}
	}
	for outcome := session.Unknown; outcome <= session.Expired; outcome++ {
		if seen[outcome] == 0 {
			s.Errorf("no case led to %v", outcome)
		}
	}
	s.equal(s.rotate("none", 0, s.now), account.Rotated{Outcome: session.Unknown}, "an unknown session")
}

func rotationAccess(s *suite) {
	u := s.user("anna", "editor")
	opened := s.session(u, time.Hour)
	first := s.rotate(opened.ID, 0, s.now)
	s.equal(first.Session.AccessExpiresAt, opened.AccessExpiresAt, "a later expiry that stays")
	s.equal(first.User, u, "user")
	s.equal(first.Session.Scopes, opened.Scopes, "scopes")

	now := s.now.Add(time.Hour)
	second := s.rotate(opened.ID, 1, now)
	s.equal(second.Session.AccessExpiresAt, now.Add(15*time.Minute), "expiry after a rotation")
	repeated := s.rotate(opened.ID, 1, now.Add(time.Second))
	s.equal(repeated.Outcome, session.Repeated, "outcome")
	s.equal(repeated.Session.AccessExpiresAt, now.Add(15*time.Minute+time.Second), "expiry after a repetition")
	s.equal(repeated.User, u, "user")

	refreshes := s.events(audit.Query{Action: audit.SessionRefresh})
	s.equal(len(refreshes), 3, "events")
	s.equal(refreshes[0].ActorName+" "+refreshes[0].SubjectID+" "+refreshes[0].Target, "anna "+u.ID+" "+opened.ID, "who and what")
	s.equal(refreshes[0].Outcome, audit.Success, "outcome of the event")
}

func rotationReused(s *suite) {
	u := s.user("anna")
	opened := s.session(u, time.Hour)
	s.rotate(opened.ID, 0, s.now)
	late := s.now.Add(policy.Grace + time.Second)
	before := len(s.events(audit.Query{}))
	reused := s.rotate(opened.ID, 0, late)
	s.equal(reused.Outcome, session.Reused, "outcome")
	want := revocation.Entry{Kind: revocation.Session, ID: opened.ID, ExpiresAt: opened.AccessExpiresAt}
	s.equal(reused.Revoked, []revocation.Entry{want}, "entries")
	s.equal(reused.User, u, "user")
	s.equal(reused.Session.EndedAt, late, "end")
	s.equal(s.revoked(late), byName(reused.Revoked), "stored")

	for _, presented := range []int64{0, 1, 2} {
		s.equal(s.rotate(opened.ID, presented, late).Outcome, session.Ended, "outcome afterwards")
	}
	events := s.events(audit.Query{})
	s.equal(len(events), before+1, "events")
	s.equal([]string{string(events[0].Action), string(events[0].Outcome), events[0].SubjectID, events[0].ActorID, events[0].Target},
		[]string{"session.reuse", "refused", u.ID, "", opened.ID}, "event")
}

func rotationDisabled(s *suite) {
	u := s.user("anna")
	_, _, err := s.db.Disable(s.ctx, u.ID, s.now, s.event(audit.UserDisable))
	s.ok(err)
	_, err = s.db.Enable(s.ctx, u.ID, s.now, s.event(audit.UserEnable))
	s.ok(err)
	opened := s.session(u, time.Hour)
	_, _, err = s.db.Disable(s.ctx, u.ID, s.now, s.event(audit.UserDisable))
	s.ok(err)
	before := len(s.events(audit.Query{}))
	s.equal(s.rotate(opened.ID, 0, s.now).Outcome, session.Ended, "outcome")
	s.equal(len(s.events(audit.Query{})), before, "events")
	_, err = s.db.Enable(s.ctx, u.ID, s.now, s.event(audit.UserEnable))
	s.ok(err)
	s.equal(s.rotate(opened.ID, 0, s.now).Outcome, session.Ended, "outcome after the user was enabled again")
}

func rotationRace(s *suite) {
	u := s.user("anna")
	opened := s.session(u, time.Hour)
	const callers = 200
	for generation := range int64(3) {
		outcomes := make([]account.Rotated, callers)
		var group sync.WaitGroup
		for i := range callers {
			group.Go(func() {
				r, err := s.db.RotateSession(s.ctx, account.Rotation{
					SessionID: opened.ID, Presented: generation, Now: s.now, Policy: policy, AccessExpiresAt: s.now.Add(time.Hour),
				}, s.event(audit.SessionRefresh))
				if err != nil {
					s.Error(err)
				}
				outcomes[i] = r
			})
		}
		group.Wait()
		count := map[session.Outcome]int{}
		for _, r := range outcomes {
			count[r.Outcome]++
			s.equal(r.Session.Generation, generation+1, "generation that was answered")
		}
		s.equal(count, map[session.Outcome]int{session.Rotated: 1, session.Repeated: callers - 1}, "outcomes")
	}
	s.equal(s.live(u.ID), []string{opened.ID}, "live sessions")
}
