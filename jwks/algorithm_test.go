package jwks_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/jwks"
)

// published is the key as a set has it, without its alg if so asked.
func published(t *testing.T, algorithm durward.Algorithm, id string, named bool) string {
	t.Helper()
	key, err := durward.GenerateKey(algorithm)
	if err != nil {
		t.Fatal(err)
	}
	text, err := key.WithID(id).Public().MarshalJWK()
	if err != nil {
		t.Fatal(err)
	}
	if named {
		return string(text)
	}
	return strings.Replace(string(text), `"alg":"`+string(algorithm)+`",`, "", 1)
}

func TestKeysWithoutAnAlgorithmGetTheConfiguredOne(t *testing.T) {
	set := `{"keys":[` + strings.Join([]string{
		published(t, durward.RS256, "silent", false),
		published(t, durward.PS256, "other", true),
		published(t, durward.ES384, "curve", false),
		published(t, durward.EdDSA, "edwards", false),
	}, ",") + `]}`
	type key struct {
		algorithm durward.Algorithm
		id        string
	}
	all := []durward.Algorithm{durward.RS256, durward.RS512, durward.PS256, durward.PS384, durward.ES256, durward.ES384, durward.EdDSA, durward.Ed25519, durward.HS256}
	for name, c := range map[string]struct {
		configured durward.Algorithm
		want       []key
	}{
		"none":                        {"", []key{{durward.PS256, "other"}, {durward.ES384, "curve"}, {durward.EdDSA, "edwards"}}},
		"RS256":                       {durward.RS256, []key{{durward.RS256, "silent"}, {durward.PS256, "other"}, {durward.ES384, "curve"}, {durward.EdDSA, "edwards"}}},
		"PS384":                       {durward.PS384, []key{{durward.PS384, "silent"}, {durward.PS256, "other"}, {durward.ES384, "curve"}, {durward.EdDSA, "edwards"}}},
		"one of another curve":        {durward.ES256, []key{{durward.PS256, "other"}, {durward.ES384, "curve"}, {durward.EdDSA, "edwards"}}},
		"the other name of Ed25519":   {durward.Ed25519, []key{{durward.PS256, "other"}, {durward.ES384, "curve"}, {durward.Ed25519, "edwards"}}},
		"the one a key has by itself": {durward.ES384, []key{{durward.PS256, "other"}, {durward.ES384, "curve"}, {durward.EdDSA, "edwards"}}},
	} {
		t.Run(name, func(t *testing.T) {
			issuer := newRemote()
			issuer.fail(func(q *http.Request) (*http.Response, error) { return answer(q, 200, nil, set), nil })
			s := issuer.source(t, func(config *jwks.Config) { config.Algorithm = c.configured })
			want := map[key]bool{}
			for _, k := range c.want {
				want[k] = true
			}
			for _, id := range []string{"silent", "other", "curve", "edwards"} {
				for _, algorithm := range all {
					got, err := s.Lookup(t.Context(), algorithm, id)
					if want[key{algorithm, id}] {
						if err != nil || got.Algorithm() != algorithm || got.ID() != id {
							t.Errorf("%s as %s: got %v, %v, want the key", id, algorithm, got, err)
						}
					} else if got != nil || !errors.Is(err, durward.ErrTokenKey) {
						t.Errorf("%s as %s: got %v, %v, want %v", id, algorithm, got, err, durward.ErrTokenKey)
					}
				}
			}
		})
	}
}

func TestAConfiguredAlgorithmDoesNotExcuseABadKey(t *testing.T) {
	weak := `{"kty":"RSA","kid":"a","n":"w` + strings.Repeat("A", 170) + `","e":"AQAB"}`
	sound := published(t, durward.RS256, "b", false)
	for name, set := range map[string]string{
		"B23 a weak key beside":               weak + "," + sound,
		"B28 one id twice":                    sound + "," + sound,
		"B27 a secret, whatever it is called": `{"kty":"oct","kid":"s","k":"` + strings.Repeat("k", 43) + `"},` + sound,
		"B26 only a key for encryption":       strings.Replace(sound, `"sig"`, `"enc"`, 1),
	} {
		t.Run(name, func(t *testing.T) {
			issuer := newRemote()
			issuer.fail(func(q *http.Request) (*http.Response, error) {
				return answer(q, 200, nil, `{"keys":[`+set+`]}`), nil
			})
			s := issuer.source(t, func(c *jwks.Config) { c.Algorithm = durward.RS256 })
			if err := s.Refresh(t.Context()); !errors.Is(err, durward.ErrUnavailable) {
				t.Errorf("got %v, want %v", err, durward.ErrUnavailable)
			}
		})
	}
}
