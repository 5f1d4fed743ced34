package durward_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/durward-auth/durward"
)

const (
	toyPublicJWK  = `{"kty":"TOY","kid":"toy-1","use":"sig","alg":"TOY-1","pub":"MDEyMzQ1Njc4OWFiY2RlZg"}`
	toyPrivateJWK = `{"kty":"TOY","kid":"toy-1","use":"sig","alg":"TOY-1","pub":"MDEyMzQ1Njc4OWFiY2RlZg","priv":"dGhlIHNlZWQgb2YgdGhlIHRveQ"}`
)

func TestAKeyOfAFurtherTypeIsWrittenAndRead(t *testing.T) {
	made, err := durward.NewSigningKeyFunc(toy("TOY-1", 100))
	if err != nil {
		t.Fatal(err)
	}
	private, err := made.MarshalPrivateJWK()
	if err != nil || string(private) != toyPrivateJWK {
		t.Fatalf("got %s and %v, want %s", private, err, toyPrivateJWK)
	}
	public, err := made.Public().MarshalJWK()
	if err != nil || string(public) != toyPublicJWK {
		t.Fatalf("got %s and %v, want %s", public, err, toyPublicJWK)
	}
	signing, err := durward.ParsePrivateJWK(private, toyType(100))
	if err != nil {
		t.Fatal(err)
	}
	verification, err := durward.ParsePublicJWK(public, toyType(100))
	if err != nil {
		t.Fatal(err)
	}
	es := materialOf(t, durward.ES256).key
	set, err := durward.NewKeySet(es.Public(), verification)
	if err != nil {
		t.Fatal(err)
	}
	published, err := set.MarshalJWKS()
	if err != nil {
		t.Fatal(err)
	}
	read, err := durward.ParseKeySet(published, toyType(100))
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(read.Keys()); got != fmt.Sprint(set.Keys()) {
		t.Errorf("got %s, want %s", got, set.Keys())
	}
	accepted(t, newVerifier(t, config(read)), sign(t, signing))
	without, err := durward.ParseKeySet(published)
	if err != nil || len(without.Keys()) != 1 {
		t.Errorf("got %v and %v without the type, want the other key alone", without, err)
	}
	if text, err := made.MarshalPrivatePEM(); err == nil || text != nil {
		t.Errorf("got a PEM private key and %v, want an error alone", err)
	}
	if text, err := made.Public().MarshalPEM(); err == nil || text != nil {
		t.Errorf("got a PEM public key and %v, want an error alone", err)
	}
}

func TestAKeyWhosePrivatePartCannotBeHadIsNotWritten(t *testing.T) {
	p := toy("TOY-1", 100)
	p.Private = nil
	key, err := durward.NewSigningKeyFunc(p)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := key.MarshalPrivateJWK(); err == nil || text != nil {
		t.Errorf("got %s and %v, want an error alone", text, err)
	}
}

func TestAKeyOfAFurtherTypeKeepsTheRulesOfEveryKey(t *testing.T) {
	for name, text := range map[string]string{
		"a private key":                    toyPrivateJWK,
		"an unknown algorithm":             strings.Replace(toyPublicJWK, "TOY-1", "TOY-9", 1),
		"no algorithm":                     strings.Replace(toyPublicJWK, `"alg":"TOY-1",`, "", 1),
		"no public member":                 strings.Replace(toyPublicJWK, `"pub"`, `"pbu"`, 1),
		"a member that is not base64url":   strings.Replace(toyPublicJWK, "MDEy", "MDE+", 1),
		"a member that is padded":          strings.Replace(toyPublicJWK, `RlZg"`, `RlZg=="`, 1),
		"another public key":               strings.Replace(toyPublicJWK, "MDEy", "MDEz", 1),
		"material of another type":         strings.Replace(toyPublicJWK, `"pub"`, `"x":"AA","pub"`, 1),
		"private material of another type": strings.Replace(toyPublicJWK, `"pub"`, `"d":"AA","pub"`, 1),
		"a key for encryption":             strings.Replace(toyPublicJWK, `"use":"sig"`, `"use":"enc"`, 1),
		"operations without verify":        strings.Replace(toyPublicJWK, `"use":"sig"`, `"key_ops":["sign"]`, 1),
		"an empty kid":                     strings.Replace(toyPublicJWK, `"kid":"toy-1"`, `"kid":""`, 1),
		"a duplicate member":               strings.Replace(toyPublicJWK, `"pub"`, `"alg":"TOY-1","pub"`, 1),
		"an algorithm that is no string":   strings.Replace(toyPublicJWK, `"alg":"TOY-1"`, `"alg":1`, 1),
		"another type":                     strings.Replace(toyPublicJWK, `"TOY"`, `"TOI"`, 1),
	} {
		t.Run(name, func(t *testing.T) {
			if text == toyPublicJWK {
				t.Fatal("the text was not changed")
			}
			if key, err := durward.ParsePublicJWK([]byte(text), toyType(100)); err == nil || key != nil {
				t.Errorf("got %v and error %v, want an error alone", key, err)
			}
		})
	}
	for name, text := range map[string]string{
		"a public key":            toyPublicJWK,
		"another seed":            strings.Replace(toyPrivateJWK, "dGhl", "dGhm", 1),
		"operations without sign": strings.Replace(toyPrivateJWK, `"use":"sig"`, `"key_ops":["verify"]`, 1),
		"a seed that is a number": strings.Replace(toyPrivateJWK, `"dGhlIHNlZWQgb2YgdGhlIHRveQ"`, `1`, 1),
		"an unknown algorithm":    strings.Replace(toyPrivateJWK, "TOY-1", "TOY-9", 1),
	} {
		t.Run("private: "+name, func(t *testing.T) {
			if key, err := durward.ParsePrivateJWK([]byte(text), toyType(100)); err == nil || key != nil {
				t.Errorf("got %v and error %v, want an error alone", key, err)
			}
		})
	}
}

