package interop_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jws"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/bench/oracle"
	inside "github.com/durward-auth/durward/internal/jws"
	"github.com/durward-auth/durward/internal/vectors"
)

// example is a published compact JWS and its key.
type example struct {
	source, algorithm, token string
	key                      json.RawMessage
}

func examples(t *testing.T) []example {
	t.Helper()
	var rfc struct {
		JWS []struct {
			Source, Alg, Token string
			JWK                json.RawMessage
			Valid              bool
		}
	}
	read(t, &rfc, "rfc-examples", "rfc-examples.json")
	var all []example
	for _, e := range rfc.JWS {
		if e.Valid {
			all = append(all, example{e.Source, e.Alg, e.Token, e.JWK})
		}
	}
	for _, file := range []string{
		"jws/4_1.rsa_v15_signature.json", "jws/4_2.rsa-pss_signature.json", "jws/4_3.ecdsa_signature.json",
		"jws/4_4.hmac-sha2_integrity_protection.json", "curve25519/jws.json",
	} {
		var cookbook struct {
			Input struct {
				Key json.RawMessage
				Alg string
			}
			Output struct{ Compact string }
		}
		read(t, &cookbook, append([]string{"rfc7520-cookbook"}, strings.Split(file, "/")...)...)
		all = append(all, example{"RFC 7520 " + file, cookbook.Input.Alg, cookbook.Output.Compact, cookbook.Input.Key})
	}
	return all
}

func read(t *testing.T, into any, path ...string) {
	t.Helper()
	if err := json.Unmarshal(vectors.Read(t, path...), into); err != nil {
		t.Fatalf("%s: %v", strings.Join(path, "/"), err)
	}
}

// Whole claims sets are not what these examples hold, so the parts are compared: what we decode from the
// segments is what they return for a signature that they found right.
func TestPublishedExamplesReadTheSameEverywhere(t *testing.T) {
	found := examples(t)
	if len(found) < 10 {
		t.Fatalf("got %d examples, want at least 10", len(found))
	}
	for _, e := range found {
		t.Run(e.source, func(t *testing.T) {
			_, encodedHeader, encodedPayload, _, err := inside.Split(e.token, 8<<10)
			if err != nil {
				t.Fatal(err)
			}
			decoded, err := inside.AppendDecoded(nil, encodedHeader)
			if err != nil {
				t.Fatal(err)
			}
			header, err := inside.ParseHeader(string(decoded))
			if err != nil {
				t.Fatalf("got error %v, want the header", err)
			}
			if header.Algorithm != e.algorithm {
				t.Errorf("got alg %q, want %q", header.Algorithm, e.algorithm)
			}
			got, err := inside.AppendDecoded(nil, encodedPayload)
			if err != nil {
				t.Fatal(err)
			}
			if want := joseReads(t, e); string(got) != want {
				t.Errorf("go-jose: got payload %q, want %q", got, want)
			}
			if want := jwxReads(t, e); string(got) != want {
				t.Errorf("jwx: got payload %q, want %q", got, want)
			}
		})
	}
}

func joseReads(t *testing.T, e example) string {
	t.Helper()
	parsed, err := jose.ParseSignedCompact(e.token, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(e.algorithm)})
	if err != nil {
		t.Fatal(err)
	}
	var key jose.JSONWebKey
	if err := key.UnmarshalJSON(e.key); err != nil {
		t.Fatal(err)
	}
	if public := key.Public(); public.Key != nil {
		key = public
	}
	payload, err := parsed.Verify(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(payload)
}

func jwxReads(t *testing.T, e example) string {
	t.Helper()
	key, err := jwk.ParseKey(e.key)
	if err != nil {
		t.Fatal(err)
	}
	algorithm, ok := jwa.LookupSignatureAlgorithm(e.algorithm)
	if !ok {
		t.Fatalf("jwx does not know %q", e.algorithm)
	}
	payload, err := jws.Verify([]byte(e.token), jws.WithKey(algorithm, key))
	if err != nil {
		t.Fatal(err)
	}
	return string(payload)
}

// The published private keys sign here, and they find the signatures right.
func TestPublishedPrivateKeysSignTokensThatTheyVerify(t *testing.T) {
	tried := 0
	for _, e := range examples(t) {
		var members map[string]any
		if err := json.Unmarshal(e.key, &members); err != nil {
			t.Fatal(err)
		}
		if members["d"] == nil && members["k"] == nil {
			continue
		}
		tried++
		members["alg"] = e.algorithm
		named, err := json.Marshal(members)
		if err != nil {
			t.Fatal(err)
		}
		key, err := durward.ParsePrivateJWK(named)
		if err != nil {
			t.Errorf("%s: got error %v, want a key", e.source, err)
			continue
		}
		token := sign(t, key, claims())
		for _, o := range oracle.All() {
			if _, err := verifier(t, o, publish(t, key.WithID("published")), policy)(sign(t, key.WithID("published"), claims())); err != nil {
				t.Errorf("%s by %s: got error %v, want claims", e.source, o.Name, err)
			}
		}
		wantVerified(t, key, token)
	}
	if tried < 6 {
		t.Errorf("got %d private keys, want at least 6", tried)
	}
}
