package storetest

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/durward-auth/durward/revocation"
	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/audit"
)

func setPassword(s *suite) {
	u := s.user("anna")
	keep, other := s.session(u, time.Hour), s.session(u, 2*time.Hour)
	e := s.event(audit.UserPassword)
	_, err := s.db.SetPassword(s.ctx, u.ID, "another hash", "new", keep.ID, s.now, e)
	s.is(err, account.ErrWrongPassword)
	s.equal(s.find(u.ID), u, "user after a refusal")

	later := s.now.Add(time.Minute)
	entries, err := s.db.SetPassword(s.ctx, u.ID, hash, "new", keep.ID, later, e)
	s.ok(err)
	s.equal(byName(entries), map[string]revocation.Entry{
		"sub " + u.ID:     {Kind: revocation.Subject, ID: u.ID, Below: 2, ExpiresAt: other.AccessExpiresAt},
		"sid " + other.ID: {Kind: revocation.Session, ID: other.ID, ExpiresAt: other.AccessExpiresAt},
	}, "entries")
	s.equal(s.revoked(later), byName(entries), "stored")
	s.equal(s.live(u.ID), []string{keep.ID}, "live sessions")
	got, stored, err := s.db.CredentialsByID(s.ctx, u.ID)
	s.ok(err)
	s.equal([]any{got.Version, got.UpdatedAt, stored}, []any{int64(2), later, "new"}, "version, time and hash")

	_, err = s.db.SetPassword(s.ctx, u.ID, "", "reset", "", later, e)
	s.ok(err)
	s.equal(len(s.live(u.ID)), 0, "live sessions after a reset")
	s.equal(len(s.events(audit.Query{Action: audit.UserPassword})), 2, "events")
}

func setRights(s *suite) {
	u := s.user("anna")
	got, entries, err := s.db.SetRoles(s.ctx, u.ID, []string{"editor"}, s.now, s.event(audit.UserRoles))
	s.ok(err)
	s.equal(len(entries), 0, "entries of a user without access tokens")
	s.equal([]any{got.Roles, got.Version}, []any{[]string{"editor"}, int64(2)}, "roles and version")

	a, b := s.session(u, time.Hour), s.session(u, time.Minute)
	later := s.now.Add(2 * time.Second)
	got, entries, err = s.db.SetScopes(s.ctx, u.ID, []string{"x", "y"}, later, s.event(audit.UserScopes))
	s.ok(err)
	s.equal(entries, []revocation.Entry{{Kind: revocation.Subject, ID: u.ID, Below: 3, ExpiresAt: a.AccessExpiresAt}}, "entries")
	u.Roles, u.Scopes, u.Version, u.UpdatedAt = []string{"editor"}, []string{"x", "y"}, 3, later
	s.equal(got, u, "user returned")
	s.equal(s.find(u.ID), u, "user stored")
	s.equal(s.revoked(s.now), byName(entries), "revocations")
	s.equal(len(s.live(u.ID)), 2, "live sessions")
	s.equal(s.rotate(b.ID, 0, s.now).User.Version, int64(3), "version of the next access token")

	_, entries, err = s.db.SetRoles(s.ctx, u.ID, nil, a.AccessExpiresAt, s.event(audit.UserRoles))
	s.ok(err)
	s.equal(len(entries), 0, "entries after every access token has expired")
}

func disableTwice(s *suite) {
	u := s.user("anna")
	opened := s.session(u, time.Hour)
	got, entries, err := s.db.Disable(s.ctx, u.ID, s.now, s.event(audit.UserDisable))
	s.ok(err)
	u.DisabledAt, u.Version = s.now, 2
	s.equal(got, u, "user")
	s.equal(byName(entries), map[string]revocation.Entry{
		"sub " + u.ID:      {Kind: revocation.Subject, ID: u.ID, Below: 2, ExpiresAt: opened.AccessExpiresAt},
		"sid " + opened.ID: {Kind: revocation.Session, ID: opened.ID, ExpiresAt: opened.AccessExpiresAt},
	}, "entries")
	s.equal(len(s.live(u.ID)), 0, "live sessions")

	later := s.now.Add(time.Hour)
	again, entries, err := s.db.Disable(s.ctx, u.ID, later, s.event(audit.UserDisable))
	s.ok(err)
	s.equal(again, u, "user after the second time")
	s.equal(len(entries), 0, "entries of the second time")

	for range 2 {
		enabled, err := s.db.Enable(s.ctx, u.ID, later, s.event(audit.UserEnable))
		s.ok(err)
		s.equal([]any{enabled.Disabled(), enabled.Version, enabled.UpdatedAt}, []any{false, int64(2), later}, "enabled, version and time")
	}
	s.equal(len(s.events(audit.Query{Action: audit.UserDisable})), 1, "events of disabling")
	s.equal(len(s.events(audit.Query{Action: audit.UserEnable})), 1, "events of enabling")
}

