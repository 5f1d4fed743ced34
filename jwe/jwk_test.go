package jwe_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"testing"

	"github.com/durward-auth/durward/jwe"
)

func TestAKeyIsWrittenAndRead(t *testing.T) {
	token := sign(t)
	for _, p := range pairs {
		t.Run(p.String(), func(t *testing.T) {
			key := keys()[p]
			text, err := key.MarshalPrivateJWK()
			if err != nil {
				t.Fatal(err)
			}
			read, err := jwe.ParsePrivateJWK(p.alg, p.enc, text)
			if err != nil {
				t.Fatal(err)
			}
			if read.ID() != key.ID() || read.KeyAlgorithm() != p.alg || read.ContentAlgorithm() != p.enc {
				t.Errorf("got %v, want the key %v", read.Public(), key.Public())
			}
			accepted(t, decrypter(t, read), encrypt(t, key, token), token, "the key as read")
			public, err := key.Public().MarshalJWK()
			if p.alg == jwe.Direct {
				if err == nil || public != nil {
					t.Errorf("got %s and error %v, want an error alone", public, err)
				}
				if key, err := jwe.ParsePublicJWK(p.alg, p.enc, text); err == nil || key != nil {
					t.Errorf("a secret as a public key: got %v and error %v, want an error alone", key, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var members map[string]any
			if err := json.Unmarshal(public, &members); err != nil || members["use"] != "enc" || members["alg"] != string(p.alg) || members["d"] != nil {
				t.Errorf("got %s and %v, want a public key for encryption", public, err)
			}
			theirs, err := jwe.ParsePublicJWK(p.alg, p.enc, public)
			if err != nil {
				t.Fatal(err)
			}
			if theirs.ID() != key.ID() || theirs.KeyAlgorithm() != p.alg || theirs.ContentAlgorithm() != p.enc {
				t.Errorf("got %v, want the public key of %v", theirs, key.Public())
			}
			e, err := jwe.NewEncrypter(theirs)
			if err != nil {
				t.Fatal(err)
			}
			encrypted, err := e.Encrypt(token)
			if err != nil {
				t.Fatal(err)
			}
			accepted(t, decrypter(t, key), encrypted, token, "the public key as read")
			if key, err := jwe.ParsePublicJWK(p.alg, p.enc, text); err == nil || key != nil {
				t.Errorf("a private key as a public one: got %v and error %v, want an error alone", key, err)
			}
			if key, err := jwe.ParsePrivateJWK(p.alg, p.enc, public); err == nil || key != nil {
				t.Errorf("a public key as a private one: got %v and error %v, want an error alone", key, err)
			}
		})
	}
}

func TestUnsoundJWKsAreRefused(t *testing.T) {
	for _, p := range pairs {
		text, err := keys()[p].MarshalPrivateJWK()
		if err != nil {
			t.Fatal(err)
		}
		var members map[string]any
		if err := json.Unmarshal(text, &members); err != nil {
			t.Fatal(err)
		}
		with := func(changes map[string]any) []byte {
			changed := maps.Clone(members)
			for name, value := range changes {
				if changed[name] = value; value == nil {
					delete(changed, name)
				}
			}
			return []byte(marshal(t, changed))
		}
		unsound := map[string][]byte{
			"nothing":                  nil,
			"null":                     []byte("null"),
			"a list":                   []byte("[]"),
			"a second value":           append(bytes.Clone(text), "{}"...),
			"a duplicate member":       bytes.Replace(text, []byte("{"), []byte(`{"use":"enc",`), 1),
			"a huge key":               with(map[string]any{"x5u": strings.Repeat("x", 64<<10)}),
			"no type":                  with(map[string]any{"kty": nil}),
			"an unknown type":          with(map[string]any{"kty": "AKP"}),
			"a type of a number":       with(map[string]any{"kty": 1}),
			"a use for signatures":     with(map[string]any{"use": "sig"}),
			"an empty use":             with(map[string]any{"use": ""}),
			"an operation to sign":     with(map[string]any{"key_ops": []string{"decrypt", "sign"}}),
			"operations of a string":   with(map[string]any{"key_ops": "decrypt"}),
			"operations of a number":   with(map[string]any{"key_ops": []any{1}}),
			"another algorithm":        with(map[string]any{"alg": "RSA-OAEP"}),
			"an algorithm to sign":     with(map[string]any{"alg": "ES256"}),
			"an algorithm of a number": with(map[string]any{"alg": 1}),
			"an empty kid":             with(map[string]any{"kid": ""}),
			"a kid of a number":        with(map[string]any{"kid": 1}),
			"a kid of 256 bytes":       with(map[string]any{"kid": strings.Repeat("k", 256)}),
		}
		switch p.alg {
		case jwe.Direct:
			unsound["no secret"] = with(map[string]any{"k": nil})
			unsound["a padded secret"] = with(map[string]any{"k": members["k"].(string) + "="})
			unsound["a secret of 31 bytes"] = with(map[string]any{"k": encode(make([]byte, 31))})
			unsound["a secret of 64 bytes"] = with(map[string]any{"k": strings.Repeat("ab", 43)})
			unsound["a secret of zeros"] = with(map[string]any{"k": encode(make([]byte, 32))})
		case jwe.RSAOAEP256:
			unsound["no modulus"] = with(map[string]any{"n": nil})
			unsound["an exponent of 3"] = with(map[string]any{"e": "Aw"})
			unsound["another private exponent"] = with(map[string]any{"d": "AQAB"})
			unsound["a curve"] = with(map[string]any{"crv": "P-256"})
		default:
			unsound["another curve"] = with(map[string]any{"crv": "P-384"})
			unsound["an unknown curve"] = with(map[string]any{"crv": "secp256k1"})
			unsound["no curve"] = with(map[string]any{"crv": nil})
			unsound["a point off the curve"] = with(map[string]any{"y": members["x"]})
			unsound["another private part"] = with(map[string]any{"d": members["x"]})
		}
		for name, text := range unsound {
			if key, err := jwe.ParsePrivateJWK(p.alg, p.enc, text); err == nil || key != nil {
				t.Errorf("%s: %s: got %v and error %v, want an error alone", p, name, key, err)
			}
			if key, err := jwe.ParsePublicJWK(p.alg, p.enc, text); err == nil || key != nil {
				t.Errorf("%s: %s: got the public key %v and error %v, want an error alone", p, name, key, err)
			}
		}
		for name, text := range map[string][]byte{
			"no algorithm": with(map[string]any{"alg": nil}), "no use": with(map[string]any{"use": nil}),
			"operations": with(map[string]any{"use": nil, "key_ops": []string{"decrypt", "unwrapKey", "deriveKey"}}),
		} {
			if _, err := jwe.ParsePrivateJWK(p.alg, p.enc, text); err != nil {
				t.Errorf("%s: %s: got %v, want a key", p, name, err)
			}
		}
		if key, err := jwe.ParsePrivateJWK(p.alg, p.enc, with(map[string]any{"kid": nil})); err != nil || key.ID() != "" {
			t.Errorf("%s: no kid: got %v and error %v, want a key without an id", p, key, err)
		}
		if key, err := jwe.ParsePrivateJWK(p.alg, "A128GCM", text); err == nil || key != nil {
			t.Errorf("%s: the content algorithm A128GCM: got %v and error %v, want an error alone", p, key, err)
		}
	}
	if _, err := jwe.ParsePrivateJWK(jwe.Direct, jwe.A256GCM, []byte(`{"kty":"oct","alg":"A256GCM","k":"`+encode(bytes.Repeat([]byte("k1"), 16))+`"}`)); err != nil {
		t.Errorf("a secret that names the content algorithm: got %v, want a key", err)
	}
}

func TestUnsoundKeysAreRefused(t *testing.T) {
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	torn := *p256
	torn.PublicKey = other.PublicKey
	for _, p := range []algorithms{{"RSA1_5", jwe.A256GCM}, {"", jwe.A256GCM}, {jwe.Direct, "A128GCM"}, {jwe.ECDHES, ""}, {"PBES2-HS256+A128KW", jwe.A256GCM}} {
		if key, err := jwe.GenerateKey(p.alg, p.enc); err == nil || key != nil {
			t.Errorf("generate %s: got %v and error %v, want an error alone", p, key, err)
		}
	}
	for name, c := range map[string]struct {
		alg     jwe.KeyAlgorithm
		enc     jwe.ContentAlgorithm
		private any
	}{
		"no key":                           {jwe.ECDHES, jwe.A256GCM, nil},
		"a nil EC key":                     {jwe.ECDHES, jwe.A256GCM, (*ecdsa.PrivateKey)(nil)},
		"a nil RSA key":                    {jwe.RSAOAEP256, jwe.A256GCM, (*rsa.PrivateKey)(nil)},
		"1024 bits":                        {jwe.RSAOAEP256, jwe.A256GCM, small},
		"P-224":                            {jwe.ECDHES, jwe.A256GCM, p224},
		"parts that do not match":          {jwe.ECDHES, jwe.A256GCM, &torn},
		"an Ed25519 key":                   {jwe.ECDHES, jwe.A256GCM, ed},
		"an EC key for RSA":                {jwe.RSAOAEP256, jwe.A256GCM, p256},
		"an EC key for dir":                {jwe.Direct, jwe.A256GCM, p256},
		"an RSA key for ECDH-ES":           {jwe.ECDHES, jwe.A256GCM, material(t, keys()[algorithms{jwe.RSAOAEP256, jwe.A256GCM}])},
		"a secret":                         {jwe.Direct, jwe.A256GCM, bytes.Repeat([]byte("k1"), 16)},
		"the algorithm RSA1_5":             {"RSA1_5", jwe.A256GCM, small},
		"the algorithm none":               {"none", jwe.A256GCM, p256},
		"the content algorithm A128GCM":    {jwe.ECDHES, "A128GCM", p256},
		"the content algorithm of nothing": {jwe.ECDHES, "", p256},
	} {
		if key, err := jwe.NewDecryptionKey(c.alg, c.enc, c.private); err == nil || key != nil {
			t.Errorf("%s: got %v and error %v, want an error alone", name, key, err)
		}
		if name == "parts that do not match" {
			continue // the public part is sound
		}
		if key, err := jwe.NewEncryptionKey(c.alg, c.enc, public(orNil(c.private))); err == nil || key != nil {
			t.Errorf("%s: got the public key %v and error %v, want an error alone", name, key, err)
		}
	}
	for name, secret := range map[string][]byte{"nothing": nil, "31 bytes": make([]byte, 31), "zeros": make([]byte, 32), "33 bytes": bytes.Repeat([]byte("k"), 33)} {
		if key, err := jwe.NewDirectKey(jwe.A256GCM, secret); err == nil || key != nil {
			t.Errorf("a secret of %s: got %v and error %v, want an error alone", name, key, err)
		}
	}
	if key, err := jwe.NewDirectKey("A256CBC-HS512", bytes.Repeat([]byte("k1"), 16)); err == nil || key != nil {
		t.Errorf("an unsupported content algorithm: got %v and error %v, want an error alone", key, err)
	}
	for _, curve := range []elliptic.Curve{elliptic.P384(), elliptic.P521()} {
		private, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		key, err := jwe.NewDecryptionKey(jwe.ECDHESA256KW, jwe.A256GCM, private)
		if err != nil {
			t.Fatal(err)
		}
		accepted(t, decrypter(t, key), encrypt(t, key, "a.b.c"), "a.b.c", curve.Params().Name)
		text, err := key.MarshalPrivateJWK()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := jwe.ParsePrivateJWK(jwe.ECDHESA256KW, jwe.A256GCM, text); err != nil {
			t.Errorf("%s: got %v, want the key again", curve.Params().Name, err)
		}
	}
}

// orNil spares public the keys that are nil.
func orNil(key any) any {
	switch k := key.(type) {
	case *ecdsa.PrivateKey:
		if k == nil {
			return (*ecdsa.PublicKey)(nil)
		}
	case *rsa.PrivateKey:
		if k == nil {
			return (*rsa.PublicKey)(nil)
		}
	}
	return key
}

func TestASecretIsCopied(t *testing.T) {
	secret := bytes.Repeat([]byte("k1"), 16)
	key, err := jwe.NewDirectKey(jwe.A256GCM, secret)
	if err != nil {
		t.Fatal(err)
	}
	encrypted := encrypt(t, key, "a.b.c")
	clear(secret)
	accepted(t, decrypter(t, key), encrypted, "a.b.c", "after the caller's secret is gone")
}

func TestAKeyPrintsWithoutItsSecret(t *testing.T) {
	secret := bytes.Repeat([]byte("s3cret!!"), 4)
	key, err := jwe.NewDirectKey(jwe.A256GCM, secret)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("key", "private", *key, "public", *key.Public())
	printed := []string{log.String()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		if got := fmt.Sprintf(verb, key); got != "[secret]" {
			t.Errorf("%s: got %s, want [secret]", verb, got)
		}
		printed = append(printed, fmt.Sprintf(verb, key.Public()))
	}
	for _, text := range printed {
		if !strings.Contains(text, "A256GCM") || strings.Contains(text, "s3cret") || strings.Contains(text, encode(secret)[:12]) || strings.Contains(text, fmt.Sprintf("%x", secret[:8])) {
			t.Errorf("got %s, want the algorithms and no secret", text)
		}
	}
}
