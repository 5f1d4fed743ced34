package mldsa_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/mldsa"
)

func TestUnsoundJWKsAreRefused(t *testing.T) {
	all := examples(t)
	e, larger := all[0], all[1]
	for name, text := range map[string][]byte{
		"a private key as a public one":    e.marshal(t),
		"no algorithm":                     e.marshal(t, "priv", "", "alg", ""),
		"another algorithm of the family":  e.marshal(t, "priv", "", "alg", "ML-DSA-65"),
		"the algorithm in lower case":      e.marshal(t, "priv", "", "alg", "ml-dsa-44"),
		"an algorithm of another type":     e.marshal(t, "priv", "", "alg", "ES256"),
		"the type OKP":                     e.marshal(t, "priv", "", "kty", "OKP"),
		"the type akp":                     e.marshal(t, "priv", "", "kty", "akp"),
		"no public key":                    e.marshal(t, "priv", "", "pub", ""),
		"a public key a byte short":        e.marshal(t, "priv", "", "pub", encode(decode(t, e.JWK["pub"])[:1311])),
		"a public key a byte long":         e.marshal(t, "priv", "", "pub", encode(append(decode(t, e.JWK["pub"]), 0))),
		"a public key of a larger set":     e.marshal(t, "priv", "", "pub", larger.JWK["pub"]),
		"a public key that is padded":      e.marshal(t, "priv", "", "pub", e.JWK["pub"]+"="),
		"a member of an elliptic curve":    e.marshal(t, "priv", "", "crv", "P-256"),
		"a key for encryption":             e.marshal(t, "priv", "", "use", "enc"),
		"a key of an elliptic curve alone": []byte(`{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}`),
		"nothing":                          nil,
	} {
		if key, err := mldsa.ParsePublicJWK(text); err == nil || key != nil {
			t.Errorf("C19 %s: got %v and error %v, want an error alone", name, key, err)
		}
	}
	seed := decode(t, e.JWK["priv"])
	for name, text := range map[string][]byte{
		"a public key":                  e.marshal(t, "priv", ""),
		"no public key":                 e.marshal(t, "pub", ""),
		"no algorithm":                  e.marshal(t, "alg", ""),
		"another algorithm":             e.marshal(t, "alg", "ML-DSA-87"),
		"a seed a byte short":           e.marshal(t, "priv", encode(seed[:31])),
		"a seed a byte long":            e.marshal(t, "priv", encode(append(seed, 0))),
		"the seed of another key":       e.marshal(t, "priv", strings.Repeat("B", 42)+"A"),
		"an expanded private key":       e.marshal(t, "priv", encode(make([]byte, 2560))),
		"the public key of another key": e.marshal(t, "pub", "A"+e.JWK["pub"][1:]),
	} {
		if key, err := mldsa.ParsePrivateJWK(text); err == nil || key != nil {
			t.Errorf("C19 private: %s: got %v and error %v, want an error alone", name, key, err)
		}
	}
}

func TestASeedInAPublicSetSpoilsIt(t *testing.T) {
	e := examples(t)[0]
	for name, kinds := range map[string][]durward.KeyType{"with the type": {mldsa.KeyType()}, "without it": nil} {
		text := fmt.Appendf(nil, `{"keys":[%s]}`, e.marshal(t))
		if set, err := durward.ParseKeySet(text, kinds...); err == nil || set != nil {
			t.Errorf("C19 %s: got %v and error %v, want an error alone", name, set, err)
		}
	}
	set, err := durward.ParseKeySet(fmt.Appendf(nil, `{"keys":[%s,%s]}`,
		e.marshal(t, "priv", ""), e.marshal(t, "priv", "", "alg", "SLH-DSA-SHA2-128s", "kid", "2")), mldsa.KeyType())
	if err != nil || len(set.Keys()) != 1 {
		t.Errorf("got %v and error %v, want the set without the key of another algorithm", set, err)
	}
}

func TestKeysOfTheWrongSizeOrAlgorithmAreRefused(t *testing.T) {
	for _, algorithm := range []durward.Algorithm{"", "none", "ML-DSA-45", "ml-dsa-44", durward.ES256} {
		if key, err := mldsa.GenerateKey(algorithm); !errors.Is(err, errors.ErrUnsupported) || key != nil {
			t.Errorf("generate %q: got %v and error %v, want %v alone", algorithm, key, err, errors.ErrUnsupported)
		}
		if key, err := mldsa.NewSigningKey(algorithm, make([]byte, 32)); err == nil || key != nil {
			t.Errorf("sign with %q: got %v and error %v, want an error alone", algorithm, key, err)
		}
		if key, err := mldsa.NewVerificationKey(algorithm, make([]byte, 1312)); err == nil || key != nil {
			t.Errorf("verify with %q: got %v and error %v, want an error alone", algorithm, key, err)
		}
	}
	for _, algorithm := range algorithms {
		for _, size := range []int{0, 31, 33, 64, 4032} {
			if key, err := mldsa.NewSigningKey(algorithm, make([]byte, size)); err == nil || key != nil {
				t.Errorf("%s: a seed of %d bytes: got %v and error %v, want an error alone", algorithm, size, key, err)
			}
		}
	}
}

func TestAKeyPrintsWithoutItsSeed(t *testing.T) {
	key := keys()[mldsa.MLDSA44]
	text, err := key.MarshalPrivateJWK()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), `"priv":"`) {
		t.Fatalf("got %s, want the private member", text)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%x"} {
		if got := fmt.Sprintf(verb, key); got != "[secret]" {
			t.Errorf("%s: got %s, want [secret]", verb, got)
		}
	}
}

func FuzzParseJWK(f *testing.F) {
	for _, algorithm := range algorithms {
		private, err := keys()[algorithm].MarshalPrivateJWK()
		if err != nil {
			f.Fatal(err)
		}
		public, err := keys()[algorithm].Public().MarshalJWK()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(private)
		f.Add(public)
		f.Add(bytes.Replace(private, []byte(algorithm), []byte("ES256"), 1))
		f.Add(bytes.Replace(public, []byte(`"pub"`), []byte(`"priv"`), 1))
	}
	f.Add([]byte(`{"kty":"AKP","alg":"ML-DSA-44","pub":"","priv":"","kid":1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if key, err := mldsa.ParsePublicJWK(data); err == nil {
			text, err := key.MarshalJWK()
			if err != nil {
				t.Fatalf("a key that was read is not written: %v", err)
			}
			again, err := mldsa.ParsePublicJWK(text)
			if err != nil || again.ID() != key.ID() || again.Algorithm() != key.Algorithm() {
				t.Fatalf("got %v and %v, want the key %v again", again, err, key)
			}
		}
		if key, err := mldsa.ParsePrivateJWK(data); err == nil {
			if _, err := newVerifier(t, key).Verify(t.Context(), sign(t, key)); err != nil {
				t.Fatalf("a key that was read does not check its own token: %v", err)
			}
			if _, err := mldsa.ParsePublicJWK(data); err == nil {
				t.Fatal("a private key was read as a public one")
			}
		}
	})
}
