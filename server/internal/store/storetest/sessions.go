package storetest

import (
	"time"

	"github.com/durward-auth/durward/revocation"
	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/limit"
)

func sessionRoundTrip(s *suite) {
	u := s.user("anna", "editor")
	want := account.Session{
		State: policy.Start(u.ID, s.now), Scopes: []string{"a", "b"}, Address: "2001:db8::1", UserAgent: "agent", Device: "the phone", AccessExpiresAt: s.now.Add(time.Minute),
	}
	got, err := s.db.OpenSession(s.ctx, want, hash, "", nil, s.event(audit.SessionLogin))
	s.ok(err)
	s.equal(got, u, "user")
	sessions, err := s.db.Sessions(s.ctx, u.ID, s.now)
	s.ok(err)
	s.equal(sessions, []account.Session{want}, "sessions")
	sessions, err = s.db.Sessions(s.ctx, "nobody", s.now)
	s.ok(err)
	s.equal(len(sessions), 0, "sessions of nobody")
}

func openRefused(s *suite) {
	u, disabled := s.user("anna"), s.user("bob")
	_, _, err := s.db.Disable(s.ctx, disabled.ID, s.now, s.event(audit.UserDisable))
	s.ok(err)
	s.ok(s.db.RefuseSignIn(s.ctx, []limit.Counter{{Key: "k", Count: 1, ExpiresAt: s.now.Add(time.Hour)}}, s.event(audit.SessionLogin)))
	before := len(s.events(audit.Query{}))
	for name, c := range map[string]struct{ id, hash string }{
		"a hash that was replaced": {u.ID, "older"},
		"a disabled user":          {disabled.ID, hash},
		"an unknown user":          {"none", hash},
	} {
		s.Log(name)
		opened := account.Session{State: policy.Start(c.id, s.now)}
		_, err := s.db.OpenSession(s.ctx, opened, c.hash, "newer", []string{"k"}, s.event(audit.SessionLogin))
		s.is(err, account.ErrInvalidCredentials)
		s.equal(len(s.live(c.id)), 0, "sessions")
	}
	s.equal(len(s.events(audit.Query{})), before, "events")
	counters, err := s.db.SignInFailures(s.ctx, s.now)
	s.ok(err)
	s.equal(len(counters), 1, "counters")
}

func openReplaces(s *suite) {
	u := s.user("anna")
	expires := s.now.Add(time.Hour)
	s.ok(s.db.RefuseSignIn(s.ctx, []limit.Counter{{Key: "a", Count: 1, ExpiresAt: expires}, {Key: "b", Count: 2, ExpiresAt: expires}}, s.event(audit.SessionLogin)))
	opened := account.Session{State: policy.Start(u.ID, s.now)}
	_, err := s.db.OpenSession(s.ctx, opened, hash, "stronger", []string{"a", "none"}, s.event(audit.SessionLogin))
	s.ok(err)
	_, stored, err := s.db.CredentialsByID(s.ctx, u.ID)
	s.ok(err)
	s.equal(stored, "stronger", "hash")
	counters, err := s.db.SignInFailures(s.ctx, s.now)
	s.ok(err)
	s.equal(counters, []limit.Counter{{Key: "b", Count: 2, ExpiresAt: expires}}, "counters")
}

func listSessions(s *suite) {
	u := s.user("anna")
	var ids []string
	for i := range 3 {
		opened := s.open(account.Session{State: policy.Start(u.ID, s.now.Add(time.Duration(i)*time.Second))})
		ids = append(ids, opened.ID)
	}
	s.rotate(ids[0], 0, s.now.Add(time.Minute))
	s.equal(s.live(u.ID), []string{ids[0], ids[2], ids[1]}, "live sessions")

	sessions, err := s.db.Sessions(s.ctx, u.ID, s.now.Add(2*time.Second+policy.Idle))
	s.ok(err)
	s.equal(len(sessions), 1, "sessions that were used within the idle limit")
	sessions, err = s.db.Sessions(s.ctx, u.ID, sessions[0].IdleExpiresAt)
	s.ok(err)
	s.equal(len(sessions), 0, "sessions at the moment of the limit")
}

