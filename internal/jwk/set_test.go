package jwk_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/durward-auth/durward/internal/jwk"
)

func TestParseSetKeepsOrder(t *testing.T) {
	data := set(
		edDoc().with("kid", "c").with("alg", "EdDSA"),
		rsaDoc().with("kid", "a").with("alg", "RS256").with("use", "sig"),
		ecDoc().with("kid", "b"),
		of(public(p384().Public())), // no kid, twice
		of(public(p521().Public())),
	)
	keys, skipped, err := jwk.ParseSet(data)
	if err != nil || len(skipped) != 0 {
		t.Fatalf("got error %v, skipped %v, want neither", err, skipped)
	}
	want := []jwk.Key{
		{Material: public(edKey().Public()), KeyID: "c", HasKeyID: true, Algorithm: "EdDSA"},
		{Material: public(rsaKey().Public()), KeyID: "a", HasKeyID: true, Algorithm: "RS256", Use: "sig"},
		{Material: public(p256().Public()), KeyID: "b", HasKeyID: true},
		{Material: public(p384().Public())},
		{Material: public(p521().Public())},
	}
	if len(keys) != len(want) {
		t.Fatalf("got %d keys, want %d", len(keys), len(want))
	}
	for i := range want {
		if !sameKey(keys[i], want[i]) {
			t.Errorf("key %d: got %v, want %v", i, keys[i], want[i])
		}
	}
}

func TestParseSetSkipsWhatItNeedNotUnderstand(t *testing.T) { // B26
	good := edDoc().with("kid", "good")
	weakRSA := rsaDoc().with("n", b64(oddNumber(1024).Bytes()))
	for name, c := range map[string]struct {
		doc      doc
		sentence string
	}{
		"an unknown kty":              {doc{"kty": "AKP", "kid": "x", "alg": "ML-DSA-44", "pub": "AA"}, `keys[0] (kid "x"): kty "AKP" is not supported`},
		"an unknown kty, odd members": {doc{"kty": "new", "kid": 7, "use": 7, "alg": 7}, `keys[0]: kty "new"`},
		"another crv":                 {ecDoc().with("crv", "secp256k1"), `keys[0]: crv "secp256k1"`},
		"X25519":                      {edDoc().with("crv", "X25519"), "X25519"},
		"alg RSA-OAEP":                {rsaDoc().with("alg", "RSA-OAEP"), `algorithm "RSA-OAEP"`},
		"use enc":                     {rsaDoc().with("use", "enc"), `use is "enc"`},
		"use enc and a weak key":      {weakRSA.with("use", "enc"), `use is "enc"`},
		"key_ops encrypt":             {rsaDoc().with("key_ops", []string{"encrypt"}), `key_ops names "encrypt"`},
		"use sig, unknown key_ops":    {ecDoc().with("use", "sig").with("key_ops", []string{"verify", "x"}), `key_ops names "x"`},
		"key_ops without verify":      {ecDoc().with("key_ops", []string{}), "lacks verify"},
	} {
		t.Run(name, func(t *testing.T) {
			keys, skipped, err := jwk.ParseSet(set(c.doc, good))
			if err != nil {
				t.Fatalf("got error %v, want none", err)
			}
			if len(keys) != 1 || keys[0].KeyID != "good" {
				t.Errorf("got keys %v, want the good one", keys)
			}
			if len(skipped) != 1 {
				t.Fatalf("got skipped %v, want one", skipped)
			}
			wantError(t, skipped[0], jwk.ErrUnsupported, c.sentence)
		})
	}
}

