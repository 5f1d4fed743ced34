package fastkeys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
)

// What a test of a Source counts.
const (
	UsesBeforeTable  = usesBeforeTable
	KnocksBeforeTurn = knocksBeforeTurn
)

// NewRSA, NewP256 and NewEd25519 make the checks for keys that durward refuses, such as one with the exponent 3, and take
// the digest instead of the message where there is one.
func NewRSA(public *rsa.PublicKey, h crypto.Hash) (func(digest, signature []byte) bool, error) {
	k, err := newRSAKey(public, h)
	if err != nil {
		return nil, err
	}
	return k.verifyDigest, nil
}

func NewP256(public *ecdsa.PublicKey) (func(digest *[32]byte, signature []byte) bool, error) {
	k, err := newP256Key(public)
	if err != nil {
		return nil, err
	}
	return k.verifyDigest, nil
}

func NewEd25519(public ed25519.PublicKey) (func(message, signature []byte) bool, error) {
	k, err := newEd25519Key(public)
	if err != nil {
		return nil, err
	}
	return k.verify, nil
}

// Digits returns the digits of a 32-byte big-endian number.
func Digits(b []byte, windows int, width uint) []int16 {
	digits := make([]int16, windows)
	n := numberOf(b)
	n.digits(digits, width)
	return digits
}

// Tables counts the places and the tables of a source.
func (s *Source) Tables() (places, tables int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.places {
		if p.fast.Load() != nil {
			tables++
		}
	}
	return len(s.places), tables
}
