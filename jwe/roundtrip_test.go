package jwe_test

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/jwe"
)

func TestATokenIsEncryptedAndOpened(t *testing.T) {
	token := sign(t)
	for _, p := range pairs {
		t.Run(p.String(), func(t *testing.T) {
			key := keys()[p]
			encrypted := encrypt(t, key, token)
			if strings.Contains(encrypted, strings.Split(token, ".")[1]) || strings.Count(encrypted, ".") != 4 {
				t.Fatalf("got %s, want five parts without the payload", encrypted)
			}
			header := headerOf(t, encrypted)
			if header["alg"] != string(p.alg) || header["enc"] != string(p.enc) || header["cty"] != "JWT" || header["kid"] != key.ID() || header["zip"] != nil {
				t.Errorf("got the header %v, want the key's algorithms and id, and cty JWT", header)
			}
			accepted(t, decrypter(t, key), encrypted, token, "the key")
			if again := encrypt(t, key, token); again == encrypted {
				t.Error("got the same encryption twice, want fresh keys and vectors")
			}
			for _, other := range pairs {
				if other != p {
					refused(t, decrypter(t, keys()[other]), encrypted, "the key for "+other.String())
					refused(t, decrypter(t, keys()[other].WithID(key.ID())), encrypted, "the key for "+other.String()+" under the same id")
				}
			}
		})
	}
}

func TestADecrypterChoosesByKeyID(t *testing.T) {
	p := algorithms{jwe.ECDHES, jwe.A256GCM}
	old := keys()[p]
	fresh, err := jwe.GenerateKey(p.alg, p.enc)
	if err != nil {
		t.Fatal(err)
	}
	token := sign(t)
	both := decrypter(t, fresh, old, keys()[algorithms{jwe.Direct, jwe.A256GCM}])
	for name, key := range map[string]*jwe.DecryptionKey{"the new key": fresh, "the old key": old} {
		accepted(t, both, encrypt(t, key, token), token, name)
		refused(t, both, encrypt(t, key.WithID("other"), token), name+" under an unknown id")
		refused(t, both, encrypt(t, key.WithID(""), token), name+" without an id")
		accepted(t, decrypter(t, key.WithID("")), encrypt(t, key.WithID(""), token), token, name+" without an id on both sides")
		refused(t, decrypter(t, key.WithID("")), encrypt(t, key, token), name+" with an id for a key without one")
	}
	refused(t, both, encrypt(t, fresh.WithID(old.ID()), token), "the new key under the id of the old")
}

func TestKeysOfADecrypterHaveIDsOfTheirOwn(t *testing.T) {
	key, other := keys()[algorithms{jwe.ECDHES, jwe.A256GCM}], keys()[algorithms{jwe.RSAOAEP256, jwe.A256GCM}]
	for name, list := range map[string][]*jwe.DecryptionKey{
		"none":                   nil,
		"nil":                    {nil},
		"one key twice":          {key, key},
		"two with one id":        {key, other.WithID(key.ID())},
		"two without an id":      {key.WithID(""), key.WithID("")},
		"an id that is too long": {key.WithID(strings.Repeat("k", 256))},
	} {
		if d, err := jwe.NewDecrypter(list...); err == nil || d != nil {
			t.Errorf("%s: got %v and error %v, want an error alone", name, d, err)
		}
	}
	if _, err := jwe.NewDecrypter(key.WithID(""), other.WithID("")); err != nil {
		t.Errorf("two algorithms without an id: got %v, want a decrypter", err)
	}
	for name, key := range map[string]*jwe.EncryptionKey{"nil": nil, "a long id": key.Public().WithID(strings.Repeat("k", 256)), "an id of other bytes": key.Public().WithID("\xff")} {
		if e, err := jwe.NewEncrypter(key); err == nil || e != nil {
			t.Errorf("%s: got %v and error %v, want an error alone", name, e, err)
		}
	}
}

func TestAGuardOpensEncryptedTokens(t *testing.T) {
	key := keys()[algorithms{jwe.ECDHESA256KW, jwe.A256GCM}]
	guard, err := durward.New(durward.Config{
		Issuer: issuer, Audience: audience, Keys: signingKey(), Clock: now, Unwrap: decrypter(t, key).Unwrap,
	})
	if err != nil {
		t.Fatal(err)
	}
	token := sign(t)
	encrypted := encrypt(t, key, token)
	for name, c := range map[string]struct {
		token string
		want  int
	}{
		"an encrypted token":             {encrypted, http.StatusOK},
		"the same again":                 {encrypted, http.StatusOK},
		"a token without its encryption": {token, http.StatusUnauthorized},
		"A27 an encrypted claims set":    {forge(t, key, strings.Split(token, ".")[1]).make(t), http.StatusUnauthorized},
		"a flipped bit":                  {encrypted[:len(encrypted)-5] + flip(encrypted[len(encrypted)-5:]), http.StatusUnauthorized},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Authorization", "Bearer "+c.token)
		w := httptest.NewRecorder()
		guard.Require(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write([]byte(durward.FromContext(r.Context()).Subject))
		})).ServeHTTP(w, r)
		if w.Code != c.want || (w.Code == http.StatusOK) != (w.Body.String() == "ann") {
			t.Errorf("%s: got %d %s, want %d", name, w.Code, w.Body, c.want)
		}
		if w.Code != http.StatusOK && !strings.Contains(w.Body.String(), `"token_invalid"`) {
			t.Errorf("%s: got %s, want the code token_invalid and no reason", name, w.Body)
		}
	}
}

