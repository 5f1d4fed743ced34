package storetest

import (
	"errors"
	"fmt"
	"time"

	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/limit"
	"github.com/durward-auth/durward/session"
)

func reauthenticate(s *suite) {
	u := s.user("anna")
	opened := s.session(u, time.Hour)
	s.ok(s.db.RefuseSignIn(s.ctx, []limit.Counter{{Key: "k", Count: 1, ExpiresAt: s.now.Add(time.Hour)}}, s.event(audit.SessionReauthenticate)))
	now := s.now.Add(time.Hour)
	request := account.Reauthentication{
		SessionID: opened.ID, UserID: u.ID, CheckedHash: hash, NewHash: "stronger", Clear: []string{"k"}, Now: now, AccessExpiresAt: now.Add(time.Minute),
	}
	got, user, err := s.db.Reauthenticate(s.ctx, request, s.event(audit.SessionReauthenticate))
	s.ok(err)
	want := opened
	want.AuthTime, want.LastUsedAt, want.AccessExpiresAt = now, now, now.Add(time.Minute)
	s.equal(got, want, "session")
	s.equal(user, u, "user")
	_, stored, err := s.db.CredentialsByID(s.ctx, u.ID)
	s.ok(err)
	s.equal(stored, "stronger", "hash")
	counters, err := s.db.SignInFailures(s.ctx, s.now)
	s.ok(err)
	s.equal(len(counters), 0, "counters")

	s.equal(s.rotate(opened.ID, 0, now).Session.AuthTime, now, "auth_time after a refresh")
	request.CheckedHash, request.NewHash, request.Now, request.AccessExpiresAt = "stronger", "", now.Add(-time.Minute), now
	got, _, err = s.db.Reauthenticate(s.ctx, request, s.event(audit.SessionReauthenticate))
	s.ok(err)
	s.equal(got.AuthTime, now, "auth_time by a clock that is behind")
	s.equal(got.AccessExpiresAt, now.Add(15*time.Minute), "expiry by a clock that is behind")
	s.equal(len(s.events(audit.Query{Action: audit.SessionReauthenticate})), 3, "events")
}

func reauthenticateRefused(s *suite) {
	u, other, disabled := s.user("anna"), s.user("bob"), s.user("carl")
	opened, theirs, ended, stopped := s.session(u, time.Hour), s.session(other, time.Hour), s.session(u, time.Hour), s.session(disabled, time.Hour)
	_, err := s.db.EndSession(s.ctx, ended.ID, u.ID, s.now, s.event(audit.SessionEnd))
	s.ok(err)
	_, _, err = s.db.Disable(s.ctx, disabled.ID, s.now, s.event(audit.UserDisable))
	s.ok(err)
	before := len(s.events(audit.Query{}))
	for name, c := range map[string]struct {
		session, user, hash string
		now                 time.Time
		want                error
	}{
		"a hash that was replaced":    {opened.ID, u.ID, "older", s.now, account.ErrInvalidCredentials},
		"a disabled user":             {stopped.ID, disabled.ID, hash, s.now, account.ErrInvalidCredentials},
		"an unknown user":             {opened.ID, "none", hash, s.now, account.ErrInvalidCredentials},
		"an ended session":            {ended.ID, u.ID, hash, s.now, account.ErrSessionNotFound},
		"somebody else's session":     {theirs.ID, u.ID, hash, s.now, account.ErrSessionNotFound},
		"an unknown session":          {"none", u.ID, hash, s.now, account.ErrSessionNotFound},
		"a session at its idle limit": {opened.ID, u.ID, hash, opened.IdleExpiresAt, account.ErrSessionNotFound},
	} {
		got, user, err := s.db.Reauthenticate(s.ctx, account.Reauthentication{
			SessionID: c.session, UserID: c.user, CheckedHash: c.hash, NewHash: "newer", Now: c.now, AccessExpiresAt: c.now.Add(time.Hour),
		}, s.event(audit.SessionReauthenticate))
		s.is(err, c.want)
		s.equal(fmt.Sprint(got.ID, user.ID), "", "session and user for %s", name)
	}
	s.equal(len(s.events(audit.Query{})), before, "events")
	_, stored, err := s.db.CredentialsByID(s.ctx, u.ID)
	s.ok(err)
	s.equal(stored, hash, "hash")
}

