package jwk_test

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"fmt"
	"strings"
	"testing"

	"github.com/durward-auth/durward/internal/jwk"
)

// everyKey has each kind of material with and without each attribute.
func everyKey() []jwk.Key {
	materials := []jwk.Material{{Secret: random(64)}}
	for _, key := range signers() {
		materials = append(materials, private(key), public(key.Public()))
	}
	var keys []jwk.Key
	for _, m := range materials {
		operations := []string{"sign", "verify"}
		keys = append(keys, jwk.Key{Material: m},
			jwk.Key{Material: m, KeyID: "\"kid\" <1> \u2028 é \x00", HasKeyID: true},
			jwk.Key{Material: m, Use: "sig", Operations: operations})
		for _, algorithm := range jwk.Algorithms() {
			if jwk.Check(algorithm, m) == nil {
				keys = append(keys, jwk.Key{Material: m, Algorithm: algorithm, KeyID: "k", HasKeyID: true, Use: "sig", Operations: operations})
			}
		}
	}
	return keys
}

func TestParseReadsWhatMarshalWrites(t *testing.T) {
	for _, key := range everyKey() {
		marshal := jwk.MarshalPrivate
		if key.Public != nil {
			marshal = jwk.MarshalPublic
		}
		data, err := marshal(key)
		if err != nil {
			t.Errorf("%v: got error %v, want none", key, err)
			continue
		}
		got, err := jwk.Parse(data)
		if err != nil || !sameKey(got, key) {
			t.Errorf("got %v, error %v, want %v", got, err, key)
		}
		again, err := marshal(got)
		if err != nil || !bytes.Equal(again, data) {
			t.Errorf("%v: marshalling what was parsed gives another text, error %v", key, err)
		}
	}
}

func TestMarshalPublicWritesTheHalfThatIsPublic(t *testing.T) {
	for name, key := range signers() {
		want := jwk.Key{Material: public(key.Public()), KeyID: "k", HasKeyID: true, Use: "sig", Operations: []string{"verify"}}
		from := jwk.Key{Material: private(key), KeyID: "k", HasKeyID: true, Use: "sig", Operations: []string{"sign"}}
		data, err := jwk.MarshalPublic(from)
		if err != nil {
			t.Fatal(err)
		}
		got, err := jwk.Parse(data)
		if err != nil || !sameKey(got, want) {
			t.Errorf("%s: got %v, error %v, want %v", name, got, err, want)
		}
		if from.Operations[0] != "sign" {
			t.Errorf("%s: the caller's key has been changed", name)
		}
		direct, err := jwk.MarshalPublic(want)
		if err != nil || !bytes.Equal(direct, data) {
			t.Errorf("%s: got %s, error %v, want %s", name, direct, err, data)
		}
	}
}

func TestMarshalWritesOneOrder(t *testing.T) {
	x, y := coordinates(p256())
	point := fmt.Sprintf(`"crv":"P-256","x":"%s","y":"%s"`, b64(x.FillBytes(make([]byte, 32))), b64(y.FillBytes(make([]byte, 32))))
	key := jwk.Key{Material: public(p256().Public()), Algorithm: "ES256", KeyID: "k", HasKeyID: true, Use: "sig", Operations: []string{"verify", "sign"}}
	want := `{"kty":"EC","kid":"k","use":"sig","alg":"ES256","key_ops":["verify","sign"],` + point + `}`
	if got, err := jwk.MarshalPublic(key); err != nil || string(got) != want {
		t.Errorf("got %s, error %v, want %s", got, err, want)
	}
	d := must(p256().Bytes())
	want = `{"kty":"EC",` + point + `,"d":"` + b64(d) + `"}`
	if got, err := jwk.MarshalPrivate(jwk.Key{Material: private(p256())}); err != nil || string(got) != want {
		t.Errorf("got another text than kty, crv, x, y, d; error %v", err)
	}
}

func TestMarshalRefusesWhatParseWouldNot(t *testing.T) {
	good := public(p256().Public())
	for name, c := range map[string]struct {
		key      jwk.Key
		sentinel error
		sentence string
	}{
		"B26: use enc":              {jwk.Key{Material: good, Use: "enc"}, jwk.ErrUnsupported, "use is"},
		"B26: key_ops encrypt":      {jwk.Key{Material: good, Operations: []string{"encrypt"}}, jwk.ErrUnsupported, "key_ops names"},
		"B26: key_ops twice":        {jwk.Key{Material: good, Operations: []string{"verify", "verify"}}, jwk.ErrInvalid, "twice"},
		"B26: another algorithm":    {jwk.Key{Material: good, Algorithm: "RS256"}, jwk.ErrInvalid, "RS256 wants"},
		"B26: no such algorithm":    {jwk.Key{Material: good, Algorithm: "none"}, jwk.ErrUnsupported, "not supported"},
		"B21: a weak secret":        {jwk.Key{Material: jwk.Material{Secret: random(16)}}, jwk.ErrWeak, "16 bytes"},
		"a kid that is said and no": {jwk.Key{Material: good, HasKeyID: true}, jwk.ErrInvalid, "kid is empty"},
		"a kid of 256 bytes":        {jwk.Key{Material: good, KeyID: strings.Repeat("k", 256)}, jwk.ErrInvalid, "256 bytes"},
		"a kid that is not UTF-8":   {jwk.Key{Material: good, KeyID: "\xff"}, jwk.ErrInvalid, "not UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, marshal := range []func(jwk.Key) ([]byte, error){jwk.MarshalPublic, jwk.MarshalPrivate} {
				data, err := marshal(c.key)
				wantError(t, err, c.sentinel, c.sentence)
				if data != nil {
					t.Errorf("got %d bytes with the error, want none", len(data))
				}
			}
		})
	}
	_, err := jwk.MarshalPrivate(jwk.Key{Material: good})
	wantError(t, err, jwk.ErrInvalid, "no private part")
	_, err = jwk.MarshalPublic(jwk.Key{Material: jwk.Material{Secret: random(64)}})
	wantError(t, err, jwk.ErrInvalid, "no public part")
}

func TestAKeyWithoutPrecomputedValuesIsWritten(t *testing.T) {
	k := rsaKey()
	bare := &rsa.PrivateKey{PublicKey: k.PublicKey, D: k.D, Primes: k.Primes}
	data, err := jwk.MarshalPrivate(jwk.Key{Material: private(bare)})
	if err != nil {
		t.Fatal(err)
	}
	got, err := jwk.Parse(data)
	if err != nil || !sameKey(got, jwk.Key{Material: private(k)}) {
		t.Fatalf("got %v, error %v, want the key", got, err)
	}
	digest := random(32)
	signature, err := got.Private.Sign(nil, digest, crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	if err := rsa.VerifyPKCS1v15(&k.PublicKey, crypto.SHA256, digest, signature); err != nil {
		t.Errorf("the key that was read back does not sign: %v", err)
	}
}

func TestThumbprintIsThatOfThePublicPart(t *testing.T) {
	seen := map[string]string{}
	for name, key := range signers() {
		a, errA := jwk.Thumbprint(private(key))
		b, errB := jwk.Thumbprint(public(key.Public()))
		if errA != nil || errB != nil || a != b || len(a) != 43 {
			t.Errorf("%s: got %q, %v and %q, %v, want the same 43 characters", name, a, errA, b, errB)
		}
		if seen[a] != "" {
			t.Errorf("%s and %s have one thumbprint", name, seen[a])
		}
		seen[a] = name
	}
}
