package mldsa_test

import (
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	filippo "filippo.io/mldsa"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/mldsa"
)

func TestTokensPassThroughASetAndAGuard(t *testing.T) {
	es, err := durward.GenerateKey(durward.ES256)
	if err != nil {
		t.Fatal(err)
	}
	public := []*durward.VerificationKey{es.Public()}
	for _, algorithm := range algorithms {
		public = append(public, keys()[algorithm].Public())
	}
	set, err := durward.NewKeySet(public...)
	if err != nil {
		t.Fatal(err)
	}
	published, err := set.MarshalJWKS()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(published), `"priv"`) {
		t.Fatalf("got a set with a private member: %s", published)
	}
	read, err := durward.ParseKeySet(published, mldsa.KeyType())
	if err != nil {
		t.Fatal(err)
	}
	guard, err := durward.New(durward.Config{Issuer: issuer, Audience: audience, Keys: read, Clock: now})
	if err != nil {
		t.Fatal(err)
	}
	handler := guard.Require(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(durward.FromContext(r.Context()).Subject))
	}), durward.Role("admin"))
	for _, algorithm := range algorithms {
		t.Run(string(algorithm), func(t *testing.T) {
			token := sign(t, keys()[algorithm])
			if len(token) > 8<<10 {
				t.Errorf("got a token of %d bytes, want one within the default limit", len(token))
			}
			for range 2 { // the second time, perhaps from the cache
				r := httptest.NewRequest(http.MethodGet, "/", nil)
				r.Header.Set("Authorization", "Bearer "+token)
				w := httptest.NewRecorder()
				handler.ServeHTTP(w, r)
				if w.Code != http.StatusOK || w.Body.String() != "ann" {
					t.Errorf("got %d %s, want 200 ann", w.Code, w.Body)
				}
			}
		})
	}
}

func TestAFlippedBitIsRefused(t *testing.T) {
	random := rand.New(rand.NewPCG(9964, 204))
	for _, algorithm := range algorithms {
		t.Run("C10 "+string(algorithm), func(t *testing.T) {
			token, v := sign(t, keys()[algorithm]), newVerifier(t, keys()[algorithm])
			dot := strings.LastIndexByte(token, '.')
			signature := decode(t, token[dot+1:])
			for range 150 {
				bit := random.IntN(len(signature) * 8)
				signature[bit/8] ^= 1 << (bit % 8)
				refused(t, v, token[:dot+1]+encode(signature), durward.ErrTokenSignature)
				signature[bit/8] ^= 1 << (bit % 8)
			}
			for range 150 {
				i, bit := random.IntN(len(token)), random.IntN(8)
				refused(t, v, token[:i]+string([]byte{token[i] ^ 1<<bit})+token[i+1:], durward.ErrToken)
			}
			if _, err := v.Verify(t.Context(), token); err != nil {
				t.Errorf("got %v for the token itself, want no error", err)
			}
		})
	}
}

func TestASignatureOfAnotherLengthIsRefused(t *testing.T) {
	for _, algorithm := range algorithms {
		t.Run("C19 "+string(algorithm), func(t *testing.T) {
			token, v := sign(t, keys()[algorithm]), newVerifier(t, keys()[algorithm])
			dot := strings.LastIndexByte(token, '.')
			signature := decode(t, token[dot+1:])
			for _, wrong := range [][]byte{signature[:0], signature[:1], signature[:64], signature[:len(signature)-1], append(signature, 0), make([]byte, len(signature))} {
				refused(t, v, token[:dot+1]+encode(wrong), durward.ErrToken)
			}
		})
	}
}

func TestASignatureUnderAContextIsRefused(t *testing.T) {
	for algorithm, parameters := range map[durward.Algorithm]filippo.Parameters{
		mldsa.MLDSA44: filippo.MLDSA44(), mldsa.MLDSA65: filippo.MLDSA65(), mldsa.MLDSA87: filippo.MLDSA87(),
	} {
		t.Run("C19 "+string(algorithm), func(t *testing.T) {
			private, err := filippo.GenerateKey(parameters)
			if err != nil {
				t.Fatal(err)
			}
			key, err := mldsa.NewVerificationKey(algorithm, private.PublicKey().Bytes())
			if err != nil {
				t.Fatal(err)
			}
			header := encode([]byte(`{"alg":"` + string(algorithm) + `","typ":"at+jwt","kid":"` + key.ID() + `"}`))
			payload := encode([]byte(`{"iss":"` + issuer + `","aud":"` + audience + `","sub":"ann","exp":1800000600,"iat":1800000000}`))
			forge := func(context string) string {
				signature, err := private.Sign(nil, []byte(header+"."+payload), &filippo.Options{Context: context})
				if err != nil {
					t.Fatal(err)
				}
				return header + "." + payload + "." + encode(signature)
			}
			v := newVerifier(t, key)
			if _, err := v.Verify(t.Context(), forge("")); err != nil {
				t.Errorf("the empty context: got %v, want no error", err)
			}
			refused(t, v, forge("x"), durward.ErrTokenSignature)
			refused(t, v, forge("JWS"), durward.ErrTokenSignature)
		})
	}
}

func TestATokenOfAnotherParameterSetIsRefused(t *testing.T) {
	for _, signs := range algorithms {
		for _, checks := range algorithms {
			if signs != checks {
				key := keys()[checks].Public().WithID(keys()[signs].ID())
				refused(t, newVerifier(t, key), sign(t, keys()[signs]), durward.ErrTokenKey)
			}
		}
	}
}
