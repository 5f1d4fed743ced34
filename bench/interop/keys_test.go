package interop_test

import (
	"crypto/rand"
	"crypto/rsa"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/bench/oracle"
)

var now = time.Unix(1_750_000_000, 0)

var policy = oracle.Policy{Issuer: "https://id.example.org", Audience: "orders", Now: now}

var algorithms = []durward.Algorithm{
	durward.HS256, durward.HS384, durward.HS512, durward.RS256, durward.RS384, durward.RS512,
	durward.PS256, durward.PS384, durward.PS512, durward.ES256, durward.ES384, durward.ES512, durward.EdDSA, durward.Ed25519,
}

// The RSA keys are made once: no other key takes long to make.
var (
	rsaKey      = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })
	strangerRSA = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })
)

func newKey(t *testing.T, algorithm durward.Algorithm) *durward.SigningKey {
	t.Helper()
	var key *durward.SigningKey
	private, err := rsaKey()
	if err != nil {
		t.Fatal(err)
	}
	if isRSA(algorithm) {
		key, err = durward.NewSigningKey(algorithm, private)
	} else {
		key, err = durward.GenerateKey(algorithm)
	}
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func isRSA(algorithm durward.Algorithm) bool {
	return strings.HasPrefix(string(algorithm), "RS") || strings.HasPrefix(string(algorithm), "PS")
}

func isHMAC(algorithm durward.Algorithm) bool { return strings.HasPrefix(string(algorithm), "HS") }

func publish(t *testing.T, key *durward.SigningKey) oracle.Key {
	t.Helper()
	published, err := oracle.Publish(key)
	if err != nil {
		t.Fatal(err)
	}
	return published
}

// flipped returns the token with one bit of its signature changed, spelt canonically.
func flipped(token string) string {
	dot := strings.LastIndexByte(token, '.') + 1
	first := byte('A')
	if token[dot] == 'A' {
		first = 'B'
	}
	return token[:dot] + string(first) + token[dot+1:]
}
