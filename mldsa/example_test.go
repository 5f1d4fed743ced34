package mldsa_test

import (
	"context"
	"fmt"
	"log"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/mldsa"
)

func Example() {
	key, err := mldsa.GenerateKey(mldsa.MLDSA44)
	if err != nil {
		log.Fatal(err)
	}
	signer, err := durward.NewSigner(durward.SignerConfig{Issuer: "https://id.example.org", Audience: "orders", Key: key})
	if err != nil {
		log.Fatal(err)
	}
	token, _, err := signer.Sign(context.Background(), durward.Claims{Subject: "ann"})
	if err != nil {
		log.Fatal(err)
	}

	// The issuer publishes its key set; the verifier reads it.
	set, err := durward.NewKeySet(key.Public())
	if err != nil {
		log.Fatal(err)
	}
	published, err := set.MarshalJWKS()
	if err != nil {
		log.Fatal(err)
	}
	trusted, err := durward.ParseKeySet(published, mldsa.KeyType())
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := durward.NewVerifier(durward.Config{Issuer: "https://id.example.org", Audience: "orders", Keys: trusted})
	if err != nil {
		log.Fatal(err)
	}
	claims, err := verifier.Verify(context.Background(), token)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(claims.Subject, trusted.Keys()[0].Algorithm())
	// Output: ann ML-DSA-44
}