func revokeUser(s *suite) {
	u := s.user("anna")
	opened := s.session(u, time.Hour)
	entries, err := s.db.RevokeUser(s.ctx, u.ID, s.now, s.event(audit.UserRevoke))
	s.ok(err)
	s.equal(len(entries), 2, "entries")
	s.equal(entries[0].Below, int64(2), "version")
	s.equal(s.rotate(opened.ID, 0, s.now).Outcome.String(), "ended", "outcome of the old session")
	again := s.session(u, time.Hour)
	s.equal(s.rotate(again.ID, 0, s.now).Outcome.String(), "rotated", "outcome of a new session")
}

func deleteUser(s *suite) {
	u := s.user("anna")
	opened := s.session(u, time.Hour)
	entries, err := s.db.DeleteUser(s.ctx, u.ID, s.now, s.event(audit.UserDelete))
	s.ok(err)
	s.equal(byName(entries), map[string]revocation.Entry{
		"sub " + u.ID:      {Kind: revocation.Subject, ID: u.ID, Below: u.Version + 1, ExpiresAt: opened.AccessExpiresAt},
		"sid " + opened.ID: {Kind: revocation.Session, ID: opened.ID, ExpiresAt: opened.AccessExpiresAt},
	}, "entries")
	s.equal(s.revoked(s.now), byName(entries), "stored")
	_, err = s.db.User(s.ctx, u.ID)
	s.is(err, account.ErrUserNotFound)
	s.equal(s.rotate(opened.ID, 0, s.now).Outcome.String(), "unknown", "outcome of a refresh")
	s.ok(s.db.Check(s.ctx))
	s.user("anna") // the name is free again
}

func lastAdministrator(s *suite) {
	admin, plain := s.user("anna", "admin", "editor"), s.user("bob")
	takeAway := map[string]func(id string) error{
		"SetRoles": func(id string) error {
			_, _, err := s.db.SetRoles(s.ctx, id, []string{"editor"}, s.now, s.event(audit.UserRoles))
			return err
		},
		"Disable": func(id string) error {
			_, _, err := s.db.Disable(s.ctx, id, s.now, s.event(audit.UserDisable))
			return err
		},
		"DeleteUser": func(id string) error {
			_, err := s.db.DeleteUser(s.ctx, id, s.now, s.event(audit.UserDelete))
			return err
		},
	}
	disabled := s.user("carl", "admin")
	s.ok(takeAway["Disable"](disabled.ID))
	for name, act := range takeAway {
		s.Log(name)
		s.is(act(admin.ID), account.ErrLastAdmin)
	}
	s.equal(s.find(admin.ID), admin, "administrator")
	_, _, err := s.db.SetRoles(s.ctx, admin.ID, []string{"admin"}, s.now, s.event(audit.UserRoles))
	s.ok(err)
	s.ok(takeAway["SetRoles"](plain.ID))
	s.ok(takeAway["Disable"](plain.ID))
	s.ok(takeAway["DeleteUser"](disabled.ID))
	s.user("dora", "admin")
	s.ok(takeAway["DeleteUser"](admin.ID))
}

func administratorRace(s *suite) {
	acts := []func(id string) error{
		func(id string) error {
			_, _, err := s.db.SetRoles(s.ctx, id, nil, s.now, s.event(audit.UserRoles))
			return err
		},
		func(id string) error {
			_, _, err := s.db.Disable(s.ctx, id, s.now, s.event(audit.UserDisable))
			return err
		},
		func(id string) error {
			_, err := s.db.DeleteUser(s.ctx, id, s.now, s.event(audit.UserDelete))
			return err
		},
	}
	last := s.user("last", "admin")
	for round := range 10 {
		other := s.user(fmt.Sprintf("admin%d", round), "admin")
		pair := []string{last.ID, other.ID}
		errs := make([]error, len(pair))
		var group sync.WaitGroup
		for i, id := range pair {
			group.Go(func() { errs[i] = acts[(round+i)%len(acts)](id) })
		}
		group.Wait()
		lost := 0
		for i, err := range errs {
			if errors.Is(err, account.ErrLastAdmin) {
				lost++
				last = s.find(pair[i])
			} else {
				s.ok(err)
			}
		}
		s.equal(lost, 1, "acts that were refused in round %d", round)
	}
}

// noTrace refuses acts at their last step and looks for what the first steps left.
func noTrace(s *suite) {
	admin := s.user("anna", "admin")
	opened := s.session(admin, time.Hour)
	before := s.events(audit.Query{})
	_, err := s.db.DeleteUser(s.ctx, admin.ID, s.now, s.event(audit.UserDelete))
	s.is(err, account.ErrLastAdmin)
	if _, err := s.db.OpenSession(s.ctx, opened, hash, "stronger", nil, s.event(audit.SessionLogin)); err == nil {
		s.Fatal("one session id was stored twice")
	}
	_, stored, err := s.db.CredentialsByID(s.ctx, admin.ID)
	s.ok(err)
	s.equal(stored, hash, "hash")
	s.equal(s.live(admin.ID), []string{opened.ID}, "live sessions")
	s.equal(len(s.revoked(s.now)), 0, "revocations")
	s.equal(s.events(audit.Query{}), before, "events")
}