func TestParseSetRefusesTheWholeSet(t *testing.T) {
	good := edDoc().with("kid", "good")
	for name, c := range map[string]struct {
		bad      doc
		sentinel error
		sentence string
	}{
		"B23: a weak RSA key":              {rsaDoc().with("n", b64(oddNumber(1024).Bytes())), jwk.ErrWeak, "keys[1]: RSA key has 1024 bits"},
		"B23: e is 3":                      {rsaDoc().with("e", "Aw").with("kid", "k"), jwk.ErrWeak, `keys[1] (kid "k"): RSA public exponent`},
		"B24: a point off the curve":       {ecDoc().with("x", b64(random(32))), jwk.ErrInvalid, "not on the curve"},
		"B24: a coordinate of 31 bytes":    {ecDoc().with("x", b64(random(31))), jwk.ErrInvalid, "31 bytes"},
		"B24: no crv":                      {ecDoc().with("crv", nil), jwk.ErrInvalid, "crv is missing"},
		"B26: alg of another kind":         {ecDoc().with("alg", "RS256"), jwk.ErrInvalid, "RS256 wants"},
		"B27: a private RSA key":           {of(private(rsaKey())), jwk.ErrInvalid, "private member d in a set of public keys"},
		"B27: a private EC key":            {of(private(p256())), jwk.ErrInvalid, "private member d"},
		"B27: a private Ed25519 key":       {of(private(edKey())), jwk.ErrInvalid, "private member d"},
		"B27: an RSA prime alone":          {rsaDoc().with("q", "AQAB"), jwk.ErrInvalid, "private member q"},
		"B27: a private key for enc":       {of(private(rsaKey())).with("use", "enc"), jwk.ErrInvalid, "private member d"},
		"B27: a private X25519 key":        {edDoc().with("crv", "X25519").with("d", b64(random(32))), jwk.ErrInvalid, "private member d"},
		"B27: a private ML-DSA key":        {doc{"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA", "priv": "AA"}, jwk.ErrInvalid, "private member priv"},
		"B27: a secret":                    {octDoc(), jwk.ErrInvalid, "a secret (oct) in a set"},
		"B27: a secret without k":          {doc{"kty": "oct"}, jwk.ErrInvalid, "a secret (oct) in a set"},
		"B27: a secret for enc":            {octDoc().with("alg", "A128GCM").with("use", "enc"), jwk.ErrInvalid, "a secret (oct)"},
		"B27: a k in an EC key":            {ecDoc().with("k", "AQAB"), jwk.ErrInvalid, "private member k"},
		"B28: a kid twice":                 {ecDoc().with("kid", "good"), jwk.ErrInvalid, `keys[1] (kid "good"): another key of the set has the same kid`},
		"B28: the same key twice":          {good, jwk.ErrInvalid, "the same kid"},
		"B28: a kid shared with a skipped": {doc{"kty": "AKP", "kid": "good"}, jwk.ErrInvalid, "the same kid"},
		"an empty kid":                     {ecDoc().with("kid", ""), jwk.ErrInvalid, "kid is empty"},
		"kid as a number":                  {ecDoc().with("kid", 1), jwk.ErrInvalid, "kid is not a string"},
		"no kty":                           {ecDoc().with("kty", nil), jwk.ErrInvalid, "kty is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			keys, skipped, err := jwk.ParseSet(set(good, c.bad))
			wantError(t, err, c.sentinel, c.sentence)
			if keys != nil || skipped != nil {
				t.Errorf("got %v and %v with the error, want neither", keys, skipped)
			}
			wantNoMaterial(t, err, c.bad)
			if _, _, err := jwk.ParseSet(set(c.bad, good)); err == nil {
				t.Error("in the other order: got no error, want one")
			}
		})
	}
}

