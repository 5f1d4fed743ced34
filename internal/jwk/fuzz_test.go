package jwk_test

import (
	"bytes"
	"crypto/x509"
	"testing"

	"github.com/durward-auth/durward/internal/jwk"
)

func FuzzParse(f *testing.F) {
	for _, key := range everyKey() {
		if key.Public != nil {
			f.Add(must(jwk.MarshalPublic(key)))
		} else {
			f.Add(must(jwk.MarshalPrivate(key)))
		}
	}
	f.Add(ecDoc().with("crv", "P-384").json())
	f.Add(edDoc().with("x", b64(make([]byte, 32))).json())
	f.Add(octDoc().with("k", b64(make([]byte, 64))).json())
	f.Add([]byte(`{"kty":"RSA","n":"AQ","e":"AQAB","d":"AQ","p":"AQ","q":"AQ","dp":"AQ","dq":"AQ","qi":"AQ"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		key, err := jwk.Parse(data)
		if err != nil {
			wantOneSentinel(t, err)
			return
		}
		wantSound(t, key)
		marshal := jwk.MarshalPrivate
		if key.Public != nil {
			marshal = jwk.MarshalPublic
		}
		written, err := marshal(key)
		if err != nil {
			t.Fatalf("marshal: got error %v for a key that Parse took", err)
		}
		again, err := jwk.Parse(written)
		if err != nil || !sameKey(key, again) {
			t.Fatalf("got %v, error %v, want the same key %v", again, err, key)
		}
	})
}

func FuzzParseSet(f *testing.F) {
	f.Add(set(edDoc(), ecDoc(), rsaDoc()))
	f.Add(set(edDoc().with("kid", "a"), ecDoc().with("kid", "b").with("use", "enc")))
	f.Add(set(ecDoc().with("kid", "a").with("alg", "ES256").with("key_ops", []string{"verify"}), doc{"kty": "AKP", "kid": "b"}))
	f.Add(set(of(private(edKey()))))
	f.Add([]byte(`{"keys":[null,{},[]]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		keys, skipped, err := jwk.ParseSet(data)
		if err != nil {
			wantOneSentinel(t, err)
			if keys != nil || skipped != nil {
				t.Fatal("got keys or reasons with the error")
			}
			return
		}
		for _, reason := range skipped {
			wantOneSentinel(t, reason)
		}
		for _, key := range keys {
			wantSound(t, key)
			if key.Public == nil {
				t.Fatalf("got %v from a set of public keys", key)
			}
		}
		written, err := jwk.MarshalSet(keys)
		if err != nil {
			t.Fatalf("marshal: got error %v for a set that ParseSet took", err)
		}
		again, skipped, err := jwk.ParseSet(written)
		if err != nil || len(skipped) != 0 || len(again) != len(keys) {
			t.Fatalf("got %d keys, skipped %v, error %v, want %d keys", len(again), skipped, err, len(keys))
		}
		for i := range keys {
			if !sameKey(keys[i], again[i]) {
				t.Fatalf("key %d: got %v, want %v", i, again[i], keys[i])
			}
		}
	})
}

func FuzzParsePEM(f *testing.F) {
	for _, key := range signers() {
		f.Add(must(jwk.MarshalPrivatePEM(key)))
		f.Add(must(jwk.MarshalPublicPEM(key.Public())))
	}
	f.Add(armour("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&rsaKey().PublicKey)))
	f.Add(armour("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey())))
	f.Add(append(ecParameters(), armour("EC PRIVATE KEY", must(x509.MarshalECPrivateKey(p256())))...))
	f.Add(armour("CERTIFICATE", selfSigned(p256())))
	f.Fuzz(func(t *testing.T, data []byte) {
		signer, errPrivate := jwk.ParsePrivatePEM(data)
		if errPrivate != nil {
			wantOneSentinel(t, errPrivate)
		} else {
			wantSound(t, jwk.Key{Material: private(signer)})
			again, err := jwk.ParsePrivatePEM(must(jwk.MarshalPrivatePEM(signer)))
			if err != nil || !sameMaterial(private(signer), private(again)) {
				t.Fatalf("got error %v, want the same private key", err)
			}
		}
		key, errPublic := jwk.ParsePublicPEM(data)
		if errPublic != nil {
			wantOneSentinel(t, errPublic)
			return
		}
		if errPrivate == nil {
			t.Fatal("one text is a private and a public key")
		}
		wantSound(t, jwk.Key{Material: public(key)})
		written := must(jwk.MarshalPublicPEM(key))
		again, err := jwk.ParsePublicPEM(written)
		if err != nil || !sameMaterial(public(key), public(again)) || bytes.Contains(written, []byte("PRIVATE")) {
			t.Fatalf("got error %v, want the same public key", err)
		}
	})
}

// wantSound checks that a key that was accepted is fit for its algorithm, or for one at least.
func wantSound(t *testing.T, key jwk.Key) {
	t.Helper()
	if key.Algorithm != "" {
		if err := jwk.Check(key.Algorithm, key.Material); err != nil {
			t.Fatalf("%v: got error %v for an accepted key", key, err)
		}
	} else {
		fit := false
		for _, algorithm := range jwk.Algorithms() {
			fit = fit || jwk.Check(algorithm, key.Material) == nil
		}
		if !fit {
			t.Fatalf("%v is fit for no algorithm", key)
		}
	}
	if _, err := jwk.Thumbprint(key.Material); err != nil {
		t.Fatalf("%v: got error %v for its thumbprint", key, err)
	}
}
