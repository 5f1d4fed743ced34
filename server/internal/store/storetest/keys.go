package storetest

import (
	"errors"
	"time"

	"github.com/durward-auth/durward/revocation"
	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/keyring"
)

const tokenLife = 45 * time.Minute

// ring installs a retired key, an active one and a next one, k1 to k3, and returns them.
func (s *suite) ring() []keyring.Record {
	s.Helper()
	until := s.now.Add(time.Hour)
	ring := []keyring.Record{
		{KeyID: "k1", Algorithm: "ES256", State: keyring.Retired, Sealed: "sealed 1", CreatedAt: s.now.Add(-3 * time.Hour), ActivatedAt: s.now.Add(-2 * time.Hour), RetiredAt: s.now, ExpiresAt: until, TokenLife: tokenLife},
		{KeyID: "k2", Algorithm: "ES256", State: keyring.Active, Sealed: "sealed 2", CreatedAt: s.now.Add(-2 * time.Hour), ActivatedAt: s.now, TokenLife: tokenLife},
		{KeyID: "k3", Algorithm: "ES256", State: keyring.Next, Sealed: "sealed 3", CreatedAt: s.now, TokenLife: tokenLife},
	}
	s.ok(s.db.InstallKeys(s.ctx, ring, s.event(audit.KeyCreate)))
	return ring
}

func (s *suite) nextKey() keyring.Record {
	return keyring.Record{KeyID: "k4", Algorithm: "EdDSA", State: keyring.Next, Sealed: "sealed 4", CreatedAt: s.now.Add(time.Minute), TokenLife: tokenLife}
}

func revokeKeyInEachState(s *suite) {
	ring, add, now := s.ring(), s.nextKey(), s.now.Add(time.Minute)
	until := now.Add(24 * time.Hour)
	for i, r := range []keyring.Revocation{
		{KeyID: "k1", From: keyring.Retired},
		{KeyID: "k2", From: keyring.Active, Activate: "k3", Add: &add},
		{KeyID: "k4", From: keyring.Next, Add: &keyring.Record{KeyID: "k5", Algorithm: "ES256", State: keyring.Next, Sealed: "sealed 5", CreatedAt: now.Add(time.Second)}},
	} {
		s.Log(r.From)
		r.Now, r.Until = now, until
		entry := revocation.Entry{Kind: revocation.Key, ID: r.KeyID, ExpiresAt: until}
		for _, state := range []string{"first", "again"} {
			entries, err := s.db.RevokeKey(s.ctx, r, s.event(audit.KeyRevoke))
			s.ok(err)
			s.equal(entries, []revocation.Entry{entry}, "%s: entries", state)
			all := s.feed(0)
			s.equal(len(all), i+1, "%s: places in the feed", state)
			s.equal(all[i].Entry, entry, "%s: the last in the feed", state)
			s.equal(len(s.events(audit.Query{Action: audit.KeyRevoke})), i+1, "%s: events", state)
			r.Until = until.Add(time.Hour) // which the second time changes nothing
		}
	}
	revoked := func(r keyring.Record) keyring.Record {
		r.State, r.Sealed, r.RevokedAt, r.ExpiresAt = keyring.Revoked, "", now, until
		return r
	}
	ring[2].State, ring[2].ActivatedAt = keyring.Active, now
	fifth := keyring.Record{KeyID: "k5", Algorithm: "ES256", State: keyring.Next, Sealed: "sealed 5", CreatedAt: now.Add(time.Second)}
	s.equal(s.keys(now), []keyring.Record{revoked(ring[0]), revoked(ring[1]), ring[2], revoked(add), fifth}, "keys")
	s.equal(s.keys(until), []keyring.Record{ring[2], fifth}, "keys when the revocations have expired")
}

func revokeKeyRefused(s *suite) {
	ring, add := s.ring(), s.nextKey()
	for name, test := range map[string]struct {
		revocation keyring.Revocation
		want       error
	}{
		"there is no such key":               {keyring.Revocation{KeyID: "k9", From: keyring.Active}, keyring.ErrKeyUnknown},
		"the key is in another state":        {keyring.Revocation{KeyID: "k2", From: keyring.Next, Add: &add}, keyring.ErrConflict},
		"the state is not known":             {keyring.Revocation{KeyID: "k2"}, keyring.ErrConflict},
		"the key to activate is not next":    {keyring.Revocation{KeyID: "k2", From: keyring.Active, Activate: "k1", Add: &add}, keyring.ErrConflict},
		"the new key exists":                 {keyring.Revocation{KeyID: "k3", From: keyring.Next, Add: &ring[0]}, keyring.ErrConflict},
		"the key has expired":                {keyring.Revocation{KeyID: "k1", From: keyring.Retired, Now: ring[0].ExpiresAt}, keyring.ErrKeyExpired},
		"a next key would stand beside next": {keyring.Revocation{KeyID: "k1", From: keyring.Retired, Add: &add}, keyring.ErrConflict},
	} {
		s.Log(name)
		if test.revocation.Now.IsZero() {
			test.revocation.Now = s.now
		}
		test.revocation.Until = s.now.Add(24 * time.Hour)
		_, err := s.db.RevokeKey(s.ctx, test.revocation, s.event(audit.KeyRevoke))
		s.is(err, test.want)
		s.equal(s.keys(s.now), ring, "keys after a refusal")
		s.equal(len(s.feed(0)), 0, "places in the feed after a refusal")
		s.equal(len(s.events(audit.Query{})), 1, "events after a refusal")
	}
}

