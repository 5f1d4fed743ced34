package jwk_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/durward-auth/durward/internal/jwk"
)

// lattice is a type with two public and two private members.
var lattice = jwk.Type{Name: "LAT", Public: []string{"pub", "rho"}, Private: []string{"priv", "seed"}}

const (
	latticePublic  = `{"kty":"LAT","kid":"1","use":"sig","alg":"LAT-1","pub":"AQ","rho":"Ag"}`
	latticePrivate = `{"kty":"LAT","kid":"1","use":"sig","alg":"LAT-1","pub":"AQ","rho":"Ag","priv":"Aw","seed":"BA"}`
)

func TestAKeyOfAFurtherTypeIsReadAndWritten(t *testing.T) {
	private, err := jwk.Parse([]byte(latticePrivate), lattice)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := jwk.MarshalPrivate(private); err != nil || string(got) != latticePrivate {
		t.Errorf("got %s and %v, want %s", got, err, latticePrivate)
	}
	if got, err := jwk.MarshalPublic(private); err != nil || string(got) != latticePublic {
		t.Errorf("got %s and %v, want %s", got, err, latticePublic)
	}
	public, err := jwk.Parse([]byte(latticePublic), jwk.Type{Name: "OTHER"}, lattice)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := jwk.MarshalSet([]jwk.Key{public}); err != nil || string(got) != `{"keys":[`+latticePublic+`]}` {
		t.Errorf("got %s and %v, want a set of %s", got, err, latticePublic)
	}
	if got, err := jwk.MarshalPrivate(public); err == nil || got != nil {
		t.Errorf("got %s and %v, want an error alone", got, err)
	}
	if private.IsPublic() || !public.IsPublic() {
		t.Errorf("got IsPublic %v and %v, want false and true", private.IsPublic(), public.IsPublic())
	}
	private.Use, private.Operations = "", []string{"sign"}
	const want = `{"kty":"LAT","kid":"1","alg":"LAT-1","key_ops":["verify"],"pub":"AQ","rho":"Ag"}`
	if got, err := jwk.MarshalPublic(private); err != nil || string(got) != want {
		t.Errorf("got %s and %v, want %s", got, err, want)
	}
	private.Use = "enc"
	if got, err := jwk.MarshalPublic(private); err == nil || got != nil {
		t.Errorf("a key for encryption: got %s and %v, want an error alone", got, err)
	}
	private.Use, private.KeyID = "sig", strings.Repeat("k", 256)
	if got, err := jwk.MarshalPrivate(private); err == nil || got != nil {
		t.Errorf("a kid of 256 bytes: got %s and %v, want an error alone", got, err)
	}
}

func TestAKeyOfThisPackageIsPublicOrNot(t *testing.T) {
	if key := (jwk.Key{Material: public(p256().Public())}); !key.IsPublic() {
		t.Errorf("%v: got IsPublic false, want true", key)
	}
	for _, key := range []jwk.Key{{Material: private(p256())}, {Material: jwk.Material{Secret: random(32)}}} {
		if key.IsPublic() {
			t.Errorf("%v: got IsPublic true, want false", key)
		}
	}
}

