package durward_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha256"
	_ "crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/durward-auth/durward"
)

// The tests forge tokens with the standard library alone, so that a mistake of the signer cannot hide one of
// the verifier.

const (
	issuerURL = "https://issuer.test"
	audience  = "test"
)

// now is the time of every verifier of these tests.
var now = time.Unix(1_800_000_000, 0)

var algorithms = []durward.Algorithm{
	durward.HS256, durward.HS384, durward.HS512,
	durward.RS256, durward.RS384, durward.RS512,
	durward.PS256, durward.PS384, durward.PS512,
	durward.ES256, durward.ES384, durward.ES512,
	durward.EdDSA, durward.Ed25519,
}

// material is a key, in the form of the standard library and in that of durward.
type material struct {
	algorithm durward.Algorithm
	secret    []byte
	private   crypto.Signer
	key       *durward.SigningKey
}

var (
	materialsMu sync.Mutex
	materials   = map[durward.Algorithm]*material{}
)

// materialOf returns one key of the algorithm, the same for every test.
func materialOf(t testing.TB, algorithm durward.Algorithm) *material {
	t.Helper()
	materialsMu.Lock()
	defer materialsMu.Unlock()
	if m := materials[algorithm]; m != nil {
		return m
	}
	m := newMaterial(t, algorithm)
	materials[algorithm] = m
	return m
}

func newMaterial(t testing.TB, algorithm durward.Algorithm) *material {
	t.Helper()
	m := &material{algorithm: algorithm}
	var err error
	switch algorithm {
	case durward.HS256, durward.HS384, durward.HS512:
		m.secret = make([]byte, hashOf(algorithm).Size())
		rand.Read(m.secret)
		m.key, err = durward.NewHMACKey(algorithm, m.secret)
		if err != nil {
			t.Fatal(err)
		}
		return m
	case durward.ES256:
		m.private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case durward.ES384:
		m.private, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case durward.ES512:
		m.private, err = ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	case durward.EdDSA, durward.Ed25519:
		_, m.private, err = ed25519.GenerateKey(rand.Reader)
	default:
		m.private, err = rsa.GenerateKey(rand.Reader, 2048)
	}
	if err != nil {
		t.Fatal(err)
	}
	m.key, err = durward.NewSigningKey(algorithm, m.private)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func hashOf(algorithm durward.Algorithm) crypto.Hash {
	switch algorithm[len(algorithm)-3:] {
	case "384":
		return crypto.SHA384
	case "512":
		return crypto.SHA512
	default:
		return crypto.SHA256
	}
}

// sign makes the signature that the algorithm asks for, whatever the key was bound to.
func (m *material) sign(t testing.TB, algorithm durward.Algorithm, message string) []byte {
	t.Helper()
	h := hashOf(algorithm)
	hashed := func() []byte {
		state := h.New()
		state.Write([]byte(message))
		return state.Sum(nil)
	}
	var signature []byte
	var err error
	switch key := m.private.(type) {
	case nil:
		mac := hmac.New(h.New, m.secret)
		mac.Write([]byte(message))
		return mac.Sum(nil)
	case *rsa.PrivateKey:
		if algorithm[0] == 'P' {
			signature, err = rsa.SignPSS(rand.Reader, key, h, hashed(), &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
		} else {
			signature, err = rsa.SignPKCS1v15(rand.Reader, key, h, hashed())
		}
	case *ecdsa.PrivateKey:
		var r, s *big.Int
		r, s, err = ecdsa.Sign(rand.Reader, key, hashed())
		if err == nil {
			signature = rawECDSA(key.Curve, r, s)
		}
	case ed25519.PrivateKey:
		return ed25519.Sign(key, []byte(message))
	}
	if err != nil {
		t.Fatal(err)
	}
	return signature
}

// rawECDSA is R || S as RFC 7518 §3.4 wants it.
func rawECDSA(curve elliptic.Curve, r, s *big.Int) []byte {
	size := (curve.Params().BitSize + 7) / 8
	out := make([]byte, 2*size)
	r.FillBytes(out[:size])
	s.FillBytes(out[size:])
	return out
}

func encode(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

func decode(t testing.TB, text string) []byte {
	t.Helper()
	decoded, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return decoded
}

// header is what a good token's header says.
func (m *material) header() string {
	return fmt.Sprintf(`{"alg":%q,"typ":"at+jwt","kid":%q}`, m.algorithm, m.key.ID())
}

// forge signs the header and the payload as they are.
func (m *material) forge(t testing.TB, header, payload string) string {
	t.Helper()
	return m.forgeEncoded(t, encode(header), encode(payload))
}

// forgeEncoded signs two parts that are encoded already.
func (m *material) forgeEncoded(t testing.TB, header, payload string) string {
	t.Helper()
	input := header + "." + payload
	return input + "." + encode(string(m.sign(t, m.algorithm, input)))
}

// payload is a good payload with the members in place of, or after, its own. A member without a value is left out.
func payload(members ...string) string {
	claims := [][2]string{
		{"iss", `"` + issuerURL + `"`}, {"sub", `"ada"`}, {"aud", `"` + audience + `"`},
		{"exp", fmt.Sprint(now.Unix() + 900)}, {"iat", fmt.Sprint(now.Unix())}, {"jti", `"token-1"`},
	}
next:
	for _, member := range members {
		name, value, _ := strings.Cut(member, ":")
		for i := range claims {
			if claims[i][0] == name {
				claims[i][1] = value
				continue next
			}
		}
		claims = append(claims, [2]string{name, value})
	}
	var parts []string
	for _, claim := range claims {
		if claim[1] != "" {
			parts = append(parts, `"`+claim[0]+`":`+claim[1])
		}
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func config(keys durward.KeySource) durward.Config {
	return durward.Config{Issuer: issuerURL, Audience: audience, Keys: keys, Clock: func() time.Time { return now }}
}

func newVerifier(t testing.TB, c durward.Config) *durward.Verifier {
	t.Helper()
	v, err := durward.NewVerifier(c)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func newSigner(t testing.TB, key durward.SigningKeySource) *durward.Signer {
	t.Helper()
	signer, err := durward.NewSigner(durward.SignerConfig{
		Issuer: issuerURL, Audience: audience, Key: key, Clock: func() time.Time { return now },
	})
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

// accepted fails the test unless the token is good.
func accepted(t testing.TB, v *durward.Verifier, token string) durward.Claims {
	t.Helper()
	claims, err := v.Verify(t.Context(), token)
	if err != nil {
		t.Fatalf("got %v, want a good token: %.200s", err, token)
	}
	return claims
}

// refused fails the test unless the token is refused for the reason, twice, with zero claims beside the error (B29).
func refused(t testing.TB, v *durward.Verifier, token string, want error) {
	t.Helper()
	for range 2 {
		claims, err := v.Verify(t.Context(), token)
		if !errors.Is(err, want) || !errors.Is(err, durward.ErrToken) {
			t.Errorf("got %v, want %v: %.200s", err, want, token)
		}
		if !reflect.DeepEqual(claims, durward.Claims{}) {
			t.Errorf("got the claims %+v beside an error, want none", claims)
		}
	}
}
