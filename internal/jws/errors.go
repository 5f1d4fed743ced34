package jws

import (
	"errors"
	"fmt"
)

// ErrMalformed is the root of every error of this package.
var ErrMalformed = errors.New("malformed token")

// What can be wrong with a token before its signature is looked at.
var (
	// ErrTooLarge: the token has more bytes than the caller allows.
	ErrTooLarge = fmt.Errorf("%w: too large", ErrMalformed)
	// ErrParts: not exactly three parts, or one of them is empty.
	ErrParts = fmt.Errorf("%w: not three parts", ErrMalformed)
	// ErrAlphabet: a byte other than A–Z, a–z, 0–9, "-" and "_".
	ErrAlphabet = fmt.Errorf("%w: byte outside the base64url alphabet", ErrMalformed)
	// ErrEncoding: no canonical base64url text has this length or this last byte.
	ErrEncoding = fmt.Errorf("%w: base64url not canonical", ErrMalformed)
	// ErrHeader: the header is not a strict JSON object, or a member of it has
	// a wrong type or length.
	ErrHeader = fmt.Errorf("%w: header", ErrMalformed)
	// ErrAlgorithm: the header has no usable "alg".
	ErrAlgorithm = fmt.Errorf("%w: header has no algorithm", ErrMalformed)
	// ErrKeyID: "kid" is not a string of 1 to 255 bytes.
	ErrKeyID = fmt.Errorf("%w: header has a bad key id", ErrMalformed)
	// ErrUnsupported: the header asks for something that is not understood:
	// an extension ("crit", "b64"), compression, encryption or nesting.
	ErrUnsupported = fmt.Errorf("%w: header asks for an unsupported feature", ErrMalformed)
)
