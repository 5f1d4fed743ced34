package store_test

import (
	"testing"
	"time"

	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/keyring"
	"github.com/durward-auth/durward/server/internal/pgtest"
)

// Every act that changes keys is noticed once by another process, and nothing else is taken for one.
func TestChangesOfTheKeysAreNoticedOnPostgreSQL(t *testing.T) {
	url := pgtest.Database(t)
	a, b, now := openURL(t, url), openURL(t, url), time.Now()
	key := func(id string, state keyring.State) keyring.Record {
		return keyring.Record{KeyID: id, Algorithm: "ES256", State: state, Sealed: "sealed " + id, CreatedAt: now, TokenLife: time.Hour}
	}
	act := func(id string) audit.Event {
		return audit.Event{Action: audit.KeyRotate, Outcome: audit.Success, Target: id}
	}
	for _, step := range []struct {
		name string
		act  func() error
		want bool
	}{
		{"the first look", func() error { return nil }, true},
		{"nothing", func() error { return nil }, false},
		{"settings", func() error { return a.SaveSettings(t.Context(), map[string]string{"issuer": "https://id.test"}) }, false},
		{"an installation", func() error {
			return a.InstallKeys(t.Context(), []keyring.Record{key("k1", keyring.Active), key("k2", keyring.Next)}, act("k1"))
		}, true},
		{"the vault", func() error { return a.InstallVault(t.Context(), keyring.Vault{MasterID: "m1", Sealed: "root"}) }, false},
		{"a rotation", func() error {
			return a.RotateKeys(t.Context(), keyring.Rotation{MasterID: "m1", Retire: "k1", Activate: "k2", Add: key("k3", keyring.Next), Now: now, Margin: time.Hour}, act("k2"))
		}, true},
		{"a replacement", func() error {
			return a.ReplaceNextKey(t.Context(), keyring.Replacement{MasterID: "m1", Drop: "k3", Add: key("k4", keyring.Next)}, act("k4"))
		}, true},
		{"a revocation", func() error {
			_, err := a.RevokeKey(t.Context(), keyring.Revocation{KeyID: "k1", From: keyring.Retired, Now: now, Until: now.Add(time.Hour)}, act("k1"))
			return err
		}, true},
		{"the same revocation", func() error {
			_, err := a.RevokeKey(t.Context(), keyring.Revocation{KeyID: "k1", Now: now, Until: now.Add(time.Hour)}, act("k1"))
			return err
		}, false},
		{"a longer life of tokens", func() error { return a.RaiseTokenLife(t.Context(), 2*time.Hour) }, true},
		{"a shorter one", func() error { return a.RaiseTokenLife(t.Context(), time.Hour) }, false},
		{"another master key", func() error {
			return a.Rewrap(t.Context(), keyring.Rewrapping{From: "m1", To: "m2", Reseal: func(_, sealed string) (string, error) { return sealed, nil }}, act("m2"))
		}, true},
	} {
		if err := step.act(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if got, err := b.Changed(t.Context()); err != nil || got != step.want {
			t.Errorf("%s: got %v, %v, want %v", step.name, got, err, step.want)
		}
	}
}
