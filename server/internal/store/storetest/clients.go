package storetest

import (
	"sync"
	"time"

	"github.com/durward-auth/durward/revocation"
	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/audit"
)

const secretHash = "0123456789abcdef"

// client adds a client.
func (s *suite) client(name string, scopes ...string) account.Client {
	s.Helper()
	c := account.Client{ID: "dwc_" + name, Name: name, Scopes: scopes, Version: 1, CreatedAt: s.now}
	s.ok(s.db.CreateClient(s.ctx, c, secretHash, s.event(audit.ClientCreate)))
	return c
}

func clientRoundTrip(s *suite) {
	c := s.client("billing", "read", "write")
	got, hash, err := s.db.ClientCredentials(s.ctx, c.ID)
	s.ok(err)
	s.equal([]any{got, hash}, []any{c, secretHash}, "client")
	_, _, err = s.db.ClientCredentials(s.ctx, c.Name)
	s.is(err, account.ErrClientNotFound)

	s.is(s.db.CreateClient(s.ctx, account.Client{ID: "dwc_other", Name: "billing"}, secretHash, s.event(audit.ClientCreate)), account.ErrClientNameTaken)
	if err := s.db.CreateClient(s.ctx, account.Client{ID: "dwc_spaced", Name: "spaced", Scopes: []string{"a b"}}, secretHash, s.event(audit.ClientCreate)); err == nil {
		s.Fatal("a scope with a space in it was stored")
	}
	first := s.client("archive")
	for _, name := range []string{c.ID, c.Name} {
		got, err := s.db.FindClient(s.ctx, name)
		s.ok(err)
		s.equal(got, c, "found by id and by name")
	}
	_, err = s.db.FindClient(s.ctx, "bill")
	s.is(err, account.ErrClientNotFound)
	list, err := s.db.ListClients(s.ctx)
	s.ok(err)
	s.equal(list, []account.Client{first, c}, "list")
	s.equal(len(s.events(audit.Query{Action: audit.ClientCreate})), 2, "events")
}

func clientAccess(s *suite) {
	c := s.client("billing")
	e := s.event(audit.ClientToken)
	got, err := s.db.OpenClientAccess(s.ctx, c.ID, secretHash, s.now.Add(time.Hour), e)
	s.ok(err)
	s.equal(got, c, "client")
	_, err = s.db.OpenClientAccess(s.ctx, c.ID, secretHash, s.now.Add(time.Minute), e) // the earlier token lives longer
	s.ok(err)
	_, err = s.db.OpenClientAccess(s.ctx, c.ID, "another hash", s.now.Add(2*time.Hour), e)
	s.is(err, account.ErrInvalidClient)
	_, err = s.db.OpenClientAccess(s.ctx, "dwc_unknown", secretHash, s.now.Add(2*time.Hour), e)
	s.is(err, account.ErrInvalidClient)

	revoked, entries, err := s.db.RevokeClient(s.ctx, c.ID, s.now, s.event(audit.ClientRevoke))
	s.ok(err)
	c.Version, c.RevokedAt = 2, s.now
	s.equal(revoked, c, "client")
	s.equal(entries, []revocation.Entry{{Kind: revocation.Subject, ID: c.ID, Below: 2, ExpiresAt: s.now.Add(time.Hour)}}, "entries")
	s.equal(s.revoked(s.now), byName(entries), "stored")
	_, err = s.db.OpenClientAccess(s.ctx, c.ID, secretHash, s.now.Add(time.Hour), e)
	s.is(err, account.ErrInvalidClient)
	s.equal(len(s.events(audit.Query{Action: audit.ClientToken})), 2, "events of tokens")
}

