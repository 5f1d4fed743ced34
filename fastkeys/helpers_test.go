package fastkeys_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"sync"
	"testing"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/fastkeys"
)

var algorithms = []durward.Algorithm{durward.RS256, durward.RS384, durward.RS512, durward.ES256, durward.EdDSA, durward.Ed25519}

// key is one key with both ways to check its signatures.
type key struct {
	algorithm      durward.Algorithm
	signing        *durward.SigningKey
	private        crypto.Signer
	fast, standard func(message, signature []byte) bool
}

func newKey(t testing.TB, algorithm durward.Algorithm) *key {
	t.Helper()
	return keyOf(t, generate(t, algorithm))
}

// rsaKeys are made once: making one takes longer than most tests.
var rsaKeys = [2]func() (*rsa.PrivateKey, error){
	sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) }),
	sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) }),
}

// generate returns a new key, or for RSA one that is the same for all tests.
func generate(t testing.TB, algorithm durward.Algorithm) *durward.SigningKey {
	t.Helper()
	return generateRSA(t, algorithm, 0)
}

// generateRSA is generate with a choice among the keys for RSA.
func generateRSA(t testing.TB, algorithm durward.Algorithm, which int) *durward.SigningKey {
	t.Helper()
	var key *durward.SigningKey
	var err error
	if algorithm[0] == 'R' {
		var private *rsa.PrivateKey
		if private, err = rsaKeys[which](); err == nil {
			key, err = durward.NewSigningKey(algorithm, private)
		}
	} else {
		key, err = durward.GenerateKey(algorithm)
	}
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func keyOf(t testing.TB, signing *durward.SigningKey) *key {
	t.Helper()
	text, err := signing.MarshalPrivatePEM()
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	private, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	k := &key{algorithm: signing.Algorithm(), signing: signing, private: private.(crypto.Signer)}
	k.standard = standard(k.algorithm, k.private.Public())
	if k.fast, err = fastkeys.Verifier(signing.Public()); err != nil {
		t.Fatal(err)
	}
	return k
}

// standard is the standard library's check of a signature in the form of RFC 7518 §3.
func standard(algorithm durward.Algorithm, public crypto.PublicKey) func(message, signature []byte) bool {
	switch public := public.(type) {
	case *rsa.PublicKey:
		return func(message, signature []byte) bool {
			h, digest := hashed(algorithm, message)
			return rsa.VerifyPKCS1v15(public, h, digest, signature) == nil
		}
	case *ecdsa.PublicKey:
		return func(message, signature []byte) bool {
			digest := sha256.Sum256(message)
			return standardECDSA(public, digest[:], signature)
		}
	default:
		return func(message, signature []byte) bool {
			return len(signature) == ed25519.SignatureSize && ed25519.Verify(public.(ed25519.PublicKey), message, signature)
		}
	}
}

func standardECDSA(public *ecdsa.PublicKey, digest, signature []byte) bool {
	if len(signature) != 64 {
		return false
	}
	return ecdsa.VerifyASN1(public, digest, der(signature))
}

// der writes R || S as crypto/ecdsa reads it.
func der(signature []byte) []byte {
	encoded, err := asn1.Marshal(struct{ R, S *big.Int }{
		new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:]),
	})
	if err != nil {
		panic(err)
	}
	return encoded
}

func hashed(algorithm durward.Algorithm, message []byte) (crypto.Hash, []byte) {
	switch algorithm {
	case durward.RS384:
		sum := sha512.Sum384(message)
		return crypto.SHA384, sum[:]
	case durward.RS512:
		sum := sha512.Sum512(message)
		return crypto.SHA512, sum[:]
	default:
		sum := sha256.Sum256(message)
		return crypto.SHA256, sum[:]
	}
}

// sign makes the signature of a message in the form of RFC 7518 §3.
func (k *key) sign(t testing.TB, message []byte) []byte {
	t.Helper()
	if k.algorithm == durward.EdDSA || k.algorithm == durward.Ed25519 {
		return ed25519.Sign(k.private.(ed25519.PrivateKey), message)
	}
	h, digest := hashed(k.algorithm, message)
	signature, err := k.private.Sign(rand.Reader, digest, h)
	if err != nil {
		t.Fatal(err)
	}
	if k.algorithm != durward.ES256 {
		return signature
	}
	var parts struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(signature, &parts); err != nil {
		t.Fatal(err)
	}
	return rawECDSA(parts.R, parts.S)
}

func rawECDSA(r, s *big.Int) []byte {
	raw := make([]byte, 64)
	r.FillBytes(raw[:32])
	s.FillBytes(raw[32:])
	return raw
}
