package fastkeys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"math/big"

	"github.com/durward-auth/durward"
)

// standard is the standard library's check, for a key that has no table yet.
func standard(algorithm durward.Algorithm, public crypto.PublicKey) check {
	switch public := public.(type) {
	case *rsa.PublicKey:
		h := hashOf(algorithm)
		return func(message, signature []byte) bool {
			return rsa.VerifyPKCS1v15(public, h, digestOf(h, message), signature) == nil
		}
	case *ecdsa.PublicKey:
		return func(message, signature []byte) bool {
			r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
			return ecdsa.Verify(public, digestOf(crypto.SHA256, message), r, s)
		}
	case ed25519.PublicKey:
		return func(message, signature []byte) bool { return ed25519.Verify(public, message, signature) }
	default:
		return nil
	}
}

func digestOf(h crypto.Hash, message []byte) []byte {
	switch h {
	case crypto.SHA384:
		digest := sha512.Sum384(message)
		return digest[:]
	case crypto.SHA512:
		digest := sha512.Sum512(message)
		return digest[:]
	default:
		digest := sha256.Sum256(message)
		return digest[:]
	}
}
