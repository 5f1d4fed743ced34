package fastkeys

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"slices"

	"filippo.io/bigmod"
)

// An rsaKey checks RSASSA-PKCS1-v1_5 (RFC 8017 §8.2.2). The standard library derives the Montgomery constants of the
// modulus anew for each signature, which is a third of its time; here they are kept.
type rsaKey struct {
	modulus  *bigmod.Modulus
	exponent uint
	hash     crypto.Hash
	// padding is the encoded message (RFC 8017 §9.2) up to the digest.
	padding []byte
}

func newRSAKey(public *rsa.PublicKey, hash crypto.Hash) (*rsaKey, error) {
	modulus, err := bigmod.NewModulus(public.N.Bytes())
	if err != nil {
		return nil, fmt.Errorf("modulus: %w", err)
	}
	if public.N.Bit(0) == 0 || public.E < 3 || public.E%2 == 0 || int64(public.E) > 1<<31-1 {
		return nil, errors.New("the modulus or the exponent is not one of RSA")
	}
	info, ok := digestInfo(hash)
	if !ok {
		return nil, fmt.Errorf("no signatures with the hash %v", hash)
	}
	fill := modulus.Size() - 3 - len(info) - hash.Size()
	if fill < 8 {
		return nil, errors.New("the modulus is too short for the hash")
	}
	return &rsaKey{
		modulus: modulus, exponent: uint(public.E), hash: hash,
		padding: slices.Concat([]byte{0, 1}, bytes.Repeat([]byte{0xff}, fill), []byte{0}, info),
	}, nil
}

// digestInfo is the DER that stands before a digest (RFC 8017 §9.2, note 1).
func digestInfo(hash crypto.Hash) ([]byte, bool) {
	last, ok := map[crypto.Hash]byte{crypto.SHA256: 1, crypto.SHA384: 2, crypto.SHA512: 3}[hash]
	size := byte(hash.Size())
	return []byte{
		0x30, 17 + size, 0x30, 13, 0x06, 9, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, last, 0x05, 0, 0x04, size,
	}, ok
}

func (k *rsaKey) verify(message, signature []byte) bool {
	switch k.hash {
	case crypto.SHA384:
		digest := sha512.Sum384(message)
		return k.verifyDigest(digest[:], signature)
	case crypto.SHA512:
		digest := sha512.Sum512(message)
		return k.verifyDigest(digest[:], signature)
	default:
		digest := sha256.Sum256(message)
		return k.verifyDigest(digest[:], signature)
	}
}

func (k *rsaKey) verifyDigest(digest, signature []byte) bool {
	if len(signature) != k.modulus.Size() {
		return false
	}
	s, err := bigmod.NewNat().SetBytes(signature, k.modulus)
	if err != nil { // not below the modulus
		return false
	}
	encoded := bigmod.NewNat().ExpShortVarTime(s, k.exponent, k.modulus).Bytes(k.modulus)
	rest, ok := bytes.CutPrefix(encoded, k.padding)
	return ok && bytes.Equal(rest, digest)
}
