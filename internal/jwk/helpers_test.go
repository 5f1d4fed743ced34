package jwk_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"math/big"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/durward-auth/durward/internal/jwk"
)

// One key of each kind for the whole test binary: RSA keys are slow to make.
var (
	rsaKey = sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 2048)) })
	p256   = sync.OnceValue(func() *ecdsa.PrivateKey { return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)) })
	p384   = sync.OnceValue(func() *ecdsa.PrivateKey { return must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader)) })
	p521   = sync.OnceValue(func() *ecdsa.PrivateKey { return must(ecdsa.GenerateKey(elliptic.P521(), rand.Reader)) })
	edKey  = sync.OnceValue(func() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(random(32)) })
)

// signers are the private keys by the name of their kind.
func signers() map[string]crypto.Signer {
	return map[string]crypto.Signer{"RSA": rsaKey(), "P-256": p256(), "P-384": p384(), "P-521": p521(), "Ed25519": edKey()}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func random(n int) []byte {
	data := make([]byte, n)
	_, _ = rand.Read(data)
	data[0] |= 1 // never all zero
	return data
}

func private(k crypto.Signer) jwk.Material   { return jwk.Material{Private: k} }
func public(k crypto.PublicKey) jwk.Material { return jwk.Material{Public: k} }

func b64(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }

func unb64(t *testing.T, text string) []byte {
	t.Helper()
	data, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// doc is a JWK under construction.
type doc map[string]any

// of is the JWK of a key.
func of(m jwk.Material) doc {
	marshal := jwk.MarshalPrivate
	if m.Public != nil {
		marshal = jwk.MarshalPublic
	}
	var d doc
	if err := json.Unmarshal(must(marshal(jwk.Key{Material: m})), &d); err != nil {
		panic(err)
	}
	return d
}

// with is a copy with a member set, or removed when the value is nil.
func (d doc) with(name string, value any) doc {
	d = maps.Clone(d)
	d[name] = value
	if value == nil {
		delete(d, name)
	}
	return d
}

func (d doc) json() []byte { return must(json.Marshal(d)) }

func set(keys ...doc) []byte { return must(json.Marshal(map[string]any{"keys": keys})) }

// wantError checks the sentinel, a part of the sentence, and that exactly one sentinel is wrapped.
func wantError(t *testing.T, err, sentinel error, sentence string) {
	t.Helper()
	if !errors.Is(err, sentinel) {
		t.Fatalf("got error %v, want one that is %q", err, sentinel)
	}
	if !strings.Contains(err.Error(), sentence) {
		t.Errorf("got error %q, want it to say %q", err, sentence)
	}
	wantOneSentinel(t, err)
}

func wantOneSentinel(t *testing.T, err error) {
	t.Helper()
	n := 0
	for _, sentinel := range []error{jwk.ErrWeak, jwk.ErrInvalid, jwk.ErrUnsupported} {
		if errors.Is(err, sentinel) {
			n++
		}
	}
	if n != 1 {
		t.Errorf("error %v wraps %d of the sentinels, want exactly 1", err, n)
	}
}

func sameMaterial(a, b jwk.Material) bool {
	switch {
	case a.Secret != nil:
		return b.Private == nil && b.Public == nil && bytes.Equal(a.Secret, b.Secret)
	case a.Private != nil:
		key, ok := a.Private.(interface{ Equal(crypto.PrivateKey) bool })
		return ok && b.Secret == nil && b.Public == nil && key.Equal(b.Private)
	}
	key, ok := a.Public.(interface{ Equal(crypto.PublicKey) bool })
	return ok && b.Secret == nil && b.Private == nil && key.Equal(b.Public)
}

func sameKey(a, b jwk.Key) bool {
	return sameMaterial(a.Material, b.Material) && a.Algorithm == b.Algorithm && a.KeyID == b.KeyID &&
		a.Use == b.Use && a.HasKeyID == b.HasKeyID && (a.Operations == nil) == (b.Operations == nil) &&
		slices.Equal(a.Operations, b.Operations)
}

// oddNumber is a random odd number of exactly that many bits without small factors.
func oddNumber(bits int) *big.Int {
	small := big.NewInt(1)
	for prime := int64(3); prime < 752; prime += 2 {
		small.Mul(small, big.NewInt(prime))
	}
	for {
		n := new(big.Int).SetBytes(random((bits + 7) / 8))
		n.SetBit(n, bits-1, 1).SetBit(n, 0, 1)
		n.And(n, new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), uint(bits)), big.NewInt(1)))
		if new(big.Int).GCD(nil, nil, n, small).IsInt64() && new(big.Int).GCD(nil, nil, n, small).Int64() == 1 {
			return n
		}
	}
}
