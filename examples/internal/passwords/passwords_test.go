package passwords_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/durward-auth/durward/examples/internal/passwords"
)

func TestVerify(t *testing.T) {
	hasher := passwords.New()
	hash, err := hasher.Hash(t.Context(), "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		hash     passwords.Hash
		password string
		want     bool
	}{
		"the password":                    {hash, "correct horse", true},
		"another password":                {hash, "correct horsf", false},
		"the password in another case":    {hash, "Correct horse", false},
		"the empty password":              {hash, "", false},
		"no hash and the empty password":  {passwords.Hash{}, "", false},
		"no hash and some other password": {passwords.Hash{}, "correct horse", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := hasher.Verify(t.Context(), c.hash, c.password)
			if err != nil || got != c.want {
				t.Errorf("got %v, %v, want %v", got, err, c.want)
			}
		})
	}
}

func TestOnePasswordHasTwoHashes(t *testing.T) {
	hasher := passwords.New()
	first, err := hasher.Hash(t.Context(), "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	second, err := hasher.Hash(t.Context(), "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	if first == second {
		t.Error("got the same hash twice, want two salts")
	}
}

func TestAHashPrintsNothingOfItself(t *testing.T) {
	hash, err := passwords.New().Hash(t.Context(), "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if got := fmt.Sprintf(verb, hash); strings.TrimSpace(got) != "[hash]" {
			t.Errorf("%s: got %q, want [hash]", verb, got)
		}
	}
}

func TestAContextThatEndedIsAnError(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	hasher := new(passwords.Hasher) // no slot is ever free
	if _, err := hasher.Hash(ctx, "correct horse"); !errors.Is(err, context.Canceled) {
		t.Errorf("Hash: got %v, want %v", err, context.Canceled)
	}
	if ok, err := hasher.Verify(ctx, passwords.Hash{}, "correct horse"); ok || !errors.Is(err, context.Canceled) {
		t.Errorf("Verify: got %v, %v, want %v", ok, err, context.Canceled)
	}
}
