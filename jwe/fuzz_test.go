package jwe_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/jwe"
)

func FuzzDecrypt(f *testing.F) {
	const token = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl"
	var all []*jwe.DecryptionKey
	for _, p := range pairs {
		// Fixed ids, so that inputs that were found stay of use.
		key := keys()[p].WithID(p.String())
		all = append(all, key)
		encrypted := encrypt(f, key, token)
		f.Add(encrypted)
		f.Add(withHeader(encrypted, strings.Replace(marshal(f, headerOf(f, encrypted)), "{", `{"zip":"DEF",`, 1)))
		f.Add(strings.Replace(encrypted, ".", "..", 1))
		f.Add(forge(f, key, `{"sub":"ann"}`).make(f))
	}
	f.Add("....")
	f.Add(token)
	f.Add(withHeader("....", `{"alg":"dir","enc":"A256GCM","kid":"dir A256GCM","cty":"JWT","crit":["exp"]}`))
	f.Add(withHeader("....", `{"alg":"ECDH-ES","enc":"A256GCM","kid":"ECDH-ES A256GCM","epk":{"kty":"EC","crv":"P-256","x":"","y":""}}`))
	f.Add(withHeader("....", `{"alg":"PBES2-HS256+A128KW","enc":"A256GCM","p2c":2147483648,"p2s":"AA"}`))
	d, err := jwe.NewDecrypter(all...)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		inner, err := d.Decrypt(text)
		switch {
		case err != nil && (inner != "" || !errors.Is(err, durward.ErrTokenEncryption)):
			t.Fatalf("got %q and error %v, want %v alone", inner, err, durward.ErrTokenEncryption)
		case err == nil && inner != token:
			t.Fatalf("got %q, which nobody encrypted", inner)
		}
	})
}

func FuzzParseJWK(f *testing.F) {
	for i, p := range pairs {
		private, err := keys()[p].MarshalPrivateJWK()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(i), private)
		if public, err := keys()[p].Public().MarshalJWK(); err == nil {
			f.Add(uint8(i), public)
		}
	}
	f.Add(uint8(2), []byte(`{"kty":"EC","crv":"P-256","x":"","y":"","key_ops":[]}`))
	f.Fuzz(func(t *testing.T, i uint8, data []byte) {
		p := pairs[int(i)%len(pairs)]
		if key, err := jwe.ParsePrivateJWK(p.alg, p.enc, data); err == nil {
			accepted(t, decrypter(t, key), encrypt(t, key, "a.b.c"), "a.b.c", p.String())
			if _, err := jwe.ParsePublicJWK(p.alg, p.enc, data); err == nil {
				t.Fatal("a private key was read as a public one")
			}
			if _, err := key.MarshalPrivateJWK(); err != nil {
				t.Fatalf("a key that was read is not written: %v", err)
			}
		}
		if key, err := jwe.ParsePublicJWK(p.alg, p.enc, data); err == nil {
			text, err := key.MarshalJWK()
			if err != nil {
				t.Fatalf("a key that was read is not written: %v", err)
			}
			if again, err := jwe.ParsePublicJWK(p.alg, p.enc, text); err != nil || again.ID() != key.ID() {
				t.Fatalf("got %v and %v, want the key %v again", again, err, key)
			}
		}
	})
}
