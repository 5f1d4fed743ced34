package keyring_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/keyring"
)

// The replacement of a master key is cut off after each of its steps; the next start finds the right key by itself.
func TestARewrapMayBeInterruptedAnywhere(t *testing.T) {
	for name, steps := range map[string]int{"before the new key is stored": 0, "before the commit": 1, "after the commit": 2, "after the old key was kept": 3, "after the last step": 4} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			path := filepath.Join(t.TempDir(), "master.key")
			if err := os.WriteFile(path, []byte(w.master.Text()), 0o600); err != nil {
				t.Fatal(err)
			}
			ring := w.open()
			derived, token, to := ring.Derive("x"), w.sign(ring), keyring.GenerateMaster()
			for i, step := range []func() error{
				func() error { return keyring.StageMaster(path, to) },
				func() error { return ring.Rewrap(t.Context(), to, audit.Event{}) },
				func() error { return os.Link(path, path+".old-"+w.master.ID()) },
				func() error { _, err := keyring.AdoptMaster(path, to.ID()); return err },
			} {
				if i >= steps {
					break
				}
				if err := step(); err != nil {
					t.Fatal(err)
				}
			}
			before := w.master
			vault, err := w.db.Vault(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if w.master, err = keyring.FindMaster(path, vault.MasterID); err != nil {
				t.Fatal(err)
			}
			ring = w.open()
			if string(ring.Derive("x")) != string(derived) {
				t.Error("the keys that are derived changed: everybody is logged out")
			}
			if err := w.verify(ring, token); err != nil {
				t.Errorf("a token of before: got %v, want none", err)
			}
			if err := ring.Rotate(t.Context(), audit.Event{}); err != nil {
				t.Errorf("a rotation: got %v, want none", err)
			}
			if inPlace, err := keyring.ReadMaster(path); err != nil || inPlace.ID() != vault.MasterID {
				t.Errorf("master.key: got %v, %v, want the key that seals the data", inPlace.ID(), err)
			}
			_, old, err := keyring.Leftovers(path)
			if err != nil {
				t.Fatal(err)
			}
			if steps >= 2 {
				if len(old) != 1 {
					t.Fatalf("old keys: got %v, want one", old)
				}
				if kept, err := keyring.ReadMaster(old[0]); err != nil || kept.ID() != before.ID() {
					t.Errorf("the old key: got %v, %v, want that of before", kept.ID(), err)
				}
			}
		})
	}
}

func TestARunningRingFollowsANewMasterKeyOrChangesNothing(t *testing.T) {
	w := newWorld(t)
	to := keyring.GenerateMaster()
	config := w.config(durward.ES256)
	config.Renew = func() (keyring.Master, error) { return to, nil }
	following, err := keyring.Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	stuck, beside := w.open(), w.open()
	if err := beside.Rewrap(t.Context(), to, audit.Event{}); err != nil {
		t.Fatal(err)
	}
	if err := stuck.Rewrap(t.Context(), keyring.GenerateMaster(), audit.Event{}); !errors.Is(err, keyring.ErrConflict) {
		t.Errorf("a second replacement at once: got %v, want ErrConflict", err)
	}
	if err := stuck.Rotate(t.Context(), audit.Event{}); !errors.Is(err, keyring.ErrMasterReplaced) {
		t.Errorf("a rotation under the old master key: got %v, want ErrMasterReplaced", err)
	}
	if err := stuck.Revoke(t.Context(), inState(t, stuck, keyring.Active), audit.Event{}); !errors.Is(err, keyring.ErrMasterReplaced) {
		t.Errorf("a revocation under the old master key: got %v, want ErrMasterReplaced", err)
	}
	if err := following.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := following.Rotate(t.Context(), audit.Event{}); err != nil {
		t.Errorf("a rotation of a ring that follows: got %v, want none", err)
	}
	if err := w.verify(stuck, w.sign(stuck)); err != nil {
		t.Errorf("a token of a ring that cannot follow: got %v, want none", err)
	}
	w.master = to
	if err := w.verify(w.open(), w.sign(stuck)); err != nil {
		t.Errorf("a token of a ring that cannot follow, elsewhere: got %v, want none", err)
	}
}

