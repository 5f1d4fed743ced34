package mldsa_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/internal/vectors"
	"github.com/durward-auth/durward/mldsa"
)

const (
	issuer   = "https://issuer.test"
	audience = "orders"
)

var algorithms = []durward.Algorithm{mldsa.MLDSA44, mldsa.MLDSA65, mldsa.MLDSA87}

func now() time.Time { return time.Unix(1_800_000_000, 0) }

// keys are one of each algorithm, the same for every test.
var keys = sync.OnceValue(func() map[durward.Algorithm]*durward.SigningKey {
	made := map[durward.Algorithm]*durward.SigningKey{}
	for _, algorithm := range algorithms {
		key, err := mldsa.GenerateKey(algorithm)
		if err != nil {
			panic(err)
		}
		made[algorithm] = key
	}
	return made
})

func newVerifier(t testing.TB, source durward.KeySource) *durward.Verifier {
	t.Helper()
	v, err := durward.NewVerifier(durward.Config{Issuer: issuer, Audience: audience, Keys: source, Clock: now, CacheBytes: -1})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func sign(t testing.TB, key *durward.SigningKey) string {
	t.Helper()
	signer, err := durward.NewSigner(durward.SignerConfig{Issuer: issuer, Audience: audience, Key: key, Clock: now})
	if err != nil {
		t.Fatal(err)
	}
	token, _, err := signer.Sign(t.Context(), durward.Claims{Subject: "ann", Roles: []string{"admin"}})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// refused fails the test unless the token is refused for the reason, with zero claims.
func refused(t testing.TB, v *durward.Verifier, token string, want error) {
	t.Helper()
	claims, err := v.Verify(t.Context(), token)
	if !errors.Is(err, want) || !errors.Is(err, durward.ErrToken) || claims.Subject != "" {
		t.Errorf("got the subject %q and error %v, want %v", claims.Subject, err, want)
	}
}

// example is one of RFC 9964's.
type example struct {
	Priv string            // hex
	JWK  map[string]string // private
	JWS  string
}

func (e example) algorithm() durward.Algorithm { return durward.Algorithm(e.JWK["alg"]) }

// marshal returns the example's key with changed members; an empty value takes one away.
func (e example) marshal(t testing.TB, changes ...string) []byte {
	t.Helper()
	members := map[string]string{}
	for name, value := range e.JWK {
		members[name] = value
	}
	for i := 0; i < len(changes); i += 2 {
		members[changes[i]] = changes[i+1]
		if changes[i+1] == "" {
			delete(members, changes[i])
		}
	}
	data, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// examples are those of RFC 9964.
func examples(t testing.TB) []example {
	t.Helper()
	var all []example
	for _, algorithm := range algorithms {
		name := "rfc9964_" + strings.ReplaceAll(string(algorithm), "-", "_") + ".jose.json"
		var e example
		if err := json.Unmarshal(vectors.Read(t, "rfc-examples", name), &e); err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	return all
}

func decode(t testing.TB, text string) []byte {
	t.Helper()
	data, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func encode(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }
