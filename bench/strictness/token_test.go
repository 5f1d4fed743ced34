package strictness_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/bench/oracle"
)

var now = time.Unix(1_750_000_000, 0)

var policy = oracle.Policy{Issuer: "https://id.example.org", Audience: "orders", Now: now}

// secret has no byte that JSON or base64url would make look special: the tests are of tokens, not of keys.
var secret = []byte("Hq3vT8wZr1LkXc5Jm9Yb2Nf6Gd4Sa7Pe")

const (
	goodHeader  = `{"alg":"HS256","typ":"at+jwt","kid":"k1"}`
	goodPayload = `{"iss":"https://id.example.org","aud":"orders","sub":"u1","iat":1749999990,"exp":1750000600}`
)

func encode(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// signed makes a token of text that may be anything, with a right MAC over it.
func signed(header, payload string) string { return signedText(encode(header) + "." + encode(payload)) }

func signedText(input string) string { return input + "." + mac(secret, input) }

func mac(key []byte, input string) string {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(input))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// with puts members in front of those of the good payload, or in place of one of them.
func with(old, replacement string) string { return strings.Replace(goodPayload, old, replacement, 1) }

func header(members string) string { return signed(`{`+members+`,`+goodHeader[1:], goodPayload) }

func ours(t testing.TB) oracle.Verify {
	t.Helper()
	key, err := durward.NewHMACKey(durward.HS256, secret)
	if err != nil {
		t.Fatal(err)
	}
	verify, err := oracle.Durward(key.WithID("k1"), policy)
	if err != nil {
		t.Fatal(err)
	}
	return verify
}

func oracles() []oracle.Oracle {
	return []oracle.Oracle{oracle.GolangJWT(), oracle.GolangJWTStruct(), oracle.GoJose(), oracle.JWX()}
}

// theirs is the verifier of another implementation under an HMAC key; one that refuses the key refuses every token.
func theirs(o oracle.Oracle, key []byte) oracle.Verify {
	verify, err := o.Verifier(oracle.Key{
		Algorithm: "HS256", ID: "k1", Secret: key,
		JWKS: []byte(`{"keys":[{"kty":"oct","alg":"HS256","use":"sig","kid":"k1","k":"` + encode(string(key)) + `"}]}`),
	}, policy)
	if err != nil {
		return func(string) (map[string]any, error) { return nil, err }
	}
	return verify
}