func sessionsPage(s *suite) {
	u, other := s.user("anna"), s.user("bob")
	var all, own []string // the newest first
	add := func(of account.User, created time.Time) account.Session {
		state := policy.Start(of.ID, created)
		opened := s.open(account.Session{State: state, Device: "d", AccessExpiresAt: created.Add(time.Hour)})
		all = append([]string{opened.ID + " " + of.Name}, all...)
		if of.ID == u.ID {
			own = append([]string{opened.ID + " " + of.Name}, own...)
		}
		return opened
	}
	for i := range 5 {
		add(u, s.now.Add(time.Duration(2*i)*time.Second))
		add(other, s.now.Add(time.Duration(2*i+1)*time.Second))
	}
	gone := s.session(u, time.Hour)
	_, err := s.db.EndSession(s.ctx, gone.ID, "", s.now, s.event(audit.SessionEnd))
	s.ok(err)
	s.open(account.Session{State: policy.Start(u.ID, s.now.Add(-policy.Idle))}) // just over
	for userID, want := range map[string][]string{"": all, u.ID: own, "none": nil} {
		for _, limit := range []int{1, 2, 3, 100} {
			page := account.SessionsPage{UserID: userID, Now: s.now, Limit: limit}
			var got []string
			for {
				sessions, err := s.db.SessionsPage(s.ctx, page)
				s.ok(err)
				for _, one := range sessions {
					got = append(got, one.ID+" "+one.Username)
					page.After, page.AfterID = one.CreatedAt, one.ID
				}
				if len(sessions) < limit {
					break
				}
			}
			s.equal(got, want, "sessions of %q, %d at a time", userID, limit)
		}
	}
}

func rotationScope(s *suite) {
	u := s.user("anna")
	u, _, err := s.db.SetScopes(s.ctx, u.ID, []string{"read"}, s.now, s.event(audit.UserScopes))
	s.ok(err)
	opened := s.session(u, time.Hour) // of read and write
	ask := func(presented int64, now time.Time, scope string) (account.Rotated, error) {
		return s.db.RotateSession(s.ctx, account.Rotation{
			SessionID: opened.ID, Presented: presented, Scope: scope, Now: now, Policy: policy, AccessExpiresAt: now.Add(time.Minute),
		}, s.event(audit.SessionRefresh))
	}
	wide := func(presented int64, now time.Time, scope string) {
		s.Helper()
		before := len(s.events(audit.Query{}))
		got, err := ask(presented, now, scope)
		var input *account.InputError
		if !errors.As(err, &input) || input.Code != "invalid_scope" {
			s.Fatalf("scope %q: got error %v, want invalid_scope", scope, err)
		}
		s.equal(got, account.Rotated{}, "answer")
		s.equal(len(s.events(audit.Query{})), before, "events")
	}
	wide(0, s.now, "admin")
	wide(0, s.now, "read write") // the user has it no more
	got, err := ask(0, s.now, "read")
	s.ok(err)
	s.equal(got.Outcome, session.Rotated, "outcome after what was refused")
	s.equal(got.Session.Generation, int64(1), "generation")
	s.equal(got.Scopes, []string{"read"}, "scopes")
	s.equal(got.Session.Scopes, opened.Scopes, "scopes of the session")

	wide(0, s.now, "write")
	again, err := ask(0, s.now, "")
	s.ok(err)
	s.equal(again.Outcome, session.Repeated, "outcome of a repetition")
	s.equal(again.Scopes, []string{"read"}, "scopes of a repetition")

	late := s.now.Add(policy.Grace + time.Second)
	reused, err := ask(0, late, "admin")
	s.ok(err)
	s.equal(reused.Outcome, session.Reused, "outcome of a reuse that asks for more")
	s.equal(len(reused.Scopes), 0, "scopes of a reuse")
	after, err := ask(1, late, "admin")
	s.ok(err)
	s.equal(after.Outcome, session.Ended, "outcome afterwards")
}
