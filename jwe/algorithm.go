package jwe

import (
	"fmt"

	"github.com/go-jose/go-jose/v4"
)

// KeyAlgorithm names how the content encryption key is agreed upon or wrapped, as the "alg" header does (RFC 7518 §4.1).
type KeyAlgorithm string

// The key algorithms.
const (
	Direct       KeyAlgorithm = "dir"            // a secret of 32 bytes that both sides have
	ECDHES       KeyAlgorithm = "ECDH-ES"        // a key on P-256, P-384 or P-521
	ECDHESA256KW KeyAlgorithm = "ECDH-ES+A256KW" // the same, and a wrapped key
	RSAOAEP256   KeyAlgorithm = "RSA-OAEP-256"   // a key of at least 2048 bits
)

// ContentAlgorithm names how the token is encrypted and authenticated, as the "enc" header does (RFC 7518 §5.1).
type ContentAlgorithm string

// The content algorithms.
const (
	A256GCM      ContentAlgorithm = "A256GCM"
	A128CBCHS256 ContentAlgorithm = "A128CBC-HS256"
)

// pair is what a key is bound to.
type pair struct {
	key     KeyAlgorithm
	content ContentAlgorithm
}

const (
	contentKeySize = 32 // of both content algorithms, in bytes
	wrappedKeySize = contentKeySize + 8
	tagSize        = 16 // of both content algorithms, in bytes
)

func (p pair) check() error {
	switch p.key {
	case Direct, ECDHES, ECDHESA256KW, RSAOAEP256:
	default:
		return fmt.Errorf("the key algorithm %.40q is not supported", p.key)
	}
	switch p.content {
	case A256GCM, A128CBCHS256:
		return nil
	default:
		return fmt.Errorf("the content algorithm %.40q is not supported", p.content)
	}
}

// agrees says whether the sender writes an ephemeral key ("epk").
func (p pair) agrees() bool { return p.key == ECDHES || p.key == ECDHESA256KW }

// ivSize is the length of the initialization vector, in bytes.
func (p pair) ivSize() int {
	if p.content == A256GCM {
		return 12
	}
	return 16
}

// fits says whether the content algorithm can have written a ciphertext of this length, in bytes.
func (p pair) fits(ciphertext int) bool {
	return ciphertext > 0 && (p.content == A256GCM || ciphertext%16 == 0)
}

func (p pair) jose() (jose.KeyAlgorithm, jose.ContentEncryption) {
	return jose.KeyAlgorithm(p.key), jose.ContentEncryption(p.content)
}
