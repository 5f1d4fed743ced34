package fastkeys_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"math/big"
	"testing"

	"filippo.io/nistec"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/fastkeys"
)

func seeds(f *testing.F, algorithm durward.Algorithm) *key {
	f.Helper()
	k := newKey(f, algorithm)
	for _, message := range []string{"", "message"} {
		signature := k.sign(f, []byte(message))
		f.Add([]byte(message), signature)
		f.Add([]byte(message), signature[:len(signature)-1])
		f.Add([]byte(message), make([]byte, len(signature)))
	}
	return k
}

func FuzzRSA(f *testing.F) {
	k := seeds(f, durward.RS256)
	cube := &rsa.PublicKey{N: k.private.Public().(*rsa.PublicKey).N, E: 3}
	fast, err := fastkeys.NewRSA(cube, crypto.SHA256)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, message, signature []byte) {
		if got, want := k.fast(message, signature), k.standard(message, signature); got != want {
			t.Errorf("got %v, want %v", got, want)
		}
		_, digest := hashed(durward.RS256, message)
		if got, want := fast(digest, signature), rsa.VerifyPKCS1v15(cube, crypto.SHA256, digest, signature) == nil; got != want {
			t.Errorf("exponent 3: got %v, want %v", got, want)
		}
	})
}

// FuzzP256 chooses the key, and the two multiples that the check adds, so that most of its signatures are right.
func FuzzP256(f *testing.F) {
	f.Add([]byte{1}, []byte{1}, []byte{1}, []byte{})
	f.Add([]byte{2}, []byte{0}, []byte{32, 0, 0}, []byte{1})
	f.Add(order.Bytes(), order.Bytes(), []byte{255, 255}, []byte{0, 1})
	f.Fuzz(func(t *testing.T, secret, first, second, change []byte) {
		d := modular(func(z *big.Int) { z.SetBytes(secret) })
		u1, u2 := modular(func(z *big.Int) { z.SetBytes(first) }), modular(func(z *big.Int) { z.SetBytes(second) })
		if d.Sign() == 0 || u2.Sign() == 0 {
			return
		}
		k := newP256(t, multiple(t, generator(), d))
		e, r, s, infinite := k.craft(t, u1, u2)
		k.judge(t, "crafted", e, r, s, !infinite)
		digest, signature := [32]byte(e.FillBytes(make([]byte, 32))), rawECDSA(r, s)
		for i, b := range change {
			if i < len(signature) {
				signature[i] ^= b
			}
		}
		if got, want := k.fast(&digest, signature), standardECDSA(k.public, digest[:], signature); got != want {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

// FuzzEd25519 takes any key that the standard library takes.
func FuzzEd25519(f *testing.F) {
	k := newKey(f, durward.EdDSA)
	signature := k.sign(f, []byte("message"))
	public := k.private.Public().(ed25519.PublicKey)
	f.Add([]byte(public), []byte("message"), signature)
	f.Add([]byte(public), []byte("message"), signature[:63])
	identity := append([]byte{1}, make([]byte, 63)...)
	f.Add(identity[:32], []byte("message"), identity)
	for _, encoded := range nonCanonical() {
		f.Add(encoded, []byte("message"), signature)
	}
	f.Fuzz(func(t *testing.T, public, message, signature []byte) {
		if len(public) != ed25519.PublicKeySize {
			return
		}
		want := len(signature) == ed25519.SignatureSize && ed25519.Verify(public, message, signature)
		fast, err := fastkeys.NewEd25519(public)
		if err != nil {
			if want {
				t.Errorf("got error %v, and the standard library accepts the signature", err)
			}
			return
		}
		if got := fast(message, signature); got != want {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

// FuzzP256Key takes any point as a key.
func FuzzP256Key(f *testing.F) {
	k := newKey(f, durward.ES256)
	encoded, err := k.private.Public().(*ecdsa.PublicKey).Bytes()
	if err != nil {
		f.Fatal(err)
	}
	message := []byte("message")
	f.Add(encoded, message, k.sign(f, message))
	f.Add(nistec.NewP256Point().SetGenerator().Bytes(), message, k.sign(f, message))
	f.Fuzz(func(t *testing.T, encoded, message, signature []byte) {
		public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), encoded)
		if err != nil {
			return
		}
		fast, err := fastkeys.NewP256(public)
		if err != nil {
			t.Fatal(err)
		}
		_, digest := hashed(durward.ES256, message)
		if got, want := fast((*[32]byte)(digest), signature), standardECDSA(public, digest, signature); got != want {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}
