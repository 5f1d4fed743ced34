package mldsa

import (
	"errors"

	"github.com/durward-auth/durward"
)

// KeyType is AKP (RFC 9964 §3), for durward's functions that read JSON Web Keys.
//
// A key must name its algorithm. "pub" has exactly the algorithm's length; "priv" is the seed of [SeedSize] bytes, and
// the public key that follows from it must be the one in "pub". Keys of other algorithms that use AKP are
// left out of a set.
func KeyType() durward.KeyType {
	return durward.KeyType{
		Name:    keyType,
		Public:  []string{"pub"},
		Private: []string{"priv"},
		NewVerificationKey: func(k durward.JWK) (*durward.VerificationKey, error) {
			if k.Algorithm() == "" {
				return nil, errNoAlgorithm
			}
			return NewVerificationKey(k.Algorithm(), k.Bytes("pub"))
		},
		NewSigningKey: func(k durward.JWK) (*durward.SigningKey, error) {
			if k.Algorithm() == "" {
				return nil, errNoAlgorithm
			}
			public, err := NewVerificationKey(k.Algorithm(), k.Bytes("pub"))
			if err != nil {
				return nil, err
			}
			private, err := NewSigningKey(k.Algorithm(), k.Bytes("priv"))
			if err != nil {
				return nil, err
			}
			if public.ID() != private.ID() { // thumbprints
				return nil, errors.New("the public key is not the one that follows from the seed")
			}
			return private, nil
		},
	}
}

var errNoAlgorithm = errors.New(`the key names no algorithm ("alg"), which this type requires`)

// ParsePrivateJWK reads a private key (RFC 9964 §3); see [KeyType]. Without a "kid" it has no key id.
func ParsePrivateJWK(data []byte) (*durward.SigningKey, error) {
	key, err := durward.ParsePrivateJWK(data, KeyType())
	if err != nil {
		return nil, err
	}
	if _, err := parametersOf(key.Algorithm()); err != nil {
		return nil, err
	}
	return key, nil
}

// ParsePublicJWK reads a public key; see [KeyType]. A private key is refused.
func ParsePublicJWK(data []byte) (*durward.VerificationKey, error) {
	key, err := durward.ParsePublicJWK(data, KeyType())
	if err != nil {
		return nil, err
	}
	if _, err := parametersOf(key.Algorithm()); err != nil {
		return nil, err
	}
	return key, nil
}
