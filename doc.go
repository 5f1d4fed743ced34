// Package durward guards HTTP routes with JSON Web Tokens, and issues them.
//
// A complete program, with a route for everybody who logged in and one for administrators:
//
//	package main
//
//	import (
//		"fmt"
//		"log"
//		"net/http"
//		"os"
//
//		"github.com/durward-auth/durward"
//	)
//
//	func main() {
//		pem, err := os.ReadFile("issuer-public.pem")
//		if err != nil {
//			log.Fatal(err)
//		}
//		keys, err := durward.ParsePublicPEM(durward.ES256, pem)
//		if err != nil {
//			log.Fatal(err)
//		}
//		guard, err := durward.New(durward.Config{
//			Issuer:   "https://id.example.org",
//			Audience: "orders",
//			Keys:     keys,
//		})
//		if err != nil {
//			log.Fatal(err)
//		}
//		hello := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
//			fmt.Fprintln(w, "Hello,", durward.FromContext(r.Context()).Subject)
//		})
//		http.Handle("GET /protected", guard.Require(hello))
//		http.Handle("GET /admin", guard.Require(hello, durward.Role("admin")))
//		log.Fatal(http.ListenAndServe("127.0.0.1:8080", nil))
//	}
//
// # What is checked
//
// A key is bound to one algorithm, and a token's header only ever selects among keys. A
// token must be a compact JWS of canonical base64url and strict JSON, of type at+jwt, signed by a
// key of the issuer, for the audience, and within its lifetime. Everything else is
// refused; see [Verifier.Verify] for the order and [Config] for what may be relaxed. A method returns
// a value or an error, never both.
//
// # The parts
//
//   - Keys: [GenerateKey], [NewHMACKey], [ParsePrivatePEM], [ParsePublicPEM], [ParsePrivateJWK],
//     [ParsePublicJWK]; sets of them: [NewKeySet], [ParseKeySet].
//   - Tokens: [Signer] makes them, [Verifier] checks them, [Claims] is what they say.
//   - Routes: [Guard] with [Role], [Scope], [Fresh] and [Where]; [Location] for tokens that are not in the
//     Authorization header; [LoginHandler] to hand tokens out.
//   - Other issuers: the package jwks keeps a remote issuer's key set; [Trust] adds issuers to a guard.
//   - Sessions and revocation: the packages session and revocation.
//   - Tests of programs that use this package: the package durwardtest.
//   - More kinds of keys: [KeyType] and [Primitive]; the module mldsa brings ML-DSA, and the
//     module fastkeys checks signatures of known keys faster. Encrypted tokens: the module jwe, by Unwrap of [Config].
package durward
