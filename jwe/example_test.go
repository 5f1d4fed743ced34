package jwe_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/jwe"
)

// The issuer signs with its own key and encrypts with that of the audience; only the audience can read the claims.
func Example() {
	ctx := context.Background()
	signing, err := durward.GenerateKey(durward.ES256)
	if err != nil {
		log.Fatal(err)
	}
	encryption, err := jwe.GenerateKey(jwe.ECDHESA256KW, jwe.A256GCM)
	if err != nil {
		log.Fatal(err)
	}

	// The issuer knows the public part of the encryption key.
	signer, err := durward.NewSigner(durward.SignerConfig{Issuer: "https://id.example.org", Audience: "orders", Key: signing})
	if err != nil {
		log.Fatal(err)
	}
	encrypter, err := jwe.NewEncrypter(encryption.Public())
	if err != nil {
		log.Fatal(err)
	}
	token, _, err := signer.Sign(ctx, durward.Claims{Subject: "ann"})
	if err != nil {
		log.Fatal(err)
	}
	encrypted, err := encrypter.Encrypt(token)
	if err != nil {
		log.Fatal(err)
	}

	// The audience opens the token and verifies what it finds; durward.New takes the same configuration.
	decrypter, err := jwe.NewDecrypter(encryption)
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := durward.NewVerifier(durward.Config{
		Issuer: "https://id.example.org", Audience: "orders", Keys: signing.Public(), Unwrap: decrypter.Unwrap,
	})
	if err != nil {
		log.Fatal(err)
	}
	claims, err := verifier.Verify(ctx, encrypted)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(claims.Subject)

	// A token without its encryption is refused.
	_, err = verifier.Verify(ctx, token)
	fmt.Println(errors.Is(err, durward.ErrTokenEncryption))
	// Output:
	// ann
	// true
}