func revokeClientTwice(s *suite) {
	c := s.client("billing")
	revoked, entries, err := s.db.RevokeClient(s.ctx, c.ID, s.now, s.event(audit.ClientRevoke))
	s.ok(err)
	s.equal(len(entries), 0, "entries of a client without access tokens")
	again, entries, err := s.db.RevokeClient(s.ctx, c.ID, s.now.Add(time.Hour), s.event(audit.ClientRevoke))
	s.ok(err)
	s.equal(again, revoked, "client after the second time")
	s.equal(len(entries), 0, "entries of the second time")
	s.equal(len(s.events(audit.Query{Action: audit.ClientRevoke})), 1, "events")
	_, _, err = s.db.SetClientSecret(s.ctx, c.ID, "new", s.now, s.event(audit.ClientSecret))
	s.is(err, account.ErrClientNotFound)
	for _, id := range []string{"", "billing", "dwc_unknown"} {
		_, _, err = s.db.RevokeClient(s.ctx, id, s.now, s.event(audit.ClientRevoke))
		s.is(err, account.ErrClientNotFound)
	}
	fresh := account.Client{ID: "dwc_fresh", Name: "billing", Version: 1, CreatedAt: s.now}
	s.ok(s.db.CreateClient(s.ctx, fresh, secretHash, s.event(audit.ClientCreate))) // the name is free again
	found, err := s.db.FindClient(s.ctx, "billing")
	s.ok(err)
	s.equal(found, fresh, "the client that has the name now")
	found, err = s.db.FindClient(s.ctx, c.ID)
	s.ok(err)
	s.equal(found, revoked, "a revoked client by its id")
	s.ok(s.db.CreateClient(s.ctx, account.Client{ID: "dwc_third", Name: c.ID, Version: 1, CreatedAt: s.now}, secretHash, s.event(audit.ClientCreate)))
	found, err = s.db.FindClient(s.ctx, c.ID)
	s.ok(err)
	s.equal(found, revoked, "a client whose id is the name of another")
	_, _, err = s.db.RevokeClient(s.ctx, fresh.ID, s.now, s.event(audit.ClientRevoke))
	s.ok(err) // several revoked clients may have had one name
}

func renewClientSecret(s *suite) {
	c := s.client("billing", "read")
	_, err := s.db.OpenClientAccess(s.ctx, c.ID, secretHash, s.now.Add(time.Hour), s.event(audit.ClientToken))
	s.ok(err)
	changed, entries, err := s.db.SetClientSecret(s.ctx, c.ID, "new", s.now, s.event(audit.ClientSecret))
	s.ok(err)
	c.Version = 2
	s.equal(changed, c, "client")
	s.equal(entries, []revocation.Entry{{Kind: revocation.Subject, ID: c.ID, Below: 2, ExpiresAt: s.now.Add(time.Hour)}}, "entries")
	_, err = s.db.OpenClientAccess(s.ctx, c.ID, secretHash, s.now.Add(time.Hour), s.event(audit.ClientToken))
	s.is(err, account.ErrInvalidClient)
	_, err = s.db.OpenClientAccess(s.ctx, c.ID, "new", s.now.Add(time.Hour), s.event(audit.ClientToken))
	s.ok(err)
}

// clientRace revokes a client while it asks for tokens: each token that was granted is below the entry.
func clientRace(s *suite) {
	c := s.client("billing")
	var group sync.WaitGroup
	versions := make([]int64, 50)
	for i := range versions {
		group.Go(func() {
			if got, err := s.db.OpenClientAccess(s.ctx, c.ID, secretHash, s.now.Add(time.Hour), s.event(audit.ClientToken)); err == nil {
				versions[i] = got.Version
			}
		})
	}
	_, _, err := s.db.RevokeClient(s.ctx, c.ID, s.now, s.event(audit.ClientRevoke))
	s.ok(err)
	group.Wait()
	below := s.revoked(s.now)["sub "+c.ID].Below
	for _, version := range versions {
		if version != 0 && version >= below {
			s.Fatalf("a token of version %d was granted, revoked are those below %d", version, below)
		}
	}
}

func revokeToken(s *suite) {
	entry := revocation.Entry{Kind: revocation.Token, ID: "jti-1", ExpiresAt: s.now.Add(time.Hour)}
	entries, err := s.db.RevokeToken(s.ctx, entry, s.now, s.event(audit.TokenRevoke))
	s.ok(err)
	s.equal(entries, []revocation.Entry{entry}, "entries")
	s.equal(s.revoked(s.now), byName(entries), "stored")
	s.equal(len(s.events(audit.Query{Action: audit.TokenRevoke})), 1, "events")
}

func liveSession(s *suite) {
	u := s.user("anna")
	opened := s.session(u, time.Minute)
	got, owner, err := s.db.LiveSession(s.ctx, opened.ID, s.now)
	s.ok(err)
	s.equal([]any{got, owner}, []any{opened, u}, "session and user")
	_, _, err = s.db.LiveSession(s.ctx, opened.ID, opened.IdleExpiresAt)
	s.is(err, account.ErrSessionNotFound)
	_, _, err = s.db.LiveSession(s.ctx, "unknown", s.now)
	s.is(err, account.ErrSessionNotFound)
	_, err = s.db.EndSession(s.ctx, opened.ID, "", s.now, s.event(audit.SessionLogout))
	s.ok(err)
	_, _, err = s.db.LiveSession(s.ctx, opened.ID, s.now)
	s.is(err, account.ErrSessionNotFound)
}
