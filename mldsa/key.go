package mldsa

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"

	"filippo.io/mldsa"

	"github.com/durward-auth/durward"
)

// The algorithms (RFC 9964 §2). Larger numbers mean a larger margin, keys and signatures; ML-DSA-44 suits tokens,
// which live for minutes.
const (
	MLDSA44 durward.Algorithm = "ML-DSA-44" // public key 1,312 bytes, signature 2,420
	MLDSA65 durward.Algorithm = "ML-DSA-65" // 1,952 and 3,309
	MLDSA87 durward.Algorithm = "ML-DSA-87" // 2,592 and 4,627
)

// SeedSize is the length of a private key, in bytes: the seed from which FIPS 204 derives the rest.
const SeedSize = mldsa.PrivateKeySize

// keyType is the "kty" of RFC 9964 §3: an algorithm key pair.
const keyType = "AKP"

// GenerateKey makes a new key. Its key id (kid) is its thumbprint (RFC 9964 §6, RFC 7638).
func GenerateKey(algorithm durward.Algorithm) (*durward.SigningKey, error) {
	parameters, err := parametersOf(algorithm)
	if err != nil {
		return nil, fmt.Errorf("generate key: %w", err)
	}
	private, err := mldsa.GenerateKey(parameters)
	if err != nil {
		return nil, fmt.Errorf("generate key: %w", err)
	}
	return signingKey(algorithm, private)
}

// NewSigningKey makes a key of its seed, which must be random and of [SeedSize] bytes. Signatures are hedged with fresh
// randomness (FIPS 204 §3.4).
func NewSigningKey(algorithm durward.Algorithm, seed []byte) (*durward.SigningKey, error) {
	parameters, err := parametersOf(algorithm)
	if err != nil {
		return nil, err
	}
	if len(seed) != SeedSize {
		return nil, fmt.Errorf("%s key: the seed has %d bytes, it must have %d", algorithm, len(seed), SeedSize)
	}
	private, err := mldsa.NewPrivateKey(parameters, seed)
	if err != nil {
		return nil, fmt.Errorf("%s key: %w", algorithm, err)
	}
	return signingKey(algorithm, private)
}

// NewVerificationKey makes a key of the encoded public key (FIPS 204 §5.3), which must have exactly the algorithm's length.
func NewVerificationKey(algorithm durward.Algorithm, public []byte) (*durward.VerificationKey, error) {
	parameters, err := parametersOf(algorithm)
	if err != nil {
		return nil, err
	}
	if len(public) != parameters.PublicKeySize() {
		return nil, fmt.Errorf("%s key: the public key has %d bytes, it must have %d", algorithm, len(public), parameters.PublicKeySize())
	}
	key, err := mldsa.NewPublicKey(parameters, public)
	if err != nil {
		return nil, fmt.Errorf("%s key: %w", algorithm, err)
	}
	return durward.NewVerificationKeyFunc(primitive(algorithm, key))
}

func parametersOf(algorithm durward.Algorithm) (mldsa.Parameters, error) {
	switch algorithm {
	case MLDSA44:
		return mldsa.MLDSA44(), nil
	case MLDSA65:
		return mldsa.MLDSA65(), nil
	case MLDSA87:
		return mldsa.MLDSA87(), nil
	}
	return mldsa.Parameters{}, fmt.Errorf("the algorithm %.40q is not %s, %s or %s: %w", algorithm, MLDSA44, MLDSA65, MLDSA87, errors.ErrUnsupported)
}

func signingKey(algorithm durward.Algorithm, private *mldsa.PrivateKey) (*durward.SigningKey, error) {
	p := primitive(algorithm, private.PublicKey())
	p.Sign = func(message []byte) ([]byte, error) { return private.Sign(nil, message, nil) }
	p.Private = func() map[string][]byte { return map[string][]byte{"priv": private.Bytes()} }
	return durward.NewSigningKeyFunc(p)
}

// primitive is the half of a key that checks signatures. The context is empty (RFC 9964 §5).
func primitive(algorithm durward.Algorithm, public *mldsa.PublicKey) durward.Primitive {
	encoded := public.Bytes()
	return durward.Primitive{
		Algorithm:     algorithm,
		ID:            thumbprint(algorithm, encoded),
		SignatureSize: public.Parameters().SignatureSize(),
		Type:          keyType,
		Public:        map[string][]byte{"pub": encoded},
		Verify: func(message, signature []byte) bool {
			return mldsa.Verify(public, message, signature, nil) == nil
		},
	}
}

// thumbprint hashes the required members alg, kty and pub in this order (RFC 7638 §3.2, RFC 9964 §6).
func thumbprint(algorithm durward.Algorithm, public []byte) string {
	required := fmt.Sprintf(`{"alg":%q,"kty":%q,"pub":%q}`, algorithm, keyType, base64.RawURLEncoding.EncodeToString(public))
	sum := sha256.Sum256([]byte(required))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
