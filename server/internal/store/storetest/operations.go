package storetest

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/durward-auth/durward/revocation"
	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/keyring"
	"github.com/durward-auth/durward/server/internal/limit"
	"github.com/durward-auth/durward/session"
)

func revocationsMerge(s *suite) {
	u := s.user("anna")
	long, short := s.session(u, 3*time.Hour), s.session(u, time.Hour)
	_, _, err := s.db.SetScopes(s.ctx, u.ID, []string{"a"}, s.now, s.event(audit.UserScopes))
	s.ok(err)
	_, err = s.db.EndSession(s.ctx, long.ID, "", s.now, s.event(audit.SessionEnd))
	s.ok(err)
	later := s.now.Add(2 * time.Hour)
	_, entries, err := s.db.SetScopes(s.ctx, u.ID, []string{"b"}, later, s.event(audit.UserScopes))
	s.ok(err)
	s.equal(entries, []revocation.Entry{{Kind: revocation.Subject, ID: u.ID, Below: 3, ExpiresAt: long.AccessExpiresAt}}, "entries")
	s.equal(s.revoked(later)["sub "+u.ID], entries[0], "revocation")
	s.equal(len(s.revoked(later)), 2, "revocations")
	_ = short
}

func revocationsInOrder(s *suite) {
	u := s.user("anna")
	var ids []string
	for i := range 3 {
		opened := s.session(u, time.Hour)
		ids = append(ids, opened.ID)
		_, err := s.db.EndSession(s.ctx, opened.ID, "", s.now.Add(time.Duration(i)*time.Minute), s.event(audit.SessionEnd))
		s.ok(err)
	}
	all := s.feed(0)
	var got []string
	for _, e := range all {
		got = append(got, e.ID)
	}
	s.equal(got, ids, "sessions in the order in which they were revoked")
	s.equal(s.feed(all[0].Seq), all[1:], "entries after the first")
	through, err := s.db.Revocations(s.ctx, 0, all[1].Seq, 100)
	s.ok(err)
	s.equal(through, all[:2], "entries through the second")
	few, err := s.db.Revocations(s.ctx, 0, all[2].Seq, 1)
	s.ok(err)
	s.equal(few, all[:1], "entries up to a limit")
}

func failureCounters(s *suite) {
	at := func(minutes int) time.Time { return s.now.Add(time.Duration(minutes) * time.Minute) }
	for _, counters := range [][]limit.Counter{
		{{Key: "a", Count: 1, ExpiresAt: at(1)}, {Key: "b", Count: 1, ExpiresAt: at(2)}},
		{{Key: "a", Count: 3, ExpiresAt: at(3)}},
		{{Key: "a", Count: 2, ExpiresAt: at(2)}}, // raised before the last, stored after it
		{{Key: "b", Count: 2, ExpiresAt: at(2)}, {Key: "c", Count: 9, ExpiresAt: at(0)}},
		{{Key: "b", Count: 1, ExpiresAt: at(2)}},
		nil,
	} {
		s.ok(s.db.RefuseSignIn(s.ctx, counters, s.event(audit.SessionLogin)))
	}
	got, err := s.db.SignInFailures(s.ctx, s.now)
	s.ok(err)
	s.equal(got, []limit.Counter{{Key: "b", Count: 2, ExpiresAt: at(2)}, {Key: "a", Count: 3, ExpiresAt: at(3)}}, "counters")
	s.equal(len(s.events(audit.Query{})), 6, "events")
}

func keys(s *suite) []keyring.Record {
	return []keyring.Record{
		{KeyID: "k1", Algorithm: "ES256", State: keyring.Active, Sealed: "sealed 1", CreatedAt: s.now, ActivatedAt: s.now},
		{KeyID: "k2", Algorithm: "ES256", State: keyring.Next, Sealed: "sealed 2", CreatedAt: s.now.Add(time.Second)},
	}
}

func (s *suite) keys(now time.Time) []keyring.Record {
	s.Helper()
	records, err := s.db.Keys(s.ctx, now)
	s.ok(err)
	return records
}

func installKeys(s *suite) {
	first := keys(s)
	s.ok(s.db.InstallKeys(s.ctx, first, s.event(audit.KeyCreate)))
	s.is(s.db.InstallKeys(s.ctx, []keyring.Record{{KeyID: "k9", State: keyring.Retired}}, s.event(audit.KeyCreate)), keyring.ErrConflict)
	s.equal(s.keys(s.now), first, "keys")
	s.equal(len(s.events(audit.Query{})), 1, "events")
}

