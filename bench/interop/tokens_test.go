package interop_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/bench/oracle"
)

func claims() durward.Claims {
	return durward.Claims{
		Subject: "4f2c", Audience: []string{"billing", "orders"}, ExpiresAt: now.Add(10 * time.Minute), NotBefore: now.Add(-time.Second),
		ID: "7XK2", ClientID: "shop", SessionID: "s-91", Version: 3, AuthTime: now.Add(-time.Hour),
		Username: "Ingeborg Ærø", Roles: []string{"admin", "packer"}, Scopes: []string{"orders:read", "orders:write"},
	}
}

func payload() map[string]any {
	return map[string]any{
		"iss": policy.Issuer, "sub": "4f2c", "aud": []any{"billing", "orders"},
		"exp": now.Unix() + 600, "nbf": now.Unix() - 1, "iat": now.Unix(), "jti": "7XK2",
		"client_id": "shop", "sid": "s-91", "ver": 3, "auth_time": now.Unix() - 3600,
		"username": "Ingeborg Ærø", "roles": []any{"admin", "packer"}, "scope": "orders:read orders:write",
	}
}

// wanted is what every reading of the payload above must give.
func wanted(t *testing.T) map[string]any {
	t.Helper()
	normal, err := oracle.Normal([]byte(`{"iss":"https://id.example.org","sub":"4f2c","aud":["billing","orders"],
		"exp":1750000600,"nbf":1749999999,"iat":1750000000,"jti":"7XK2","client_id":"shop","sid":"s-91","ver":3,
		"auth_time":1749996400,"username":"Ingeborg Ærø","roles":["admin","packer"],"scope":"orders:read orders:write"}`))
	if err != nil {
		t.Fatal(err)
	}
	return normal
}

func sign(t *testing.T, key *durward.SigningKey, c durward.Claims) string {
	t.Helper()
	signer, err := durward.NewSigner(durward.SignerConfig{
		Issuer: policy.Issuer, Audience: policy.Audience, Key: key, Clock: func() time.Time { return now },
	})
	if err != nil {
		t.Fatal(err)
	}
	token, _, err := signer.Sign(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestTheyVerifyWhatWeSign(t *testing.T) {
	for _, algorithm := range algorithms {
		key, stranger := newKey(t, algorithm), newKey(t, algorithm)
		if isRSA(algorithm) {
			stranger = otherRSA(t, algorithm)
		}
		token := sign(t, key, claims())
		late := claims()
		late.ExpiresAt, late.NotBefore = now.Add(2*time.Second), time.Time{}
		for _, o := range oracle.All() {
			if slices.Contains(o.Unsupported, string(algorithm)) {
				continue
			}
			t.Run(string(algorithm)+" by "+o.Name, func(t *testing.T) {
				verify := verifier(t, o, publish(t, key), policy)
				got, err := verify(token)
				if err != nil {
					t.Fatalf("got error %v, want claims", err)
				}
				if want := wanted(t); !reflect.DeepEqual(got, want) {
					t.Errorf("got claims %v, want %v", got, want)
				}
				expired := policy
				expired.Now = now.Add(3 * time.Second)
				for name, refused := range map[string]struct {
					token string
					by    oracle.Verify
				}{
					"another key's token":  {sign(t, stranger.WithID(key.ID()), claims()), verify},
					"a changed signature":  {flipped(token), verify},
					"another audience":     {sign(t, key, durward.Claims{Audience: []string{"order"}}), verify},
					"an expired token":     {sign(t, key, late), verifier(t, o, publish(t, key), expired)},
					"a key with no public": {token, verifier(t, o, publish(t, stranger), policy)},
				} {
					if got, err := refused.by(refused.token); err == nil {
						t.Errorf("%s: got claims %v, want it refused", name, got)
					}
				}
			})
		}
	}
}

func TestWeVerifyWhatTheySign(t *testing.T) {
	for _, algorithm := range algorithms {
		key := newKey(t, algorithm)
		stranger := newKey(t, algorithm)
		if isRSA(algorithm) {
			stranger = otherRSA(t, algorithm)
		}
		verify, err := oracle.Durward(key, policy)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range oracle.All() {
			if slices.Contains(o.Unsupported, string(algorithm)) {
				continue
			}
			t.Run(string(algorithm)+" by "+o.Name, func(t *testing.T) {
				token := signBy(t, o, publish(t, key), payload())
				got, err := verify(token)
				if err != nil {
					t.Fatalf("got error %v, want claims", err)
				}
				if want := wanted(t); !reflect.DeepEqual(got, want) {
					t.Errorf("got claims %v, want %v", got, want)
				}
				without := payload()
				delete(without, "exp")
				for name, refused := range map[string]string{
					"another key's token": signBy(t, o, publish(t, stranger.WithID(key.ID())), payload()),
					"a changed signature": flipped(token),
					"an expired token":    signBy(t, o, publish(t, key), with("exp", now.Unix())),
					"another issuer":      signBy(t, o, publish(t, key), with("iss", policy.Issuer+"/")),
					"no expiry":           signBy(t, o, publish(t, key), without),
				} {
					if got, err := verify(refused); err == nil {
						t.Errorf("%s: got claims %v, want it refused", name, got)
					}
				}
			})
		}
	}
}

// An implementation that does not know an algorithm must be off the lists above for that reason only.
func TestUnsupportedAlgorithmsAreRefusedByThem(t *testing.T) {
	for _, o := range oracle.All() {
		for _, algorithm := range o.Unsupported {
			key := newKey(t, durward.Algorithm(algorithm))
			if token, err := o.Sign(publish(t, key), payload()); err == nil {
				t.Errorf("%s signs with %s: got %s, want an error; strike it from Unsupported", o.Name, algorithm, token)
			}
		}
	}
}

func with(name string, value any) map[string]any {
	p := payload()
	p[name] = value
	return p
}

func verifier(t *testing.T, o oracle.Oracle, key oracle.Key, p oracle.Policy) oracle.Verify {
	t.Helper()
	verify, err := o.Verifier(key, p)
	if err != nil {
		t.Fatalf("%s reads the key: %v", o.Name, err)
	}
	return verify
}

func signBy(t *testing.T, o oracle.Oracle, key oracle.Key, p map[string]any) string {
	t.Helper()
	token, err := o.Sign(key, p)
	if err != nil {
		t.Fatalf("%s signs: %v", o.Name, err)
	}
	return token
}

// otherRSA is a second key, of its own making.
func otherRSA(t *testing.T, algorithm durward.Algorithm) *durward.SigningKey {
	t.Helper()
	private, err := strangerRSA()
	if err != nil {
		t.Fatal(err)
	}
	key, err := durward.NewSigningKey(algorithm, private)
	if err != nil {
		t.Fatal(err)
	}
	return key
}
