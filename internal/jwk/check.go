package jwk

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/subtle"
	"math/big"
)

const (
	minRSABits     = 2048
	maxRSABits     = 8192
	minRSAExponent = 65537
	maxRSAExponent = 1<<31 - 1
)

// Check says whether the material is fit for the algorithm, and if not, why.
//
// The kind of key must be the algorithm's own (an EC key's curve too). A secret is at least as long as the hash
// (RFC 7518 §3.2), not all zero and not the text of another key, which is what algorithm confusion signs with.
// An RSA key has 2048 to 8192 bits (RFC 7518 §3.3; more would only cost time), an odd modulus without a trace
// of known broken generators and an odd exponent from 65537 to 2³¹-1. An EC point lies on its curve. An Ed25519
// public key is canonically encoded, on the curve and not of small order: such keys accept forged signatures.
// A private part agrees with its public part.
//
// The error wraps ErrWeak, ErrInvalid or ErrUnsupported.
func Check(algorithm string, m Material) error {
	want, ok := require(algorithm)
	if !ok {
		return unsupportedAlgorithm(algorithm)
	}
	got, err := m.kind()
	if err != nil {
		return err
	}
	if got != want.kind {
		return invalid("algorithm %s wants a key of kind %s, this one is of kind %s", algorithm, want.kind, got)
	}
	if err := examine(m); err != nil {
		return err
	}
	if len(m.Secret) < want.secret {
		return weak("secret has %d bytes, %s requires at least %d (RFC 7518 §3.2)", len(m.Secret), algorithm, want.secret)
	}
	return nil
}

// examine checks everything that does not depend on the algorithm.
func examine(m Material) error {
	if _, err := m.kind(); err != nil {
		return err
	}
	switch private := m.Private.(type) {
	case *rsa.PrivateKey:
		return examineRSAPrivate(private)
	case *ecdsa.PrivateKey:
		return examineECPrivate(private)
	case ed25519.PrivateKey:
		return examineEd25519Private(private)
	}
	switch public := m.Public.(type) {
	case *rsa.PublicKey:
		return examineRSA(public)
	case *ecdsa.PublicKey:
		return examineEC(public)
	case ed25519.PublicKey:
		return examineEd25519(public)
	}
	return examineSecret(m.Secret)
}

func examineSecret(secret []byte) error {
	if len(secret) < 32 {
		return weak("secret has %d bytes, at least 32 are required by HS256 and more by the others (RFC 7518 §3.2)", len(secret))
	}
	if subtle.ConstantTimeCompare(secret, make([]byte, len(secret))) == 1 {
		return weak("secret is all zero bytes")
	}
	if what := keyText(secret); what != "" {
		return weak("secret is the text of %s: whoever has that text could sign; use random bytes", what)
	}
	return nil
}

func examineRSA(key *rsa.PublicKey) error {
	n := key.N
	if n == nil || n.Sign() <= 0 {
		return invalid("RSA key has no modulus")
	}
	if bits := n.BitLen(); bits < minRSABits {
		return weak("RSA key has %d bits, at least %d are required (RFC 7518 §3.3)", bits, minRSABits)
	} else if bits > maxRSABits {
		return invalid("RSA key has %d bits, at most %d are supported", bits, maxRSABits)
	}
	if key.E < minRSAExponent || key.E > maxRSAExponent || key.E%2 == 0 {
		return badExponent()
	}
	return examineModulus(n)
}

func badExponent() error {
	return weak("RSA public exponent must be odd and between %d and %d", minRSAExponent, maxRSAExponent)
}

func examineRSAPrivate(key *rsa.PrivateKey) error {
	if err := examineRSA(&key.PublicKey); err != nil {
		return err
	}
	if len(key.Primes) != 2 {
		return unsupported("RSA private key has %d primes, exactly 2 are supported", len(key.Primes))
	}
	p, q := key.Primes[0], key.Primes[1]
	for _, part := range []*big.Int{key.D, p, q} {
		if part == nil || part.Sign() <= 0 || part.Cmp(key.N) >= 0 {
			return invalid("RSA private key has a part that is missing or out of range")
		}
	}
	if new(big.Int).Mul(p, q).Cmp(key.N) != 0 {
		return invalid("RSA private key does not match its public key: p times q is not n")
	}
	if err := key.Validate(); err != nil {
		return invalid("RSA private key is inconsistent: its parts do not belong together")
	}
	return nil
}

func examineEC(key *ecdsa.PublicKey) error {
	//lint:ignore SA1019 a key made by hand may have nil coordinates, and Bytes would panic.
	if key.X == nil || key.Y == nil {
		return invalid("EC key has no coordinates")
	}
	if _, err := key.Bytes(); err != nil {
		return invalid("EC point is not on the curve %s", key.Curve.Params().Name)
	}
	return nil
}

func examineECPrivate(key *ecdsa.PrivateKey) error {
	if err := examineEC(&key.PublicKey); err != nil {
		return err
	}
	//lint:ignore SA1019 a key made by hand may have no scalar, and Bytes would panic.
	if key.D == nil {
		return invalid("EC private key has no private part")
	}
	var derived *ecdsa.PrivateKey
	scalar, err := key.Bytes()
	if err == nil {
		derived, err = ecdsa.ParseRawPrivateKey(key.Curve, scalar)
	}
	if err != nil {
		return invalid("EC private key is out of range")
	}
	if !derived.PublicKey.Equal(&key.PublicKey) {
		return invalid("EC private key does not match its public key")
	}
	return nil
}

func examineEd25519Private(key ed25519.PrivateKey) error {
	if len(key) != ed25519.PrivateKeySize {
		return invalid("Ed25519 private key has %d bytes, it must have %d", len(key), ed25519.PrivateKeySize)
	}
	if !bytes.Equal(ed25519.NewKeyFromSeed(key.Seed())[ed25519.SeedSize:], key[ed25519.SeedSize:]) {
		return invalid("Ed25519 private key does not match its public key")
	}
	return nil
}