func TestASetWithKeysOfAFurtherType(t *testing.T) {
	es, err := materialOf(t, durward.ES256).key.Public().MarshalJWK()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		key  string
		want int // keys; 0 for an error
	}{
		"a key of the type":             {toyPublicJWK, 2},
		"without a kid":                 {strings.Replace(toyPublicJWK, `"kid":"toy-1",`, "", 1), 2},
		"an algorithm to come":          {strings.Replace(toyPublicJWK, "TOY-1", "TOY-9", 1), 1},
		"a key for encryption":          {strings.Replace(toyPublicJWK, `"use":"sig"`, `"use":"enc"`, 1), 1},
		"C19 a private key":             {toyPrivateJWK, 0},
		"a private key for another use": {strings.Replace(toyPrivateJWK, `"use":"sig"`, `"use":"enc"`, 1), 0},
		"a malformed key":               {strings.Replace(toyPublicJWK, "MDEy", "MDE+", 1), 0},
		"an unsound key":                {strings.Replace(toyPublicJWK, "MDEy", "MDEz", 1), 0},
	} {
		t.Run(name, func(t *testing.T) {
			set, err := durward.ParseKeySet(fmt.Appendf(nil, `{"keys":[%s,%s]}`, es, c.key), toyType(100))
			switch {
			case c.want == 0 && (err == nil || set != nil):
				t.Errorf("got %v and error %v, want an error alone", set, err)
			case c.want > 0 && (err != nil || len(set.Keys()) != c.want):
				t.Errorf("got %v and error %v, want %d keys", set, err, c.want)
			}
		})
	}
}

func TestAKeyTypeIsChecked(t *testing.T) {
	for name, change := range map[string]func(*durward.KeyType){
		"no name":              func(k *durward.KeyType) { k.Name = "" },
		"a name of RFC 7518":   func(k *durward.KeyType) { k.Name = "RSA" },
		"no members":           func(k *durward.KeyType) { k.Public = nil },
		"a member kid":         func(k *durward.KeyType) { k.Public = []string{"kid"} },
		"a private member kty": func(k *durward.KeyType) { k.Private = []string{"kty"} },
		"no constructor":       func(k *durward.KeyType) { k.NewVerificationKey = nil },
	} {
		kind := toyType(100)
		change(&kind)
		if key, err := durward.ParsePublicJWK([]byte(toyPublicJWK), kind); err == nil || key != nil {
			t.Errorf("%s: got %v and error %v, want an error alone", name, key, err)
		}
	}
	if key, err := durward.ParsePublicJWK([]byte(toyPublicJWK), toyType(100), toyType(100)); err == nil || key != nil {
		t.Errorf("one type twice: got %v and error %v, want an error alone", key, err)
	}
	if set, err := durward.ParseKeySet([]byte(`{"keys":[`+toyPublicJWK+`]}`), durward.KeyType{}); err == nil || set != nil {
		t.Errorf("an empty type: got %v and error %v, want an error alone", set, err)
	}
}

func TestAKeyTypeCannotMakeAnotherKeyThanItsJWKNames(t *testing.T) {
	es := materialOf(t, durward.ES256).key
	other, err := durward.NewSigningKeyFunc(toy("TOY-2", 100))
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]*durward.SigningKey{"no key": nil, "a key of this package": es, "a key for another algorithm": other} {
		kind := toyType(100)
		kind.NewVerificationKey = func(durward.JWK) (*durward.VerificationKey, error) {
			if key == nil {
				return nil, nil
			}
			return key.Public(), nil
		}
		kind.NewSigningKey = func(durward.JWK) (*durward.SigningKey, error) { return key, nil }
		if got, err := durward.ParsePublicJWK([]byte(toyPublicJWK), kind); err == nil || got != nil {
			t.Errorf("%s: got %v and error %v, want an error alone", name, got, err)
		}
		if got, err := durward.ParsePrivateJWK([]byte(toyPrivateJWK), kind); err == nil || got != nil {
			t.Errorf("%s: got %v and error %v, want an error alone", name, got, err)
		}
	}
	kind := toyType(100)
	kind.NewSigningKey = nil
	if got, err := durward.ParsePrivateJWK([]byte(toyPrivateJWK), kind); err == nil || got != nil {
		t.Errorf("no private constructor: got %v and error %v, want an error alone", got, err)
	}
}

func TestAJWKOfAFurtherTypePrintsWithoutItsSecret(t *testing.T) {
	kind := toyType(100)
	var printed []string
	kind.NewSigningKey = func(k durward.JWK) (*durward.SigningKey, error) {
		k.Bytes("priv")[0] = 'T' // a copy
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
			printed = append(printed, fmt.Sprintf(verb, k), fmt.Sprintf(verb, &k))
		}
		if got := string(k.Bytes("priv")); got != "the seed of the toy" {
			t.Errorf("got %q, want the member unchanged", got)
		}
		if got := k.Bytes("other"); got != nil {
			t.Errorf("got %q for a member that is not there, want nil", got)
		}
		return nil, errors.New("enough")
	}
	if _, err := durward.ParsePrivateJWK([]byte(toyPrivateJWK), kind); err == nil {
		t.Error("got no error, want the constructor's")
	}
	for _, text := range printed {
		if want := `TOY private key [secret] "toy-1"`; text != want {
			t.Errorf("got %q, want %q", text, want)
		}
	}
}
