package interop_test

import (
	"crypto"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"slices"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/lestrrat-go/jwx/v3/jwk"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/bench/oracle"
)

// exporter writes the key material of another implementation's making.
type exporter struct {
	name        string
	unsupported []string
	jwk         func(t *testing.T, algorithm string, material any) []byte
	pem         func(t *testing.T, material any) []byte
}

var exporters = []exporter{
	{"go-jose", []string{"Ed25519"}, func(t *testing.T, algorithm string, material any) []byte {
		data, err := jose.JSONWebKey{Key: material, KeyID: "their-key", Algorithm: algorithm, Use: "sig"}.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		return data
	}, nil},
	{"jwx", nil, func(t *testing.T, algorithm string, material any) []byte {
		data, err := json.Marshal(jwxKey(t, algorithm, material))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}, func(t *testing.T, material any) []byte {
		data, err := jwk.Pem(jwxKey(t, "", material))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}},
}

func jwxKey(t *testing.T, algorithm string, material any) jwk.Key {
	t.Helper()
	key, err := jwk.Import(material)
	if err != nil {
		t.Fatal(err)
	}
	set := map[string]any{jwk.KeyIDKey: "their-key", jwk.KeyUsageKey: "sig"}
	if algorithm != "" {
		set[jwk.AlgorithmKey] = algorithm
	}
	for name, value := range set {
		if err := key.Set(name, value); err != nil {
			t.Fatal(err)
		}
	}
	return key
}

// material is the key in the types of the standard library.
func material(t *testing.T, key oracle.Key) (private, public any) {
	t.Helper()
	if key.Secret != nil {
		return key.Secret, nil
	}
	block, _ := pem.Decode(key.PrivatePEM)
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return parsed, parsed.(crypto.Signer).Public()
}

func TestWeReadTheKeysThatTheyExport(t *testing.T) {
	for _, algorithm := range algorithms {
		original := newKey(t, algorithm).WithID("their-key")
		private, public := material(t, publish(t, original))
		token := sign(t, original, claims())
		for _, e := range exporters {
			if slices.Contains(e.unsupported, string(algorithm)) {
				continue
			}
			t.Run(string(algorithm)+" of "+e.name, func(t *testing.T) {
				secret := e.jwk(t, string(algorithm), private)
				key, err := durward.ParsePrivateJWK(secret)
				if err != nil {
					t.Fatalf("private JWK: got error %v, want a key", err)
				}
				wantSame(t, key.Public(), original)
				wantVerified(t, original, sign(t, key, claims()))
				if _, err := durward.ParsePublicJWK(secret); err == nil {
					t.Error("a private JWK where a public one belongs: got a key, want it refused")
				}
				if public == nil {
					return
				}
				published := e.jwk(t, string(algorithm), public)
				checking, err := durward.ParsePublicJWK(published)
				if err != nil {
					t.Fatalf("public JWK: got error %v, want a key", err)
				}
				wantSame(t, checking, original)
				set, err := durward.ParseKeySet([]byte(`{"keys":[` + string(published) + `]}`))
				if err != nil {
					t.Fatalf("key set: got error %v, want a set", err)
				}
				wantVerified(t, set, token)
				wantVerified(t, checking, token)
			})
		}
	}
}

func TestWeReadThePEMThatTheyExport(t *testing.T) {
	for _, algorithm := range algorithms {
		if isHMAC(algorithm) {
			continue
		}
		original := newKey(t, algorithm)
		private, public := material(t, publish(t, original))
		for _, e := range exporters {
			if e.pem == nil {
				continue
			}
			t.Run(string(algorithm)+" of "+e.name, func(t *testing.T) {
				key, err := durward.ParsePrivatePEM(algorithm, e.pem(t, private))
				if err != nil {
					t.Fatalf("private PEM: got error %v, want a key", err)
				}
				wantVerified(t, original, sign(t, key, claims()))
				checking, err := durward.ParsePublicPEM(algorithm, e.pem(t, public))
				if err != nil {
					t.Fatalf("public PEM: got error %v, want a key", err)
				}
				wantVerified(t, checking, sign(t, original, claims()))
			})
		}
	}
}

func TestTheyAgreeOnThumbprints(t *testing.T) {
	for _, algorithm := range algorithms {
		key := newKey(t, algorithm)
		private, _ := material(t, publish(t, key))
		theirs, err := jwxKey(t, "", private).Thumbprint(crypto.SHA256)
		if err != nil {
			t.Fatal(err)
		}
		var ours oracle.Base64
		if err := ours.UnmarshalText([]byte(key.ID())); err != nil {
			t.Fatal(err)
		}
		if string(ours) != string(theirs) {
			t.Errorf("%s by jwx: got thumbprint %x, want %x", algorithm, ours, theirs)
		}
		if isHMAC(algorithm) { // go-jose has none for secrets
			continue
		}
		theirs, err = (&jose.JSONWebKey{Key: private}).Thumbprint(crypto.SHA256)
		if err != nil {
			t.Fatal(err)
		}
		if string(ours) != string(theirs) {
			t.Errorf("%s by go-jose: got thumbprint %x, want %x", algorithm, ours, theirs)
		}
	}
}

func wantSame(t *testing.T, got *durward.VerificationKey, want *durward.SigningKey) {
	t.Helper()
	if got.Algorithm() != want.Algorithm() || got.ID() != want.ID() {
		t.Errorf("got the key %v, want %v", got, want.Public())
	}
}

func wantVerified(t *testing.T, keys durward.KeySource, token string) {
	t.Helper()
	verify, err := oracle.Durward(keys, policy)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := verify(token); err != nil {
		t.Errorf("got error %v, want the token accepted", err)
	}
}