func TestAWrongInnerSignatureIsRefused(t *testing.T) {
	key := keys()[algorithms{jwe.Direct, jwe.A256GCM}]
	v, err := durward.NewVerifier(durward.Config{Issuer: issuer, Audience: audience, Keys: signingKey(), Clock: now, Unwrap: decrypter(t, key).Unwrap})
	if err != nil {
		t.Fatal(err)
	}
	token := sign(t)
	parts := strings.Split(token, ".")
	other, err := durward.GenerateKey(durward.ES256)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		inner string
		want  error
	}{
		"a good token":                    {token, nil},
		"a signature with a flipped bit":  {parts[0] + "." + parts[1] + "." + flip(parts[2][:8]) + parts[2][8:], durward.ErrTokenSignature},
		"the algorithm none":              {encode([]byte(`{"alg":"none","typ":"at+jwt"}`)) + "." + parts[1] + ".AA", durward.ErrTokenKey},
		"an unknown key":                  {encode([]byte(`{"alg":"ES256","typ":"at+jwt","kid":"`+other.ID()+`"}`)) + "." + parts[1] + "." + parts[2], durward.ErrTokenKey},
		"A26 a nested token that says so": {encode([]byte(`{"alg":"ES256","typ":"at+jwt","cty":"JWT","kid":"`+signingKey().ID()+`"}`)) + "." + encode([]byte(token)) + "." + parts[2], durward.ErrTokenHeader},
	} {
		claims, err := v.Verify(t.Context(), encrypt(t, key, c.inner))
		if !errors.Is(err, c.want) || (err == nil) != (claims.Subject == "ann") {
			t.Errorf("%s: got the subject %q and error %v, want %v", name, claims.Subject, err, c.want)
		}
	}
}

func TestEncryptRefusesWhatIsNotASignedToken(t *testing.T) {
	key := keys()[algorithms{jwe.ECDHES, jwe.A256GCM}]
	e, err := jwe.NewEncrypter(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"nothing": "", "a claims set": `{"sub":"ann"}`, "dots": "..", "two parts": "a.b", "four parts": "a.b.c.d",
		"no signature": "a.b.", "a line break": "a.b.c\n", "padding": "a.b.c=",
		"A26 an encrypted token": encrypt(t, key, "a.b.c"),
		"a huge token":           "a.b." + strings.Repeat("c", jwe.MaxTokenSize),
	} {
		if got, err := e.Encrypt(text); err == nil || got != "" {
			t.Errorf("%s: got %q and error %v, want an error alone", name, got, err)
		}
	}
}

func TestAFlippedBitIsRefused(t *testing.T) {
	random := rand.New(rand.NewPCG(7516, 7518))
	token := sign(t)
	for _, p := range pairs {
		t.Run("C10 "+p.String(), func(t *testing.T) {
			d, encrypted := decrypter(t, keys()[p]), encrypt(t, keys()[p], token)
			parts := strings.Split(encrypted, ".")
			for i, part := range parts {
				raw := decode(t, part)
				for range min(len(raw)*8, 60) {
					bit := random.IntN(len(raw) * 8)
					raw[bit/8] ^= 1 << (bit % 8)
					changed := slices.Clone(parts)
					changed[i] = encode(raw)
					refused(t, d, strings.Join(changed, "."), "a bit of part "+string(rune('1'+i)))
					raw[bit/8] ^= 1 << (bit % 8)
				}
			}
			for range 200 {
				i := random.IntN(len(encrypted))
				changed := []byte(encrypted)
				changed[i] ^= 1 << random.IntN(8)
				refused(t, d, string(changed), "a bit of a character")
			}
		})
	}
}

func TestKeysAreUsedConcurrently(t *testing.T) {
	token := sign(t)
	for _, p := range pairs {
		e, err := jwe.NewEncrypter(keys()[p].Public())
		if err != nil {
			t.Fatal(err)
		}
		d := decrypter(t, keys()[p])
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				for range 3 {
					encrypted, err := e.Encrypt(token)
					if err != nil {
						t.Error(err)
						return
					}
					accepted(t, d, encrypted, token, p.String())
				}
			})
		}
		group.Wait()
	}
}

// flip returns the text with its first character exchanged for another of the alphabet.
func flip(text string) string {
	if text[0] == 'A' {
		return "B" + text[1:]
	}
	return "A" + text[1:]
}
