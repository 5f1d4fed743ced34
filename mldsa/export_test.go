package mldsa

import (
	"filippo.io/mldsa"

	"github.com/durward-auth/durward"
)

// Verify is what a key of this package does with a signature.
func Verify(algorithm durward.Algorithm, public, message, signature []byte) (bool, error) {
	parameters, err := parametersOf(algorithm)
	if err != nil {
		return false, err
	}
	key, err := mldsa.NewPublicKey(parameters, public)
	if err != nil {
		return false, err
	}
	return primitive(algorithm, key).Verify(message, signature), nil
}
