package keyring_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/revocation"
	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/keyring"
)

// inState returns the kid of the one key in a state.
func inState(t *testing.T, ring *keyring.Ring, state keyring.State) string {
	t.Helper()
	records := ring.Records()
	i := slices.IndexFunc(records, func(r keyring.Record) bool { return r.State == state })
	if i < 0 {
		t.Fatalf("no key is %s: %s", state, states(ring))
	}
	return records[i].KeyID
}

// E05: a revoked key is refused here at once and elsewhere with the next reload, and the next key signs.
func TestE05ARevokedKeyIsRefusedAtOnce(t *testing.T) {
	for state, want := range map[keyring.State]string{
		keyring.Active: "active next retired revoked", keyring.Next: "active next retired revoked", keyring.Retired: "active next revoked",
	} {
		t.Run(string(state), func(t *testing.T) {
			w := newWorld(t)
			var told []revocation.Entry
			config := w.config(durward.ES256)
			config.OnRevoke = func(entries ...revocation.Entry) { told = append(told, entries...) }
			here, err := keyring.Open(t.Context(), config)
			if err != nil {
				t.Fatal(err)
			}
			tokens := map[string]string{}
			tokens[inState(t, here, keyring.Active)] = w.sign(here)
			if err := here.Rotate(t.Context(), audit.Event{}); err != nil {
				t.Fatal(err)
			}
			tokens[inState(t, here, keyring.Active)] = w.sign(here)
			there := w.open()
			kid := inState(t, here, state)
			if err := here.Revoke(t.Context(), kid, audit.Event{}); err != nil {
				t.Fatal(err)
			}
			if got := states(here); got != want {
				t.Errorf("states: got %q, want %q", got, want)
			}
			if strings.Contains(string(here.KeySet()), kid) {
				t.Error("the revoked key is still published")
			}
			if len(told) != 1 || told[0].Kind != revocation.Key || told[0].ID != kid || !told[0].ExpiresAt.Equal(w.now.Add(keyring.RevokedFor)) {
				t.Errorf("entries: got %v, want the key for %v", told, keyring.RevokedFor)
			}
			if err := there.Reload(t.Context()); err != nil {
				t.Fatal(err)
			}
			for name, ring := range map[string]*keyring.Ring{"here": here, "there": there} {
				for signer, token := range tokens {
					refused := errors.Is(w.verify(ring, token), durward.ErrTokenRevoked)
					if refused != (signer == kid) {
						t.Errorf("E05: %s, a token of %s: got refused %v, want %v", name, signer, refused, signer == kid)
					}
				}
				if err := w.verify(ring, w.sign(ring)); err != nil {
					t.Errorf("%s: a new token: got %v, want none", name, err)
				}
			}
			before := here.Records()
			if err := there.Revoke(t.Context(), kid, audit.Event{}); err != nil {
				t.Errorf("again: got %v, want none", err)
			}
			if after := here.Records(); !slices.Equal(before, after) {
				t.Errorf("a second revocation changed the keys: got %v, want %v", after, before)
			}
			if _, err := here.Private(t.Context(), kid, audit.Event{}); err == nil {
				t.Error("the private part of a revoked key was kept")
			}
		})
	}
}

func TestWhatCannotBeRevokedIsSaid(t *testing.T) {
	w := newWorld(t)
	ring := w.open()
	old := inState(t, ring, keyring.Active)
	if err := ring.Rotate(t.Context(), audit.Event{}); err != nil {
		t.Fatal(err)
	}
	if err := ring.Revoke(t.Context(), "nothing", audit.Event{}); !errors.Is(err, keyring.ErrKeyUnknown) {
		t.Errorf("an unknown key: got %v, want ErrKeyUnknown", err)
	}
	w.now = w.now.Add(schedule.TokenLife + keyring.Leeway)
	if err := ring.Revoke(t.Context(), old, audit.Event{}); !errors.Is(err, keyring.ErrKeyExpired) {
		t.Errorf("an expired key: got %v, want ErrKeyExpired", err)
	}
}

