package fastkeys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/fips140"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/durward-auth/durward"
)

// Speed returns the key with a faster way to check signatures. The table is made at once; see the package comment for
// what that takes. Everything else about the key stays, but a check that [durward.VerificationKey.WithVerifier] has given it
// before is replaced, as every use of WithVerifier does: do not speed up keys whose signatures something else must check.
//
// The error wraps errors.ErrUnsupported for a key of an algorithm other than RS256, RS384, RS512, ES256, EdDSA and
// Ed25519, and for every key when the program runs in FIPS 140-3 mode: the code here is not validated.
func Speed(key *durward.VerificationKey) (*durward.VerificationKey, error) {
	verify, err := Verifier(key)
	if err != nil {
		return nil, err
	}
	return key.WithVerifier(verify)
}

// Verifier returns the check alone, as [durward.VerificationKey.WithVerifier] takes it: whether the signature, in the form
// of RFC 7518 §3, is the key's for the message. It is safe for concurrent use, and fails as [Speed] does.
func Verifier(key *durward.VerificationKey) (func(message, signature []byte) bool, error) {
	verify, err := prepare(key)
	if err != nil {
		return nil, fmt.Errorf("speed up the %s key: %w", key.Algorithm(), err)
	}
	return verify, nil
}

// A check says whether the signature belongs to the message.
type check func(message, signature []byte) bool

func prepare(key *durward.VerificationKey) (check, error) {
	if err := supported(key.Algorithm()); err != nil {
		return nil, err
	}
	public, err := publicOf(key)
	if err != nil {
		return nil, err
	}
	switch public := public.(type) {
	case *rsa.PublicKey:
		made, err := newRSAKey(public, hashOf(key.Algorithm()))
		if err != nil {
			return nil, err
		}
		return made.verify, nil
	case *ecdsa.PublicKey:
		made, err := newP256Key(public)
		if err != nil {
			return nil, err
		}
		return made.verify, nil
	case ed25519.PublicKey:
		made, err := newEd25519Key(public)
		if err != nil {
			return nil, err
		}
		return made.verify, nil
	default:
		return nil, fmt.Errorf("a key of type %T: %w", public, errors.ErrUnsupported)
	}
}

// supported says whether keys of the algorithm can be made faster here and now.
func supported(algorithm durward.Algorithm) error {
	if fips140.Enabled() {
		return fmt.Errorf("the program is in FIPS 140-3 mode: %w", errors.ErrUnsupported)
	}
	switch algorithm {
	case durward.RS256, durward.RS384, durward.RS512, durward.ES256, durward.EdDSA, durward.Ed25519:
		return nil
	default:
		return fmt.Errorf("there is no faster check for the algorithm: %w", errors.ErrUnsupported)
	}
}

func hashOf(algorithm durward.Algorithm) crypto.Hash {
	switch algorithm {
	case durward.RS384:
		return crypto.SHA384
	case durward.RS512:
		return crypto.SHA512
	default:
		return crypto.SHA256
	}
}

// publicOf returns the key in the types of the standard library.
func publicOf(key *durward.VerificationKey) (crypto.PublicKey, error) {
	text, err := key.MarshalPEM()
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("the key has no PEM form")
	}
	return x509.ParsePKIXPublicKey(block.Bytes)
}
