package mldsa_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/jwks"
	"github.com/durward-auth/durward/mldsa"
)

func TestARemoteKeySetWithThisTypeVerifies(t *testing.T) {
	key, err := mldsa.GenerateKey(mldsa.MLDSA44)
	if err != nil {
		t.Fatal(err)
	}
	set, err := durward.NewKeySet(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	document, err := set.MarshalJWKS()
	if err != nil {
		t.Fatal(err)
	}
	issuer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/jwk-set+json")
		_, _ = w.Write(document)
	}))
	defer issuer.Close()
	signer, err := durward.NewSigner(durward.SignerConfig{Issuer: "https://id.test", Audience: "test", Key: key})
	if err != nil {
		t.Fatal(err)
	}
	token, _, err := signer.Sign(t.Context(), durward.Claims{Subject: "ada"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		types []durward.KeyType
		want  error
	}{
		{"with the key type the token verifies", []durward.KeyType{mldsa.KeyType()}, nil},
		{"without it no key is usable", nil, durward.ErrUnavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			source, err := jwks.NewSource(jwks.Config{URL: issuer.URL, KeyTypes: c.types})
			if err != nil {
				t.Fatal(err)
			}
			verifier, err := durward.NewVerifier(durward.Config{Issuer: "https://id.test", Audience: "test", Keys: source})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := verifier.Verify(t.Context(), token); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}