func TestAKeyOfAFurtherTypeKeepsTheRules(t *testing.T) {
	change := func(text, old, with string) string {
		t.Helper()
		if !strings.Contains(text, old) {
			t.Fatalf("%s is not in %s", old, text)
		}
		return strings.Replace(text, old, with, 1)
	}
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"a kid that is a number":          {change(latticePublic, `"1"`, `1`), jwk.ErrInvalid},
		"an empty kid":                    {change(latticePublic, `"1"`, `""`), jwk.ErrInvalid},
		"a use for encryption":            {change(latticePublic, `"sig"`, `"enc"`), jwk.ErrUnsupported},
		"a member of another type":        {change(latticePublic, `"pub"`, `"crv":"P-256","pub"`), jwk.ErrInvalid},
		"a private member of another one": {change(latticePublic, `"pub"`, `"d":"AQ","pub"`), jwk.ErrInvalid},
		"a public member missing":         {change(latticePublic, `,"rho":"Ag"`, ``), jwk.ErrInvalid},
		"a public member empty":           {change(latticePublic, `"Ag"`, `""`), jwk.ErrInvalid},
		"a private member missing":        {change(latticePrivate, `,"seed":"BA"`, ``), jwk.ErrInvalid},
		"a first private member missing":  {change(latticePrivate, `,"priv":"Aw"`, ``), jwk.ErrInvalid},
		"operations without verify":       {change(latticePublic, `"use":"sig"`, `"key_ops":["sign"]`), jwk.ErrUnsupported},
		"operations without sign":         {change(latticePrivate, `"use":"sig"`, `"key_ops":["verify"]`), jwk.ErrUnsupported},
		"trailing bits":                   {change(latticePublic, `"AQ"`, `"AR"`), jwk.ErrInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			if key, err := jwk.Parse([]byte(c.text), lattice); !errors.Is(err, c.want) {
				t.Errorf("got %v and error %v, want %v", key, err, c.want)
			}
		})
	}
	for _, operation := range []string{`["verify"]`, `["sign","verify"]`} {
		text := change(latticePublic, `"use":"sig"`, `"key_ops":`+operation)
		if _, err := jwk.Parse([]byte(text), lattice); err != nil {
			t.Errorf("key_ops %s: got %v, want a key", operation, err)
		}
	}
	if _, err := jwk.Parse([]byte(latticePublic)); !errors.Is(err, jwk.ErrUnsupported) {
		t.Errorf("without the type: got %v, want %v", err, jwk.ErrUnsupported)
	}
}

func TestASetOfAFurtherTypeHoldsNoPrivateKey(t *testing.T) {
	for name, text := range map[string]string{
		"a private key":                   latticePrivate,
		"a member private to the type":    strings.Replace(latticePublic, `"pub"`, `"seed":"BA","pub"`, 1),
		"the same in a key to be skipped": strings.Replace(latticePublic, `"use":"sig"`, `"use":"enc","seed":"BA"`, 1),
	} {
		keys, skipped, err := jwk.ParseSet([]byte(`{"keys":[`+text+`]}`), lattice)
		if !errors.Is(err, jwk.ErrInvalid) || keys != nil || skipped != nil {
			t.Errorf("C19 %s: got %v, %v and %v, want an error alone", name, keys, skipped, err)
		}
	}
	keys, skipped, err := jwk.ParseSet([]byte(`{"keys":[`+latticePublic+`,`+strings.Replace(latticePublic, `"1"`, `"2"`, 1)+`]}`), lattice)
	if err != nil || len(keys) != 2 || len(skipped) != 0 || keys[1].KeyID != "2" {
		t.Errorf("got %v, %v and %v, want two keys", keys, skipped, err)
	}
	if keys, skipped, err := jwk.ParseSet([]byte(`{"keys":[` + latticePublic + `]}`)); err != nil || len(keys) != 0 || len(skipped) != 1 {
		t.Errorf("without the type: got %v, %v and %v, want one skipped", keys, skipped, err)
	}
}

func TestAKeyOfAFurtherTypePrintsWithoutItsSecret(t *testing.T) {
	private, err := jwk.Parse([]byte(latticePrivate), lattice)
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		if got, want := fmt.Sprintf(verb, private), `LAT private key [secret] "1"`; got != want {
			t.Errorf("%s: got %s, want %s", verb, got, want)
		}
		if got, want := fmt.Sprintf(verb, private.Further), `LAT private key [secret]`; got != want {
			t.Errorf("%s: got %s, want %s", verb, got, want)
		}
	}
	if got, err := json.Marshal(private.Further); err != nil || string(got) != `"LAT private key [secret]"` {
		t.Errorf("got %s and %v, want the name of the type", got, err)
	}
	public, err := jwk.Parse([]byte(latticePublic), lattice)
	if err != nil || public.String() != `LAT public key "1"` {
		t.Errorf("got %v and %v, want a public key", public, err)
	}
}

func TestNamesThatAreTaken(t *testing.T) {
	for name, want := range map[string]bool{"kty": true, "kid": true, "x5t#S256": true, "": true, "pub": false, "d": false} {
		if got := jwk.Reserved(name); got != want {
			t.Errorf("Reserved(%q): got %v, want %v", name, got, want)
		}
	}
	for name, want := range map[string]bool{"RSA": true, "oct": true, "AKP": false, "rsa": false, "": false} {
		if got := jwk.Known(name); got != want {
			t.Errorf("Known(%q): got %v, want %v", name, got, want)
		}
	}
}
