package durward_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/internal/vectors"
)

// published is an example of an RFC: a compact JWS, its key and what it signs.
type published struct {
	source, algorithm, token string
	key                      map[string]any
}

func publishedExamples(t *testing.T) []published {
	t.Helper()
	read := func(into any, path ...string) {
		if err := json.Unmarshal(vectors.Read(t, path...), into); err != nil {
			t.Fatal(err)
		}
	}
	var rfc struct {
		JWS []struct {
			Source, Alg, Token string
			JWK                map[string]any
			Valid              bool
		}
	}
	read(&rfc, "rfc-examples", "rfc-examples.json")
	var all []published
	for _, e := range rfc.JWS {
		if e.Valid {
			all = append(all, published{e.Source, e.Alg, e.Token, e.JWK})
		}
	}
	for _, name := range []string{
		"jws/4_1.rsa_v15_signature", "jws/4_2.rsa-pss_signature", "jws/4_3.ecdsa_signature",
		"jws/4_4.hmac-sha2_integrity_protection", "curve25519/jws",
	} {
		var cookbook struct {
			Input struct {
				Key map[string]any
				Alg string
			}
			Output struct{ Compact string }
		}
		read(&cookbook, append([]string{"rfc7520-cookbook"}, strings.Split(name+".json", "/")...)...)
		all = append(all, published{"RFC 7520 " + name, cookbook.Input.Alg, cookbook.Output.Compact, cookbook.Input.Key})
	}
	return all
}

// verificationKey reads the key for the example's algorithm, with the key id that its token names.
func (e published) verificationKey(t *testing.T, kid string) *durward.VerificationKey {
	t.Helper()
	e.key["alg"] = e.algorithm
	text, err := json.Marshal(e.key)
	if err != nil {
		t.Fatal(err)
	}
	if e.key["k"] != nil || e.key["d"] != nil {
		private, err := durward.ParsePrivateJWK(text)
		if err != nil {
			t.Fatal(err)
		}
		return private.Public().WithID(kid)
	}
	public, err := durward.ParsePublicJWK(text)
	if err != nil {
		t.Fatal(err)
	}
	return public.WithID(kid)
}

// The examples are no access tokens, and most have no type.
func TestPublishedSignaturesVerify(t *testing.T) {
	examples := publishedExamples(t)
	if len(examples) < 10 {
		t.Fatalf("got %d examples, want at least 10", len(examples))
	}
	for _, e := range examples {
		t.Run(e.source, func(t *testing.T) {
			parts := strings.Split(e.token, ".")
			var header struct{ Kid, Typ string }
			if err := json.Unmarshal(decode(t, parts[0]), &header); err != nil {
				t.Fatal(err)
			}
			key, typ := e.verificationKey(t, header.Kid), header.Typ
			if typ == "" {
				typ = durward.InsecureNoType
			}
			got, err := durward.VerifyPayload(t.Context(), key, typ, e.token, 8<<10)
			if err != nil || !bytes.Equal(got, decode(t, parts[1])) {
				t.Errorf("got %q, %v, want the payload", got, err)
			}
			changed := parts[0] + "." + encode(string(decode(t, parts[1]))+"x") + "." + parts[2]
			if got, err := durward.VerifyPayload(t.Context(), key, typ, changed, 8<<10); !errors.Is(err, durward.ErrTokenSignature) || got != nil {
				t.Errorf("with another payload: got %q, %v, want %v", got, err, durward.ErrTokenSignature)
			}
			if got, err := durward.VerifyPayload(t.Context(), key, "at+jwt", e.token, 8<<10); !errors.Is(err, durward.ErrTokenType) || got != nil {
				t.Errorf("as an access token: got %q, %v, want %v", got, err, durward.ErrTokenType)
			}
			signature := decode(t, parts[2])
			if message := []byte(parts[0] + "." + parts[1]); !key.VerifySignature(message, signature) {
				t.Error("the bare signature is refused")
			}
		})
	}
}

func TestTheBareSignatureIsAllThatVerifySignatureLooksAt(t *testing.T) {
	for _, algorithm := range algorithms {
		m := materialOf(t, algorithm)
		for _, message := range []string{"", "no token", strings.Repeat("long ", 10_000)} {
			signature := m.sign(t, algorithm, message)
			// What lies behind the signature is the caller's.
			room := append(slices.Clone(signature), bytes.Repeat([]byte{0xaa}, 512)...)
			if !m.key.Public().VerifySignature([]byte(message), room[:len(signature)]) {
				t.Errorf("%s: a good signature of %d bytes is refused", algorithm, len(message))
			}
			if !bytes.Equal(room[len(signature):], bytes.Repeat([]byte{0xaa}, 512)) || !bytes.Equal(room[:len(signature)], signature) {
				t.Errorf("%s: the caller's memory was written to", algorithm)
			}
			wrong := slices.Clone(signature)
			wrong[len(wrong)/3] ^= 1
			for name, bad := range map[string][]byte{
				"a changed one":    wrong,
				"nothing":          nil,
				"one byte more":    append(slices.Clone(signature), 0),
				"one byte less":    signature[:len(signature)-1],
				"a very long one":  make([]byte, 4096),
				"of other message": m.sign(t, algorithm, message+"x"),
			} {
				if m.key.Public().VerifySignature([]byte(message), bad) {
					t.Errorf("%s: %s is accepted as a signature", algorithm, name)
				}
			}
		}
	}
}

// Keys of 4096 and 8192 bits, made by OpenSSL: testdata/rsa.json holds no private key.
func TestLargeRSAKeysVerify(t *testing.T) {
	var examples []struct {
		Key   json.RawMessage
		Token string
	}
	text, err := os.ReadFile("testdata/rsa.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &examples); err != nil {
		t.Fatal(err)
	}
	if len(examples) != 4 {
		t.Fatalf("got %d examples, want 4", len(examples))
	}
	for _, e := range examples {
		key, err := durward.ParsePublicJWK(e.Key)
		if err != nil {
			t.Fatal(err)
		}
		got, err := durward.VerifyPayload(t.Context(), key, durward.InsecureNoType, e.Token, 8<<10)
		if err != nil || !strings.HasPrefix(string(got), "an RSA key of ") {
			t.Errorf("%s: got %q, %v, want the payload", key.Algorithm(), got, err)
			continue
		}
		dot := strings.LastIndexByte(e.Token, '.')
		signature := decode(t, e.Token[dot+1:])
		signature[len(signature)/2] ^= 1
		if got, err := durward.VerifyPayload(t.Context(), key, durward.InsecureNoType, e.Token[:dot+1]+encode(string(signature)), 8<<10); !errors.Is(err, durward.ErrTokenSignature) {
			t.Errorf("%s of %q, one bit changed: got %q, %v, want %v", key.Algorithm(), got, got, err, durward.ErrTokenSignature)
		}
	}
}