func TestParseSetRefusesWhatIsNoSet(t *testing.T) {
	many := make([]doc, 257)
	for i := range many {
		many[i] = doc{"kty": fmt.Sprint("unknown", i)}
	}
	for name, c := range map[string]struct{ text, sentence string }{
		"no keys":                {`{}`, "no member keys"},
		"a single key":           {string(ecDoc().json()), "no member keys"},
		"Keys":                   {`{"Keys":[]}`, "no member keys"},
		"keys twice":             {`{"keys":[],"keys":[]}`, "not a strict JSON object"},
		"keys as an object":      {`{"keys":{}}`, "keys is not an array"},
		"keys null":              {`{"keys":null}`, "keys is not an array"},
		"a key that is a string": {`{"keys":["key"]}`, "keys[0] is not an object"},
		"a key that is null":     {`{"keys":[null]}`, "keys[0] is not an object"},
		"a duplicate inside":     {`{"keys":[{"kty":"EC","kty":"oct"}]}`, "not a strict JSON object"},
		"an HTML page":           {"<!doctype html>", "not a strict JSON object"},
		"257 keys":               {string(set(many...)), "257 keys, at most 256"},
		"more than 1 MiB":        {`{"keys":[]` + strings.Repeat(" ", 1<<20) + `}`, "at most 1048576"},
	} {
		keys, skipped, err := jwk.ParseSet([]byte(c.text))
		wantError(t, err, jwk.ErrInvalid, c.sentence)
		if keys != nil || skipped != nil {
			t.Errorf("%s: got %v and %v with the error, want neither", name, keys, skipped)
		}
	}
	keys, skipped, err := jwk.ParseSet(set(many[:256]...))
	if err != nil || len(keys) != 0 || len(skipped) != 256 {
		t.Errorf("256 unknown keys: got %d keys, %d skipped, error %v, want 256 skipped", len(keys), len(skipped), err)
	}
	keys, skipped, err = jwk.ParseSet([]byte(`{"keys":[],"next":"ignored"}`))
	if err != nil || len(keys) != 0 || len(skipped) != 0 {
		t.Errorf("an empty set: got %v, %v, %v, want nothing", keys, skipped, err)
	}
}

func TestMarshalSetHasPublicMembersOnly(t *testing.T) { // B27, E09
	var keys []jwk.Key
	for name, key := range signers() {
		keys = append(keys,
			jwk.Key{Material: private(key), KeyID: name + " private", HasKeyID: true, Use: "sig", Operations: []string{"sign"}},
			jwk.Key{Material: public(key.Public()), KeyID: name + " public"},
			jwk.Key{Material: public(key.Public())})
	}
	data, err := jwk.MarshalSet(keys)
	if err != nil {
		t.Fatal(err)
	}
	var got struct{ Keys []map[string]any }
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Keys) != len(keys) {
		t.Errorf("got %d keys, want %d", len(got.Keys), len(keys))
	}
	for i, key := range got.Keys {
		for _, name := range []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"} {
			if _, ok := key[name]; ok {
				t.Errorf("key %d (%v) has the member %s", i, key["kid"], name)
			}
		}
	}
	parsed, skipped, err := jwk.ParseSet(data)
	if err != nil || len(skipped) != 0 || len(parsed) != len(keys) {
		t.Fatalf("got %d keys, skipped %v, error %v, want %d keys", len(parsed), skipped, err, len(keys))
	}
	for i, key := range parsed {
		if want := keys[i].KeyID; key.KeyID != want || key.HasKeyID != (want != "") {
			t.Errorf("key %d: got kid %q, want %q", i, key.KeyID, want)
		}
		if keys[i].Private != nil && (len(key.Operations) != 1 || key.Operations[0] != "verify") {
			t.Errorf("key %d: got key_ops %v, want verify", i, key.Operations)
		}
	}
	if data, err := jwk.MarshalSet(nil); err != nil || string(data) != `{"keys":[]}` {
		t.Errorf("an empty set: got %s, %v", data, err)
	}
}

func TestMarshalSetRefuses(t *testing.T) {
	good := jwk.Key{Material: public(p256().Public()), KeyID: "a", HasKeyID: true}
	other := jwk.Key{Material: public(edKey().Public()), KeyID: "a", HasKeyID: true}
	for name, c := range map[string]struct {
		keys     []jwk.Key
		sentence string
	}{
		"B27: a secret":    {[]jwk.Key{good, {Material: jwk.Material{Secret: random(64)}}}, "no public part"},
		"B28: a kid twice": {[]jwk.Key{good, other}, `two keys of the set have the kid "a"`},
		"an empty key":     {[]jwk.Key{{}}, "the key is empty"},
	} {
		data, err := jwk.MarshalSet(c.keys)
		if !errors.Is(err, jwk.ErrInvalid) || !strings.Contains(err.Error(), c.sentence) || data != nil {
			t.Errorf("%s: got %s and error %v, want one that says %q", name, data, err, c.sentence)
		}
	}
}