func endSession(s *suite) {
	u := s.user("anna")
	mine, quiet, third := s.session(u, time.Hour), s.session(u, -time.Second), s.session(u, time.Hour)
	e := s.event(audit.SessionEnd)

	for name, id := range map[string]string{"somebody else's session": mine.ID, "an unknown session": "none"} {
		s.Log(name)
		_, err := s.db.EndSession(s.ctx, id, "somebody else", s.now, e)
		s.is(err, account.ErrSessionNotFound)
	}
	entries, err := s.db.EndSession(s.ctx, mine.ID, u.ID, s.now, e)
	s.ok(err)
	want := revocation.Entry{Kind: revocation.Session, ID: mine.ID, ExpiresAt: mine.AccessExpiresAt}
	s.equal(entries, []revocation.Entry{want}, "entries")
	_, err = s.db.EndSession(s.ctx, mine.ID, u.ID, s.now, e)
	s.is(err, account.ErrSessionNotFound)

	entries, err = s.db.EndSession(s.ctx, quiet.ID, u.ID, s.now, e)
	s.ok(err)
	s.equal(len(entries), 0, "entries of a session without a live access token")

	_, err = s.db.EndSession(s.ctx, third.ID, "", s.now, e)
	s.ok(err)
	s.equal(len(s.live(u.ID)), 0, "live sessions")
	s.equal(s.revoked(s.now)["sid "+mine.ID], want, "revocation")
	s.equal(len(s.revoked(s.now)), 2, "revocations")
	s.equal(len(s.revoked(mine.AccessExpiresAt)), 0, "revocations after the last token has expired")

	ends := s.events(audit.Query{Action: audit.SessionEnd})
	s.equal(len(ends), 3, "events")
	s.equal(ends[0].SubjectName+" "+ends[0].Target, "anna "+third.ID, "subject and target")
	s.equal(s.rotate(mine.ID, 0, s.now).Outcome.String(), "ended", "refresh of the ended session")
}

func endExpiredSession(s *suite) {
	u := s.user("anna")
	opened := s.session(u, policy.Idle+time.Hour)
	expired := opened.IdleExpiresAt
	entries, err := s.db.EndSession(s.ctx, opened.ID, u.ID, expired, s.event(audit.SessionLogout))
	s.ok(err)
	s.equal(len(entries), 1, "entries")

	gone := s.session(u, time.Hour)
	_, err = s.db.EndSession(s.ctx, gone.ID, u.ID, gone.IdleExpiresAt, s.event(audit.SessionLogout))
	s.is(err, account.ErrSessionNotFound)
}

func endSessions(s *suite) {
	u, other := s.user("anna"), s.user("bob")
	keep, a, b, theirs := s.session(u, time.Hour), s.session(u, time.Hour), s.session(u, 2*time.Hour), s.session(other, time.Hour)
	entries, err := s.db.EndSessions(s.ctx, u.ID, keep.ID, s.now, s.event(audit.SessionEndAll))
	s.ok(err)
	s.equal(byName(entries), map[string]revocation.Entry{
		"sid " + a.ID: {Kind: revocation.Session, ID: a.ID, ExpiresAt: a.AccessExpiresAt},
		"sid " + b.ID: {Kind: revocation.Session, ID: b.ID, ExpiresAt: b.AccessExpiresAt},
	}, "entries")
	s.equal(s.revoked(s.now), byName(entries), "stored")
	s.equal(s.live(u.ID), []string{keep.ID}, "live sessions")
	s.equal(s.live(other.ID), []string{theirs.ID}, "live sessions of another")
	s.equal(s.find(u.ID).Version, u.Version, "version")

	entries, err = s.db.EndSessions(s.ctx, u.ID, "", s.now, s.event(audit.SessionEndAll))
	s.ok(err)
	s.equal(len(entries), 1, "entries of the rest")
}
