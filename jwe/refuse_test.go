package jwe_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"maps"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/jwe"
)

func TestOtherAlgorithmsAreRefused(t *testing.T) {
	token := sign(t)
	rsaKey, ecKey, secret := keys()[algorithms{jwe.RSAOAEP256, jwe.A256GCM}], keys()[algorithms{jwe.ECDHES, jwe.A256GCM}], keys()[algorithms{jwe.Direct, jwe.A256GCM}]
	for name, c := range map[string]struct {
		key *jwe.DecryptionKey
		alg jose.KeyAlgorithm
		enc jose.ContentEncryption
	}{
		"C17 RSA1_5":                       {rsaKey, jose.RSA1_5, jose.A256GCM},
		"RSA-OAEP with SHA-1":              {rsaKey, jose.RSA_OAEP, jose.A256GCM},
		"RSA with the other content":       {rsaKey, jose.RSA_OAEP_256, jose.A128CBC_HS256},
		"RSA with A128GCM":                 {rsaKey, jose.RSA_OAEP_256, jose.A128GCM},
		"RSA with A256CBC-HS512":           {rsaKey, jose.RSA_OAEP_256, jose.A256CBC_HS512},
		"ECDH-ES with a wrapped key":       {ecKey, jose.ECDH_ES_A256KW, jose.A256GCM},
		"ECDH-ES with a shorter wrap":      {ecKey, jose.ECDH_ES_A128KW, jose.A256GCM},
		"ECDH-ES with A128GCM":             {ecKey, jose.ECDH_ES, jose.A128GCM},
		"the secret as a wrapping key":     {secret, jose.A256KW, jose.A256GCM},
		"the secret as a GCM wrapping key": {secret, jose.A256GCMKW, jose.A256GCM},
		"C15 the secret as a password":     {secret, jose.PBES2_HS256_A128KW, jose.A256GCM},
		"the secret for other content":     {secret, jose.DIRECT, jose.A128CBC_HS256},
	} {
		f := forge(t, c.key, token)
		f.alg, f.enc = c.alg, c.enc
		refused(t, decrypter(t, c.key), f.make(t), name)
	}
	for _, p := range pairs {
		accepted(t, decrypter(t, keys()[p]), forge(t, keys()[p], token).make(t), token, p.String())
	}
}

func TestHeadersThatMeanSomethingElseAreRefused(t *testing.T) {
	token := sign(t)
	for _, p := range pairs {
		key := keys()[p]
		d := decrypter(t, key)
		for name, header := range map[string]map[jose.HeaderKey]any{
			"an extension":               {"crit": []string{"exp"}, "exp": 1},
			"an empty crit":              {"crit": []string{}},
			"a crit that is known":       {"crit": []string{"alg"}},
			"C15 a password's count":     {"p2c": 1 << 31},
			"C15 a count below zero":     {"p2c": -1},
			"C15 a count of 1.5":         {"p2c": 1.5},
			"a password's salt":          {"p2s": "AAAAAAAAAAA"},
			"a vector of another kind":   {"iv": "AAAAAAAAAAAAAAAA"},
			"a tag of another kind":      {"tag": "AAAAAAAAAAAAAAAAAAAAAA"},
			"C16 zip":                    {"zip": "DEF"},
			"C16 another zip":            {"zip": "none"},
			"C16 an empty zip":           {"zip": ""},
			"an unencoded payload":       {"b64": false},
			"no content type":            {"cty": nil},
			"another content type":       {"cty": "text/plain"},
			"a content type like JWT":    {"cty": "JWT2"},
			"a content type of a number": {"cty": 1},
			"a type of a number":         {"typ": 1},
			"a type of null":             {"typ": []any{}},
			"a key id of a number":       {"kid": 1},
			"an empty key id":            {"kid": ""},
			"a long key id":              {"kid": strings.Repeat("k", 256)},
			"another key id":             {"kid": "../../dev/null"},
			"a huge header":              {"x": strings.Repeat("x", 4<<10)},
		} {
			f := forge(t, key, token)
			f.header = header
			refused(t, d, f.make(t), p.String()+": "+name)
		}
		for name, header := range map[string]map[jose.HeaderKey]any{
			"lower case":            {"cty": "jwt"},
			"the whole type":        {"cty": "application/JWT"},
			"a type":                {"typ": "JWT"},
			"an unknown member":     {"x": map[string]any{"y": []int{1}}},
			"the address of a key":  {"jku": "http://127.0.0.1:1/", "x5u": "http://127.0.0.1:1/"},
			"a claim that is there": {"iss": "somebody"},
		} {
			f := forge(t, key, token)
			f.header = header
			accepted(t, d, f.make(t), token, p.String()+": "+name)
		}
	}
}