// Many processes rotate and revoke at once: the revocations all hold, and one key is active and one next.
func TestRevocationsHoldWhileOthersRotate(t *testing.T) {
	w := newWorld(t)
	const processes = 6
	rings := make([]*keyring.Ring, processes)
	for i := range rings {
		rings[i] = w.open()
	}
	kid := inState(t, rings[0], keyring.Active)
	var group sync.WaitGroup
	for i, ring := range rings {
		group.Go(func() {
			if i%2 == 0 {
				if err := ring.Revoke(t.Context(), kid, audit.Event{}); err != nil {
					t.Errorf("revocation %d: %v", i, err)
				}
				return
			}
			if err := ring.Rotate(t.Context(), audit.Event{}); err != nil && !errors.Is(err, keyring.ErrConflict) {
				t.Errorf("rotation %d: %v", i, err)
			}
		})
	}
	group.Wait()
	for i, ring := range rings {
		if err := ring.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		got := states(ring)
		if strings.Count(got, "active") != 1 || strings.Count(got, "next") != 1 || strings.Count(got, "revoked") != 1 || inState(t, ring, keyring.Revoked) != kid {
			t.Errorf("ring %d: got %q, want one active, one next, and %s revoked", i, got, kid)
		}
	}
	if events, err := w.db.Events(t.Context(), audit.Query{Action: audit.KeyRevoke, Limit: 10}); err != nil || len(events) != 1 {
		t.Errorf("events: got %d, %v, want 1", len(events), err)
	}
}

// A retired key verifies for the longest life of a token that any process may have signed with it, whatever the
// lives were before and after.
func TestARetiredKeyOutlivesItsLongestToken(t *testing.T) {
	for name, lives := range map[string][]time.Duration{
		"the same all along": {time.Hour}, "lowered": {6 * time.Hour, time.Minute}, "raised": {time.Minute, 6 * time.Hour}, "a day for one command": {time.Hour, 24 * time.Hour, time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			var ring *keyring.Ring
			for _, life := range lives {
				config := w.config(durward.ES256)
				config.Schedule.TokenLife = life
				var err error
				if ring, err = keyring.Open(t.Context(), config); err != nil {
					t.Fatal(err)
				}
			}
			kid := inState(t, ring, keyring.Active)
			if err := ring.Rotate(t.Context(), audit.Event{}); err != nil {
				t.Fatal(err)
			}
			record, err := ring.Record(kid)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := record.VerifiesUntil().Sub(record.RetiredAt), slices.Max(lives)+keyring.Leeway; got != want {
				t.Errorf("the retired key verifies for %v, want %v", got, want)
			}
		})
	}
}

func TestAnotherAlgorithmTakesEffectThroughNext(t *testing.T) {
	w := newWorld(t)
	old := w.sign(w.open())
	ring, err := w.tryOpen(durward.EdDSA)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := ring.AdoptAlgorithm(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := states(ring), "active next"; got != want {
		t.Errorf("states: got %q, want %q", got, want)
	}
	for _, step := range []struct {
		wait time.Duration
		want bool
	}{{0, false}, {schedule.Publish - 1, false}, {1, true}, {schedule.Publish, false}} {
		w.now = w.now.Add(step.wait)
		if got, err := ring.Keep(t.Context()); err != nil || got != step.want {
			t.Fatalf("rotated after %v more: got %v, %v, want %v", step.wait, got, err, step.want)
		}
		if step.want {
			if err := w.verify(ring, old); err != nil {
				t.Errorf("a token of the former algorithm: got %v, want none", err)
			}
		}
	}
	key, err := ring.SigningKey(t.Context())
	if err != nil || key.Algorithm() != durward.EdDSA {
		t.Errorf("the active key: got %v, %v, want EdDSA", key.Algorithm(), err)
	}
}

// E11: a clock that was ten years ahead neither rotates for ever nor never again.
func TestE11RotationsGoOnAfterTheClockWasWrong(t *testing.T) {
	w := newWorld(t)
	ring := w.open()
	const decade = 10 * 365 * 24 * time.Hour
	w.now = w.now.Add(decade)
	if rotated, err := ring.Keep(t.Context()); err != nil || !rotated {
		t.Fatalf("E11: ten years on: got %v, %v, want a rotation", rotated, err)
	}
	w.now = w.now.Add(-decade)
	ring = w.open() // with the clock set right
	for _, step := range []struct {
		wait time.Duration
		want bool
	}{{0, false}, {schedule.Rotation - 1, false}, {1, true}, {0, false}, {schedule.Rotation, true}} {
		w.now = w.now.Add(step.wait)
		if got, err := ring.Keep(t.Context()); err != nil || got != step.want {
			t.Errorf("E11: %v later: got %v, %v, want %v", step.wait, got, err, step.want)
		}
		if err := w.verify(ring, w.sign(ring)); err != nil {
			t.Errorf("E11: a new token: got %v, want none", err)
		}
	}
}
