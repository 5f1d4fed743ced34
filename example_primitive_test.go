package durward_test

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"

	"github.com/durward-auth/durward"
)

// A module that brings an algorithm binds its functions to a key; this one signs hashes with Ed25519.
func ExampleNewSigningKeyFunc() {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		panic(err)
	}
	key, err := durward.NewSigningKeyFunc(durward.Primitive{
		Algorithm:     "Example-Ed25519-SHA256",
		ID:            "1",
		SignatureSize: ed25519.SignatureSize,
		Type:          "Example",
		Public:        map[string][]byte{"pub": public},
		Sign: func(message []byte) ([]byte, error) {
			sum := sha256.Sum256(message)
			return ed25519.Sign(private, sum[:]), nil
		},
		Verify: func(message, signature []byte) bool {
			sum := sha256.Sum256(message)
			return ed25519.Verify(public, sum[:], signature)
		},
	})
	if err != nil {
		panic(err)
	}
	fmt.Println(passes(key, key.Public()))
	// Output: Example-Ed25519-SHA256 key 1: true
}

// A verifier of one's own takes the place of the standard library's, and everything else about the key stays.
func ExampleVerificationKey_WithVerifier() {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		panic(err)
	}
	signing, err := durward.NewSigningKey(durward.EdDSA, private)
	if err != nil {
		panic(err)
	}
	checks := 0
	counting, err := signing.WithID("1").Public().WithVerifier(func(message, signature []byte) bool {
		checks++
		return ed25519.Verify(public, message, signature)
	})
	if err != nil {
		panic(err)
	}
	fmt.Println(passes(signing.WithID("1"), counting), checks)
	// Output: EdDSA key 1: true 1
}

// passes says whether a token of the one key is good under the other.
func passes(signing *durward.SigningKey, verification *durward.VerificationKey) string {
	signer, err := durward.NewSigner(durward.SignerConfig{Issuer: "https://id.example.org", Audience: "orders", Key: signing})
	if err != nil {
		panic(err)
	}
	token, _, err := signer.Sign(context.Background(), durward.Claims{Subject: "ann"})
	if err != nil {
		panic(err)
	}
	verifier, err := durward.NewVerifier(durward.Config{Issuer: "https://id.example.org", Audience: "orders", Keys: verification})
	if err != nil {
		panic(err)
	}
	claims, err := verifier.Verify(context.Background(), token)
	return fmt.Sprintf("%v: %v", verification, err == nil && claims.Subject == "ann")
}
