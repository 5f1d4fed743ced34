package fastkeys_test

import (
	"context"
	"fmt"
	"log"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/fastkeys"
)

func ExampleSpeed() {
	key, err := durward.GenerateKey(durward.ES256)
	if err != nil {
		log.Fatal(err)
	}
	fast, err := fastkeys.Speed(key.Public())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(subject(key, fast))
	// Output: ann
}

// Any source of keys will do in place of the set, such as one of package jwks.
func ExampleNewSource() {
	key, err := durward.GenerateKey(durward.EdDSA)
	if err != nil {
		log.Fatal(err)
	}
	set, err := durward.NewKeySet(key.Public())
	if err != nil {
		log.Fatal(err)
	}
	keys, err := fastkeys.NewSource(set, 4)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(subject(key, keys))
	// Output: ann
}

// subject signs a token with the key, checks it with the other keys, and returns whom it is about.
func subject(key *durward.SigningKey, keys durward.KeySource) string {
	signer, err := durward.NewSigner(durward.SignerConfig{Issuer: "https://id.example.org", Audience: "orders", Key: key})
	if err != nil {
		log.Fatal(err)
	}
	token, _, err := signer.Sign(context.Background(), durward.Claims{Subject: "ann"})
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := durward.NewVerifier(durward.Config{Issuer: "https://id.example.org", Audience: "orders", Keys: keys})
	if err != nil {
		log.Fatal(err)
	}
	claims, err := verifier.Verify(context.Background(), token)
	if err != nil {
		log.Fatal(err)
	}
	return claims.Subject
}
