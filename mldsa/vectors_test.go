package mldsa_test

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/durward-auth/durward/mldsa"
)

func TestTheExamplesOfRFC9964Verify(t *testing.T) {
	for _, e := range examples(t) {
		t.Run(string(e.algorithm()), func(t *testing.T) {
			dot := strings.LastIndexByte(e.JWS, '.')
			public, message, signature := decode(t, e.JWK["pub"]), []byte(e.JWS[:dot]), decode(t, e.JWS[dot+1:])
			verify := func(message, signature []byte) bool {
				ok, err := mldsa.Verify(e.algorithm(), public, message, signature)
				if err != nil {
					t.Fatal(err)
				}
				return ok
			}
			if !verify(message, signature) {
				t.Error("got refused, want accepted")
			}
			signature[100] ^= 1
			if verify(message, signature) {
				t.Error("with a bit of the signature flipped: got accepted, want refused")
			}
			signature[100] ^= 1
			message[3] ^= 1
			if verify(message, signature) {
				t.Error("with a bit of the message flipped: got accepted, want refused")
			}
		})
	}
}

func TestTheKeysOfRFC9964AreReadAndWritten(t *testing.T) {
	for _, e := range examples(t) {
		t.Run(string(e.algorithm()), func(t *testing.T) {
			private, err := mldsa.ParsePrivateJWK(e.marshal(t))
			if err != nil {
				t.Fatal(err)
			}
			seed, err := hex.DecodeString(e.Priv)
			if err != nil {
				t.Fatal(err)
			}
			made, err := mldsa.NewSigningKey(e.algorithm(), seed)
			if err != nil {
				t.Fatal(err)
			}
			if private.ID() != e.JWK["kid"] || made.ID() != e.JWK["kid"] {
				t.Errorf("got the kid %q and the thumbprint %q, want %q for both", private.ID(), made.ID(), e.JWK["kid"])
			}
			for name, value := range e.JWK {
				text, err := made.MarshalPrivateJWK()
				if err != nil || !strings.Contains(string(text), `"`+name+`":"`+value+`"`) {
					t.Errorf("got %.200s and %v, want a JWK with %s as in the RFC", text, err, name)
				}
			}
			public, err := mldsa.ParsePublicJWK(e.marshal(t, "priv", ""))
			if err != nil {
				t.Fatal(err)
			}
			if v := newVerifier(t, public); v != nil {
				if _, err := v.Verify(t.Context(), sign(t, private)); err != nil {
					t.Errorf("got %v, want a token that the RFC's public key checks", err)
				}
			}
		})
	}
}