func rotateKeys(s *suite) {
	const life, margin = 45 * time.Minute, 15 * time.Minute
	first := keys(s)
	first[0].TokenLife = life
	s.ok(s.db.InstallKeys(s.ctx, first, s.event(audit.KeyCreate)))
	later, until := s.now.Add(time.Hour), s.now.Add(2*time.Hour)
	add := keyring.Record{KeyID: "k3", Algorithm: "EdDSA", State: keyring.Next, Sealed: "sealed 3", CreatedAt: later}
	for name, r := range map[string]keyring.Rotation{
		"the key to retire is not active": {Retire: "k2", Activate: "k2", Add: add},
		"the key to activate is not next": {Retire: "k1", Activate: "k1", Add: add},
		"there is no such key":            {Retire: "k8", Activate: "k2", Add: add},
		"the new key exists":              {Retire: "k1", Activate: "k2", Add: first[0]},
	} {
		s.Log(name)
		r.Now, r.Margin = later, margin
		s.is(s.db.RotateKeys(s.ctx, r, s.event(audit.KeyRotate)), keyring.ErrConflict)
		s.equal(s.keys(s.now), first, "keys after a refusal")
	}
	s.ok(s.db.RotateKeys(s.ctx, keyring.Rotation{Retire: "k1", Activate: "k2", Add: add, Now: later, Margin: margin, Overlap: time.Minute}, s.event(audit.KeyRotate)))
	first[0].State, first[0].RetiredAt, first[0].ExpiresAt = keyring.Retired, later, until
	first[1].State, first[1].ActivatedAt = keyring.Active, later
	s.equal(s.keys(later), append(first, add), "keys")
	s.equal(s.keys(until), append(first[1:], add), "keys after the retired one has expired")
	s.equal(len(s.events(audit.Query{})), 2, "events")
}

func rotateKeysRace(s *suite) {
	s.ok(s.db.InstallKeys(s.ctx, keys(s), s.event(audit.KeyCreate)))
	errs := make([]error, 20)
	var group sync.WaitGroup
	for i := range errs {
		group.Go(func() {
			errs[i] = s.db.RotateKeys(s.ctx, keyring.Rotation{
				Retire: "k1", Activate: "k2", Now: s.now, Margin: time.Hour,
				Add: keyring.Record{KeyID: fmt.Sprintf("new%d", i), State: keyring.Next, CreatedAt: s.now.Add(time.Hour)},
			}, s.event(audit.KeyRotate))
		})
	}
	group.Wait()
	won := slices.DeleteFunc(errs, func(err error) bool {
		if err != nil {
			s.is(err, keyring.ErrConflict)
		}
		return err != nil
	})
	s.equal(len(won), 1, "winners")
	s.equal(len(s.keys(s.now)), 3, "keys")
}

func sweep(s *suite) {
	u := s.user("anna")
	month := 31 * 24 * time.Hour
	for range 300 {
		s.open(account.Session{State: policy.Start(u.ID, s.now.Add(-month))})
	}
	fresh, ended := s.session(u, time.Hour), s.session(u, time.Hour)
	_, err := s.db.EndSession(s.ctx, ended.ID, "", s.now, s.event(audit.SessionEnd))
	s.ok(err)
	lasting := s.open(account.Session{State: policy.Start(u.ID, s.now.Add(-month)), AccessExpiresAt: s.now.Add(time.Hour)})
	s.ok(s.db.RefuseSignIn(s.ctx, []limit.Counter{
		{Key: "old", Count: 1, ExpiresAt: s.now}, {Key: "new", Count: 1, ExpiresAt: s.now.Add(time.Minute)},
	}, s.event(audit.SessionLogin)))

	total, steps := 0, 0
	for {
		n, err := s.db.Sweep(s.ctx, s.now, 0)
		s.ok(err)
		if n == 0 {
			break
		}
		total, steps = total+n, steps+1
	}
	s.equal(total, 301, "rows swept: expired sessions and a counter")
	if steps < 2 {
		s.Errorf("got %d steps for %d rows, want small ones", steps, total)
	}
	s.equal(s.rotate(ended.ID, 0, s.now).Outcome, session.Ended, "a session that ended just now")
	s.equal(s.rotate(lasting.ID, 0, s.now).Outcome, session.Expired, "an expired session with a live access token")
	s.equal(s.rotate(fresh.ID, 0, s.now).Outcome, session.Rotated, "a live session")
	counters, err := s.db.SignInFailures(s.ctx, s.now.Add(-time.Hour))
	s.ok(err)
	s.equal(len(counters), 1, "counters")

	tomorrow := s.now.Add(25 * time.Hour)
	n, err := s.db.Sweep(s.ctx, tomorrow, 0)
	s.ok(err)
	s.equal(n, 4, "rows swept a day later: a revocation, a counter, two sessions")
	s.equal(s.rotate(ended.ID, 0, tomorrow).Outcome, session.Unknown, "the ended session")

	events := len(s.events(audit.Query{}))
	n, err = s.db.Sweep(s.ctx, tomorrow, 26*time.Hour)
	s.ok(err)
	s.equal(n, 0, "events swept within the retention")
	swept := 0
	for {
		n, err = s.db.Sweep(s.ctx, tomorrow, 24*time.Hour)
		s.ok(err)
		if swept += n; n == 0 {
			break
		}
	}
	s.equal(swept, events, "events swept past the retention")
}

func checks(s *suite) {
	s.session(s.user("anna"), time.Hour)
	s.ok(s.db.Ping(s.ctx))
	s.ok(s.db.Check(s.ctx))
}
