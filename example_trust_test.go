package durward_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"

	"github.com/durward-auth/durward"
)

// One guard for the tokens of two issuers. A role counts only from the first.
func ExampleTrust() {
	own, err := durward.GenerateKey(durward.ES256)
	if err != nil {
		log.Fatal(err)
	}
	partner, err := durward.GenerateKey(durward.EdDSA)
	if err != nil {
		log.Fatal(err)
	}
	guard, err := durward.New(durward.Config{
		Issuer:   "https://id.example.org",
		Audience: "orders",
		Keys:     own,
		AlsoTrust: []durward.Trust{{
			Issuer:   "https://login.partner.example",
			Audience: "orders-api",
			Keys:     partner, // or jwks.New("https://login.partner.example")
		}},
	})
	if err != nil {
		log.Fatal(err)
	}
	ours := durward.Where(func(_ context.Context, c durward.Claims) error {
		if c.Issuer != "https://id.example.org" {
			return errors.New("only our own users")
		}
		return nil
	})
	http.Handle("GET /partners/admin", guard.Require(http.NotFoundHandler(), ours, durward.Role("admin")))

	for _, issuer := range []durward.SignerConfig{
		{Issuer: "https://id.example.org", Audience: "orders", Key: own},
		{Issuer: "https://login.partner.example", Audience: "orders-api", Key: partner},
		{Issuer: "https://login.partner.example", Audience: "orders-api", Key: own},
	} {
		signer, err := durward.NewSigner(issuer)
		if err != nil {
			log.Fatal(err)
		}
		token, _, err := signer.Sign(context.Background(), durward.Claims{Subject: "ada"})
		if err != nil {
			log.Fatal(err)
		}
		claims, err := guard.Verifier().Verify(context.Background(), token)
		fmt.Println(claims.Issuer, claims.Subject, err)
	}
	// Output:
	// https://id.example.org ada <nil>
	// https://login.partner.example ada <nil>
	//   no key has the token's algorithm and key id
}