// A new key that was sealed under the old master key must not reach a store whose keys are sealed under the new one,
// not even when the ring follows in the middle of the act.
func TestAMasterKeyReplacedDuringARotationLeavesEveryKeyReadable(t *testing.T) {
	for name, act := range map[string]func(*keyring.Ring) error{
		"rotate": func(r *keyring.Ring) error { return r.Rotate(t.Context(), audit.Event{}) },
		"revoke": func(r *keyring.Ring) error {
			return r.Revoke(t.Context(), inState(t, r, keyring.Active), audit.Event{})
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			to, beside := keyring.GenerateMaster(), w.open()
			config := w.config(durward.ES256)
			config.Renew = func() (keyring.Master, error) { return to, nil }
			var ring *keyring.Ring
			calls, at := 0, -1
			config.Clock = func() time.Time {
				if calls++; calls == at {
					if err := beside.Rewrap(t.Context(), to, audit.Event{}); err != nil {
						t.Error(err)
					}
					if err := ring.Reload(t.Context()); err != nil {
						t.Error(err)
					}
				}
				return w.clock()
			}
			ring, err := keyring.Open(t.Context(), config)
			if err != nil {
				t.Fatal(err)
			}
			at = calls + 2 // the first is for the ring's own look at the keys, the second for the new key
			if err := act(ring); err != nil && !errors.Is(err, keyring.ErrMasterReplaced) {
				t.Errorf("got %v, want none or ErrMasterReplaced", err)
			}
			if calls < at {
				t.Fatalf("the clock was asked %d times, want %d at least", calls, at)
			}
			w.master = to
			if _, err := w.tryOpen(durward.ES256); err != nil {
				t.Errorf("open afterwards: got %v, want none", err)
			}
		})
	}
}

func TestASharedSecretHas32BytesAndIsHandedOutOnDemandAlone(t *testing.T) {
	w := newWorld(t)
	ring, err := w.tryOpen(durward.HS256)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ring.Public(""); err == nil {
		t.Error("the shared secret was handed out as a public key")
	}
	key, err := ring.Private(t.Context(), "", audit.Event{ActorName: "operator"})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.verifyWith(key, w.sign(ring)); err != nil {
		t.Errorf("a resource server with the secret: got %v, want none", err)
	}
	events, err := w.db.Events(t.Context(), audit.Query{Action: audit.KeyExport, Limit: 10})
	if err != nil || len(events) != 1 || events[0].Target != key.ID() || events[0].ActorName != "operator" {
		t.Errorf("events: got %+v, %v, want the export", events, err)
	}
}

func (w *world) verifyWith(keys durward.KeySource, token string) error {
	w.t.Helper()
	verifier, err := durward.NewVerifier(durward.Config{Issuer: "https://id.test", Audience: "test", Keys: keys, Clock: w.clock})
	if err != nil {
		w.t.Fatal(err)
	}
	_, err = verifier.Verify(w.t.Context(), token)
	return err
}

func TestSchedulesThatRefuseValidTokensAreRefused(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*keyring.Schedule)
		good   bool
	}{
		"the default":                                  {func(*keyring.Schedule) {}, true},
		"published for just the cache time":            {func(s *keyring.Schedule) { s.Publish = s.CacheTime }, true},
		"published for less than the cache time":       {func(s *keyring.Schedule) { s.Publish = s.CacheTime - 1 }, false},
		"rotated before it is published for long":      {func(s *keyring.Schedule) { s.Publish = s.Rotation + 1 }, false},
		"a rotation under an hour":                     {func(s *keyring.Schedule) { s.Rotation = time.Hour - 1 }, false},
		"an overlap of the life and the leeway":        {func(s *keyring.Schedule) { s.Overlap = s.TokenLife + keyring.Leeway }, true},
		"an overlap under the life and the leeway":     {func(s *keyring.Schedule) { s.Overlap = s.TokenLife + keyring.Leeway - 1 }, false},
		"as many keys as a key set may hold":           {func(s *keyring.Schedule) { s.Rotation, s.Overlap = time.Hour, 62*time.Hour }, true},
		"more keys than a key set may hold":            {func(s *keyring.Schedule) { s.Rotation, s.Overlap = time.Hour, 62*time.Hour+1 }, false},
		"no rotation at all":                           {func(s *keyring.Schedule) { s.Rotation = 0 }, false},
		"a cache time that verifiers would not honour": {func(s *keyring.Schedule) { s.CacheTime = time.Second }, false},
	} {
		s := schedule
		test.change(&s)
		if err := s.Check(); (err == nil) != test.good {
			t.Errorf("%s: got %v, want good %v", name, err, test.good)
		}
	}
}