func replaceNextKey(s *suite) {
	ring, add := s.ring(), s.nextKey()
	for name, r := range map[string]keyring.Replacement{
		"the key to drop is active": {Drop: "k2", Add: add},
		"there is no such key":      {Drop: "k9", Add: add},
		"the new key exists":        {Drop: "k3", Add: ring[1]},
	} {
		s.Log(name)
		s.is(s.db.ReplaceNextKey(s.ctx, r, s.event(audit.KeyCreate)), keyring.ErrConflict)
		s.equal(s.keys(s.now), ring, "keys after a refusal")
	}
	s.ok(s.db.ReplaceNextKey(s.ctx, keyring.Replacement{Drop: "k3", Add: add}, s.event(audit.KeyCreate)))
	s.equal(s.keys(s.now), append(ring[:2:2], add), "keys")
	s.equal(len(s.events(audit.Query{})), 2, "events")
}

func raiseTokenLife(s *suite) {
	ring := s.ring()
	for _, life := range []time.Duration{tokenLife - time.Second, 0} {
		s.ok(s.db.RaiseTokenLife(s.ctx, life))
		s.equal(s.keys(s.now), ring, "keys after a shorter life")
	}
	s.ok(s.db.RaiseTokenLife(s.ctx, 2*tokenLife))
	ring[1].TokenLife, ring[2].TokenLife = 2*tokenLife, 2*tokenLife
	s.equal(s.keys(s.now), ring, "keys after a longer life: those that sign, now or next")
}

// erasedKeys: a key whose private part was erased has expired for good, also by a clock that goes back.
func erasedKeys(s *suite) {
	ring, add := s.ring(), s.nextKey()
	expired := ring[0].ExpiresAt
	s.ok(s.db.RotateKeys(s.ctx, keyring.Rotation{Retire: "k2", Activate: "k3", Add: add, Now: expired, Margin: time.Minute}, s.event(audit.KeyRotate)))
	var got []string
	for _, key := range s.keys(s.now) {
		got = append(got, key.KeyID)
	}
	s.equal(got, []string{"k2", "k3", "k4"}, "E11: keys by a clock that went back")
	_, err := s.db.RevokeKey(s.ctx, keyring.Revocation{KeyID: "k1", Now: s.now, Until: s.now.Add(time.Hour)}, s.event(audit.KeyRevoke))
	s.is(err, keyring.ErrKeyExpired)
}

func rewrap(s *suite) {
	ring := s.ring()
	again := func(name, sealed string) (string, error) { return name + ", again " + sealed, nil }
	s.is(s.db.Rewrap(s.ctx, keyring.Rewrapping{From: "", To: "second", Reseal: again}, s.event(audit.KeyRewrap)), keyring.ErrConflict)
	none, err := s.db.Vault(s.ctx)
	s.ok(err)
	s.equal(none, keyring.Vault{}, "vault before there is one")
	first := keyring.Vault{MasterID: "first", Sealed: "root"}
	s.ok(s.db.InstallVault(s.ctx, first))
	s.is(s.db.InstallVault(s.ctx, keyring.Vault{MasterID: "other", Sealed: "other"}), keyring.ErrConflict)

	broken := errors.New("broken")
	for name, test := range map[string]struct {
		rewrapping keyring.Rewrapping
		want       error
	}{
		"another master key is in use": {keyring.Rewrapping{From: "other", To: "second", Reseal: again}, keyring.ErrConflict},
		"a key cannot be opened": {keyring.Rewrapping{From: "first", To: "second", Reseal: func(name, sealed string) (string, error) {
			if name == "k3" {
				return "", broken
			}
			return again(name, sealed)
		}}, broken},
	} {
		s.Log(name)
		s.is(s.db.Rewrap(s.ctx, test.rewrapping, s.event(audit.KeyRewrap)), test.want)
		vault, err := s.db.Vault(s.ctx)
		s.ok(err)
		s.equal(vault, first, "vault after a refusal")
		s.equal(s.keys(s.now), ring, "keys after a refusal")
	}

	s.ok(s.db.Rewrap(s.ctx, keyring.Rewrapping{From: "first", To: "second", Reseal: again}, s.event(audit.KeyRewrap)))
	vault, err := s.db.Vault(s.ctx)
	s.ok(err)
	s.equal(vault, keyring.Vault{MasterID: "second", Sealed: keyring.RootName + ", again root"}, "vault")
	for i := range ring {
		ring[i].Sealed = ring[i].KeyID + ", again " + ring[i].Sealed
	}
	s.equal(s.keys(s.now), ring, "keys")
	s.equal(len(s.events(audit.Query{})), 2, "events")
	s.outdated("first", ring)
}

// outdated holds that nothing is stored any more that was sealed under a former master key.
func (s *suite) outdated(master string, ring []keyring.Record) {
	s.Helper()
	add := s.nextKey()
	s.is(s.db.RotateKeys(s.ctx, keyring.Rotation{MasterID: master, Retire: "k2", Activate: "k3", Add: add, Now: s.now}, s.event(audit.KeyRotate)), keyring.ErrMasterReplaced)
	s.is(s.db.ReplaceNextKey(s.ctx, keyring.Replacement{MasterID: master, Drop: "k3", Add: add}, s.event(audit.KeyCreate)), keyring.ErrMasterReplaced)
	_, err := s.db.RevokeKey(s.ctx, keyring.Revocation{
		MasterID: master, KeyID: "k2", From: keyring.Active, Activate: "k3", Add: &add, Now: s.now, Until: s.now.Add(time.Hour),
	}, s.event(audit.KeyRevoke))
	s.is(err, keyring.ErrMasterReplaced)
	s.equal(s.keys(s.now), ring, "keys after what was sealed under a former master key")
	s.equal(len(s.feed(0)), 0, "places in the feed")
}