func TestACompressedTokenIsRefusedBeforeItGrows(t *testing.T) {
	key := keys()[algorithms{jwe.Direct, jwe.A256GCM}]
	f := forge(t, key, strings.Repeat("a", 16<<20)+".b.c") // 16 KiB when compressed
	f.zip = jose.DEFLATE
	bomb, d := f.make(t), decrypter(t, key)
	if len(bomb) > jwe.MaxTokenSize {
		t.Fatalf("got a bomb of %d bytes, want one that is not refused for its size", len(bomb))
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	refused(t, d, bomb, "C16")
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 256<<10 {
		t.Errorf("C16: got %d bytes allocated, want at most 256 KiB", grown)
	}
}

func TestMalformedTokensAreRefusedCheaply(t *testing.T) {
	key := keys()[algorithms{jwe.ECDHES, jwe.A128CBCHS256}]
	token := sign(t)
	d, good := decrypter(t, key), encrypt(t, key, token)
	parts := strings.Split(good, ".")
	padded := func(i int, with string) string {
		changed := append([]string(nil), parts...)
		changed[i] += with
		return strings.Join(changed, ".")
	}
	for name, text := range map[string]string{
		"nothing":                           "",
		"dots":                              "....",
		"A02 a million dots":                strings.Repeat(".", 1_000_000),
		"A03 64 KiB and a byte":             strings.Repeat("a", jwe.MaxTokenSize+1),
		"64 KiB in one header":              strings.Repeat("e", jwe.MaxTokenSize-4) + "....",
		"a signed token":                    sign(t),
		"a part more":                       good + ".",
		"a part less":                       strings.Join(parts[:4], "."),
		"a space before":                    " " + good,
		"a line break behind":               good + "\n",
		"a line break in the header":        parts[0][:4] + "\n" + good[4:],
		"a line break in the ciphertext":    strings.Join([]string{parts[0], parts[1], parts[2], parts[3][:8] + "\r\n" + parts[3][8:], parts[4]}, "."),
		"a padded header":                   padded(0, "="),
		"a padded vector":                   padded(2, "=="),
		"a padded tag":                      padded(4, "=="),
		"a tag with trailing bits":          good[:len(good)-1] + string(good[len(good)-1]+1),
		"a JSON serialization":              `{"protected":"` + parts[0] + `","iv":"` + parts[2] + `","ciphertext":"` + parts[3] + `","tag":"` + parts[4] + `"}`,
		"an encrypted key too many":         padded(1, strings.Repeat("A", 54)),
		"C17 an empty ciphertext":           strings.Join([]string{parts[0], "", parts[2], "", parts[4]}, "."),
		"C17 a ciphertext of a byte":        strings.Join([]string{parts[0], "", parts[2], "AA", parts[4]}, "."),
		"C17 an empty vector":               strings.Join([]string{parts[0], "", "", parts[3], parts[4]}, "."),
		"C17 an empty tag":                  strings.Join([]string{parts[0], "", parts[2], parts[3], ""}, "."),
		"C17 a truncated tag":               strings.Join([]string{parts[0], "", parts[2], parts[3], parts[4][:16]}, "."),
		"a header that is no object":        withHeader(good, `[]`),
		"a header of null":                  withHeader(good, `null`),
		"an empty header":                   withHeader(good, `{}`),
		"a header with a second value":      withHeader(good, `{}{}`),
		"a header in upper case":            withHeader(good, `{"ALG":"ECDH-ES","ENC":"A128CBC-HS256"}`),
		"A13 a duplicate name":              withHeader(good, strings.Replace(marshal(t, headerOf(t, good)), "{", `{"alg":"dir",`, 1)),
		"A13 a duplicate name in an escape": withHeader(good, strings.Replace(marshal(t, headerOf(t, good)), "{", `{"\u0061lg":"ECDH-ES",`, 1)),
		"A16 a header that is no UTF-8":     withHeader(good, strings.Replace(marshal(t, headerOf(t, good)), "{", "{\"x\":\"\xff\",", 1)),
		"A16 half a surrogate":              withHeader(good, strings.Replace(marshal(t, headerOf(t, good)), "{", `{"typ":"\ud800",`, 1)),
		"A16 half a surrogate in a name":    withHeader(good, strings.Replace(marshal(t, headerOf(t, good)), "{", `{"\ud800":1,`, 1)),
		"A18 a deep header":                 withHeader(good, `{"x":`+strings.Repeat("[", 3000)),
	} {
		begun := time.Now()
		refused(t, d, text, name)
		if took := time.Since(begun); took > time.Second {
			t.Errorf("%s: took %v, want far less than a second", name, took)
		}
	}
	accepted(t, d, good, token, "the token itself")
}

func TestAnUnsoundEphemeralKeyIsRefused(t *testing.T) {
	for _, p := range []algorithms{{jwe.ECDHES, jwe.A256GCM}, {jwe.ECDHESA256KW, jwe.A128CBCHS256}} {
		d, good := decrypter(t, keys()[p]), encrypt(t, keys()[p], sign(t))
		epk := headerOf(t, good)["epk"].(map[string]any)
		zero := encode(make([]byte, 32))
		with := func(changes map[string]any) any {
			changed := maps.Clone(epk)
			maps.Copy(changed, changes)
			return changed
		}
		larger, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		point, err := larger.PublicKey.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		for name, changed := range map[string]any{
			"C17 null":                          nil,
			"C17 a string":                      "x",
			"C17 an empty object":               map[string]any{},
			"C18 off the curve":                 with(map[string]any{"y": epk["x"]}),
			"C18 the point (0, 0)":              with(map[string]any{"x": zero, "y": zero}),
			"C18 a coordinate beyond the field": with(map[string]any{"x": encode([]byte(strings.Repeat("\xff", 32)))}),
			"C18 a coordinate a byte short":     with(map[string]any{"x": encode(decode(t, epk["x"].(string))[:31])}),
			"C18 a coordinate a byte long":      with(map[string]any{"x": encode(append([]byte{0}, decode(t, epk["x"].(string))...))}),
			"C18 a padded coordinate":           with(map[string]any{"x": epk["x"].(string) + "="}),
			"C18 a coordinate of null":          with(map[string]any{"x": nil}),
			"C18 another curve's name":          with(map[string]any{"crv": "P-384"}),
			"C18 a key on another curve":        map[string]any{"kty": "EC", "crv": "P-384", "x": encode(point[1:49]), "y": encode(point[49:])},
			"C18 an X25519 key of zeros":        map[string]any{"kty": "OKP", "crv": "X25519", "x": zero},
			"C18 another type":                  with(map[string]any{"kty": "OKP"}),
			"a private member":                  with(map[string]any{"d": zero}),
			"another member":                    with(map[string]any{"kid": "x"}),
		} {
			header := headerOf(t, good)
			header["epk"] = changed
			refused(t, d, withHeader(good, marshal(t, header)), p.String()+": "+name)
		}
		header := headerOf(t, good)
		delete(header, "epk")
		refused(t, d, withHeader(good, marshal(t, header)), p.String()+": C17 no epk")
		for name, value := range map[string]any{"a number": 1, "no base64url": "a+b/", "padding": "QQ==", "nothing": "", "513 bytes": encode(make([]byte, 513))} {
			for _, member := range []string{"apu", "apv"} {
				header := headerOf(t, good)
				header[member] = value
				refused(t, d, withHeader(good, marshal(t, header)), p.String()+": "+member+" is "+name)
			}
		}
	}
}

func TestAnEphemeralKeyForAnotherAlgorithmIsRefused(t *testing.T) {
	for _, p := range []algorithms{{jwe.Direct, jwe.A256GCM}, {jwe.RSAOAEP256, jwe.A256GCM}} {
		for _, member := range []jose.HeaderKey{"epk", "apu", "apv"} {
			f := forge(t, keys()[p], sign(t))
			f.header = map[jose.HeaderKey]any{member: "QQ"}
			refused(t, decrypter(t, keys()[p]), f.make(t), p.String()+": "+string(member))
		}
	}
}

func TestDecryptionIsNotAuthentication(t *testing.T) {
	token := sign(t)
	claims := string(decode(t, strings.Split(token, ".")[1]))
	for _, p := range pairs {
		key := keys()[p]
		d := decrypter(t, key)
		deep := token
		for range 5 {
			deep = forge(t, key, deep).make(t)
		}
		for name, content := range map[string]string{
			"A27 a claims set":                claims,
			"A27 a claims set in base64url":   encode([]byte(claims)),
			"an unsigned token":               strings.Join(strings.Split(token, ".")[:2], ".") + ".",
			"A26 an encrypted token":          forge(t, key, token).make(t),
			"A26 five layers":                 deep,
			"dots":                            "..",
			"a line break behind the token":   token + "\n",
			"a space before the token":        " " + token,
			"a signature in JSON form":        `{"payload":"` + encode([]byte(claims)) + `","signatures":[]}`,
			"a token with a part too many":    token + ".x",
			"a token with bytes beyond ASCII": token + "é",
		} {
			refused(t, d, forge(t, key, content).make(t), p.String()+": "+name)
		}
		// A verifier that expects no encryption refuses the token unseen.
		v, err := durward.NewVerifier(durward.Config{Issuer: issuer, Audience: audience, Keys: signingKey(), Clock: now})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := v.Verify(t.Context(), forge(t, key, claims).make(t)); err == nil {
			t.Errorf("A27 %s: got the claims of a token that was only encrypted, want an error", p)
		}
	}
}

func TestAFailureSaysNothingAboutTheKey(t *testing.T) {
	for _, p := range pairs {
		d, good := decrypter(t, keys()[p]), encrypt(t, keys()[p], sign(t))
		texts := map[string]bool{}
		for i := range 5 {
			parts := strings.Split(good, ".")
			if i == 0 || len(parts[i]) < 8 {
				continue
			}
			parts[i] = flip(parts[i])
			_, err := d.Decrypt(strings.Join(parts, "."))
			if err == nil {
				t.Fatalf("%s: got no error for a change in part %d", p, i)
			}
			texts[err.Error()] = true
		}
		if len(texts) != 1 {
			t.Errorf("C17 %s: got the errors %v, want one for all", p, texts)
		}
	}
}
