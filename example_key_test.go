package durward_test

import (
	"fmt"
	"log"
	"strings"

	"github.com/durward-auth/durward"
)

const publicPEM = `-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=
-----END PUBLIC KEY-----`

func ExampleGenerateKey() {
	key, err := durward.GenerateKey(durward.ES256)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(key, key.Algorithm(), len(key.ID()))
	// Output: [secret] ES256 43
}

func ExampleNewHMACKey() {
	_, err := durward.NewHMACKey(durward.HS256, []byte("too short"))
	fmt.Println(err != nil)

	_, err = durward.NewHMACKey(durward.HS256, []byte(publicPEM)) // the text of a public key is no secret
	fmt.Println(err != nil)
	// Output:
	// true
	// true
}

func ExampleParsePublicPEM() {
	key, err := durward.ParsePublicPEM(durward.EdDSA, []byte(publicPEM))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(key)
	// Output: EdDSA key kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k
}

// The key of RFC 8037, appendix A.2.
func ExampleParsePublicJWK() {
	key, err := durward.ParsePublicJWK([]byte(`{"kty":"OKP","crv":"Ed25519","kid":"2026-11","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(key)
	// Output: EdDSA key 2026-11
}

func ExampleParsePrivatePEM() {
	key, err := durward.GenerateKey(durward.ES256)
	if err != nil {
		log.Fatal(err)
	}
	text, err := key.MarshalPrivatePEM() // keep it secret
	if err != nil {
		log.Fatal(err)
	}
	again, err := durward.ParsePrivatePEM(durward.ES256, text)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(again.ID() == key.ID())
	// Output: true
}

// Several keys verify while one signs: that is how keys are rotated.
func ExampleNewKeySet() {
	old, err := durward.GenerateKey(durward.ES256)
	if err != nil {
		log.Fatal(err)
	}
	fresh, err := durward.GenerateKey(durward.EdDSA)
	if err != nil {
		log.Fatal(err)
	}
	set, err := durward.NewKeySet(old.WithID("2026-10").Public(), fresh.WithID("2026-11").Public())
	if err != nil {
		log.Fatal(err)
	}
	for _, key := range set.Keys() {
		fmt.Println(key)
	}
	published, err := set.MarshalJWKS()
	if err != nil {
		log.Fatal(err)
	}
	read, err := durward.ParseKeySet(published)
	fmt.Println(strings.HasPrefix(string(published), `{"keys":[`), len(read.Keys()), err)
	// Output:
	// ES256 key 2026-10
	// EdDSA key 2026-11
	// true 2 <nil>
}
