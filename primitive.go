package durward

import (
	"crypto/rsa"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/durward-auth/durward/internal/jwk"
	"github.com/durward-auth/durward/internal/jws"
)

// A Primitive is a signature algorithm of another module together with one key for it.
type Primitive struct {
	// Algorithm is 1 to 32 letters, digits and hyphens, and not one of this package's own. There is no "none".
	Algorithm Algorithm
	// ID is the key id (kid): for most keys, the RFC 7638 thumbprint. See [SigningKey.WithID].
	ID string
	// SignatureSize is how long every signature is, in bytes: at most 48 KiB. Others are refused unseen.
	SignatureSize int
	// Type is the "kty", and Public holds the members of the public key, for its publication as a JWK.
	Type   string
	Public map[string][]byte
	// Private, if set, returns the private members, so that the key can be kept as a JWK.
	Private func() map[string][]byte
	// Verify says whether the signature belongs to the message. It neither keeps nor changes the two slices.
	Verify func(message, signature []byte) bool
	// Sign returns a signature of the message, which it neither keeps nor changes.
	Sign func(message []byte) ([]byte, error)
}

// largestSignature is the longest signature of a [Primitive], in bytes: as a token's part, 64 KiB.
const largestSignature = 48 << 10

// NewVerificationKeyFunc makes a key that checks signatures with a primitive of another module. The primitive
// answers for its own strength; everything else about the key and its tokens is checked as for every key.
func NewVerificationKeyFunc(p Primitive) (*VerificationKey, error) {
	if err := p.check(); err != nil {
		return nil, fmt.Errorf("key for a further algorithm: %w", err)
	}
	public := make(map[string][]byte, len(p.Public))
	for name, value := range p.Public {
		public[name] = slices.Clone(value)
	}
	return &VerificationKey{
		algorithm:     p.Algorithm,
		id:            p.ID,
		further:       &jwk.Further{Type: p.Type, Public: public},
		signatureSize: p.SignatureSize,
		verify:        exactly(p.SignatureSize, p.Verify),
	}, nil
}

// NewSigningKeyFunc makes a key that signs with a primitive of another module; see [NewVerificationKeyFunc].
func NewSigningKeyFunc(p Primitive) (*SigningKey, error) {
	if p.Sign == nil {
		return nil, errors.New("key for a further algorithm: Sign is required")
	}
	public, err := NewVerificationKeyFunc(p)
	if err != nil {
		return nil, err
	}
	sign := func(dst, message []byte) ([]byte, error) {
		signature, err := p.Sign(message)
		if err != nil {
			return nil, err
		}
		if len(signature) != p.SignatureSize {
			return nil, fmt.Errorf("the %s signature has %d bytes, it must have %d", p.Algorithm, len(signature), p.SignatureSize)
		}
		return append(dst, signature...), nil
	}
	return &SigningKey{algorithm: p.Algorithm, id: p.ID, private: p.Private, sign: sign, public: public}, nil
}

// WithVerifier returns a copy of the key that checks signatures with another implementation of the same algorithm, such
// as one that keeps precomputed tables; everything else about the key stays, and the check that it had, its own or another
// given before, is gone from the copy. [VerificationKey.MarshalPEM] tells
// which key it is.
//
// The function is called for signatures of the right length only, and must return true for exactly those that the
// standard library accepts. It neither keeps nor changes the two slices. HMAC keys cannot have another.
func (k *VerificationKey) WithVerifier(verify func(message, signature []byte) bool) (*VerificationKey, error) {
	if verify == nil {
		return nil, errors.New("replace the verifier: the function is nil")
	}
	size := k.exactSignatureSize()
	if size == 0 {
		return nil, errors.New("replace the verifier: an HMAC key has no public part to check signatures with")
	}
	copied := *k
	copied.verify = exactly(size, verify)
	return &copied, nil
}

func exactly(size int, verify verifyFunc) verifyFunc {
	return func(message, signature []byte) bool {
		return len(signature) == size && verify(message, signature[:size:size])
	}
}

// furtherName says whether a name is 1 to 32 letters, digits and hyphens.
func furtherName(name string) bool {
	return name != "" && len(name) <= 32 && strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

func (p Primitive) check() error {
	var problems []error
	require := func(ok bool, format string, args ...any) {
		if !ok {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	name := string(p.Algorithm)
	require(furtherName(name), "the algorithm %.40q is not a name of 1 to 32 letters, digits and hyphens", name)
	require(!strings.EqualFold(name, "none"), "there is no algorithm %q", name)
	require(!jwk.Supported(name), "the algorithm %s is this package's own: see VerificationKey.WithVerifier", name)
	require(p.SignatureSize > 0 && p.SignatureSize <= largestSignature, "SignatureSize is %d, it must be between 1 and %d bytes", p.SignatureSize, largestSignature)
	require(p.Type != "" && !jwk.Known(p.Type), "Type is %q, it must be a kty that this package does not read itself", p.Type)
	require(len(p.Public) > 0, "Public is required")
	for member, value := range p.Public {
		require(!jwk.Reserved(member), "Public holds %q, which is not the name of key material", member)
		require(len(value) > 0, "Public holds an empty member %q", member)
	}
	require(p.Verify != nil, "Verify is required")
	return errors.Join(problems...)
}

// checkLongSignature is for signatures that have no room in a verifier's scratch memory: those of further types.
func checkLongSignature(key *VerificationKey, signingInput, encoded string) error {
	if len(encoded) != jws.EncodedLen(key.signatureSize) {
		return ErrTokenSignature
	}
	signature, err := jws.AppendDecoded(make([]byte, 0, key.signatureSize), encoded)
	if err != nil {
		return ErrTokenMalformed
	}
	if !key.verify(bytesOf(signingInput), signature) {
		return ErrTokenSignature
	}
	return nil
}

// usualSignature is how long the key's signatures are, in bytes; for RSA, with 2048 bits.
func (k *SigningKey) usualSignature() int {
	if k.public.signatureSize > 0 {
		return k.public.signatureSize
	}
	return usualSignature(k.algorithm)
}

func (k *SigningKey) marshalFurther() ([]byte, error) {
	if k.private == nil {
		return nil, errors.New("marshal key: its private part cannot be had")
	}
	private := k.public.jwk()
	private.Further = &jwk.Further{Type: private.Further.Type, Public: private.Further.Public, Private: k.private()}
	return jwk.MarshalPrivate(private)
}

// exactSignatureSize is the one length of the key's signatures, in bytes; 0 for HMAC, whose keys are secret.
func (k *VerificationKey) exactSignatureSize() int {
	switch public := k.material.Public.(type) {
	case nil:
		return k.signatureSize
	case *rsa.PublicKey:
		return public.Size()
	default:
		return usualSignature(k.algorithm)
	}
}
