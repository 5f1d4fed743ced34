package durward

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"io"
	"log/slog"

	"github.com/durward-auth/durward/internal/jwk"
)

// A SigningKey makes signatures of exactly one algorithm. It is immutable, safe for
// concurrent use, and prints as "[secret]".
//
// The key id (kid) is the key's RFC 7638 thumbprint unless [SigningKey.WithID] gives another.
type SigningKey struct {
	algorithm Algorithm
	id        string
	material  jwk.Material
	private   func() map[string][]byte // private members of a further key type; nil if they cannot be had
	sign      signFunc
	public    *VerificationKey
}

// A VerificationKey checks signatures of exactly one algorithm. It is immutable and
// safe for concurrent use. For the HMAC algorithms it holds the shared secret.
type VerificationKey struct {
	algorithm Algorithm
	id        string
	material  jwk.Material
	further   *jwk.Further // set instead of material for a key of a further type
	verify    verifyFunc
	// signatureSize is how long the signatures of a further type are, in bytes; 0 for the types of this package.
	signatureSize int
}

// GenerateKey makes a new key: 2048 bits for RSA, a secret as long as the hash for HMAC.
func GenerateKey(algorithm Algorithm) (*SigningKey, error) {
	var material jwk.Material
	var err error
	switch algorithm {
	case HS256:
		material.Secret = randomBytes(32)
	case HS384:
		material.Secret = randomBytes(48)
	case HS512:
		material.Secret = randomBytes(64)
	case RS256, RS384, RS512, PS256, PS384, PS512:
		material.Private, err = rsa.GenerateKey(rand.Reader, 2048)
	case ES256:
		material.Private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case ES384:
		material.Private, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case ES512:
		material.Private, err = ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	case EdDSA, Ed25519:
		_, material.Private, err = ed25519.GenerateKey(rand.Reader)
	default:
		return nil, fmt.Errorf("generate key: the algorithm %q is not supported", algorithm)
	}
	if err != nil {
		return nil, fmt.Errorf("generate key: %w", err)
	}
	return newSigningKey(algorithm, material)
}

// NewHMACKey makes a key from a shared secret, which is copied. The secret must be
// random and at least as long as the hash: 32, 48 or 64 bytes (RFC 7518 §3.2). A secret that is
// really the text of a public key is refused.
func NewHMACKey(algorithm Algorithm, secret []byte) (*SigningKey, error) {
	copied := append([]byte(nil), secret...)
	return newSigningKey(algorithm, jwk.Material{Secret: copied})
}

// NewSigningKey binds a private key to an algorithm. The key is an *rsa.PrivateKey, an
// *ecdsa.PrivateKey or an ed25519.PrivateKey, and is checked: RSA of 2048 to 8192 bits, the
// curve that the algorithm names (RFC 7518 §3.3 and §3.4).
func NewSigningKey(algorithm Algorithm, private crypto.Signer) (*SigningKey, error) {
	return newSigningKey(algorithm, jwk.Material{Private: private})
}

// NewVerificationKey binds a public key to an algorithm: an *rsa.PublicKey, an
// *ecdsa.PublicKey or an ed25519.PublicKey. Weak keys, points off the curve and Ed25519 points of
// small order are refused.
func NewVerificationKey(algorithm Algorithm, public crypto.PublicKey) (*VerificationKey, error) {
	return newVerificationKey(algorithm, jwk.Material{Public: public})
}

func newSigningKey(algorithm Algorithm, material jwk.Material) (*SigningKey, error) {
	if err := jwk.Check(string(algorithm), material); err != nil {
		return nil, fmt.Errorf("%s key: %w", algorithm, err)
	}
	id, err := jwk.Thumbprint(material)
	if err != nil {
		return nil, fmt.Errorf("%s key: %w", algorithm, err)
	}
	public := &VerificationKey{algorithm: algorithm, id: id, material: publicMaterial(material)}
	public.verify = newVerifyFunc(algorithm, public.material)
	return &SigningKey{
		algorithm: algorithm,
		id:        id,
		material:  material,
		sign:      newSignFunc(algorithm, material),
		public:    public,
	}, nil
}

func newVerificationKey(algorithm Algorithm, material jwk.Material) (*VerificationKey, error) {
	if err := jwk.Check(string(algorithm), material); err != nil {
		return nil, fmt.Errorf("%s key: %w", algorithm, err)
	}
	id, err := jwk.Thumbprint(material)
	if err != nil {
		return nil, fmt.Errorf("%s key: %w", algorithm, err)
	}
	return &VerificationKey{
		algorithm: algorithm,
		id:        id,
		material:  material,
		verify:    newVerifyFunc(algorithm, material),
	}, nil
}

func publicMaterial(m jwk.Material) jwk.Material {
	if m.Private != nil {
		return jwk.Material{Public: m.Private.Public()}
	}
	return m
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

// Algorithm returns the one algorithm of the key.
func (k *SigningKey) Algorithm() Algorithm { return k.algorithm }

// ID returns the key id (kid) that the key writes into headers; empty if it writes none.
func (k *SigningKey) ID() string { return k.id }

// WithID returns a copy of the key with another key id of at most 255 bytes. With an empty
// id the key writes no kid, and its [SigningKey.Public] checks only tokens that have none.
func (k *SigningKey) WithID(id string) *SigningKey {
	copied := *k
	copied.id = id
	copied.public = k.public.WithID(id)
	return &copied
}

// Public returns the key that checks this key's signatures.
func (k *SigningKey) Public() *VerificationKey { return k.public }

// Lookup makes a single signing key a [KeySource]: it answers as [SigningKey.Public] does.
func (k *SigningKey) Lookup(ctx context.Context, algorithm Algorithm, id string) (*VerificationKey, error) {
	return k.public.Lookup(ctx, algorithm, id)
}

// SigningKey makes a single key a [SigningKeySource].
func (k *SigningKey) SigningKey(context.Context) (*SigningKey, error) { return k, nil }

// String returns "[secret]".
func (k SigningKey) String() string { return "[secret]" }

// Format prints "[secret]" for every verb, so that none reaches the key.
func (k SigningKey) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, k.String()) }

// LogValue returns the algorithm and the key id, never the key.
func (k SigningKey) LogValue() slog.Value { return logKey(k.algorithm, k.id) }

// Algorithm returns the one algorithm of the key.
func (k *VerificationKey) Algorithm() Algorithm { return k.algorithm }

// ID returns the key id (kid) of the tokens that the key checks; if it is empty, the key
// checks only tokens without one.
func (k *VerificationKey) ID() string { return k.id }

// WithID returns a copy of the key with another key id; see [SigningKey.WithID].
func (k *VerificationKey) WithID(id string) *VerificationKey {
	copied := *k
	copied.id = id
	return &copied
}

// VerifySignature says whether the signature, in the form of RFC 7518 §3, is the key's for the message. It is the bare
// primitive, for what is no token: it looks at no header and no claim. Tokens are for a [Verifier], and what else
// comes as a compact JWS is for [VerifyPayload].
func (k *VerificationKey) VerifySignature(message, signature []byte) bool {
	// Without spare capacity: the check works in what is behind the signature, which is the caller's.
	return k.verify(message, signature[:len(signature):len(signature)])
}

// Lookup makes a single key a [KeySource].
func (k *VerificationKey) Lookup(_ context.Context, algorithm Algorithm, id string) (*VerificationKey, error) {
	if k.algorithm != algorithm || k.id != id {
		return nil, ErrTokenKey
	}
	return k, nil
}

// String returns the algorithm and the key id, never the key.
func (k VerificationKey) String() string { return string(k.algorithm) + " key " + k.id }

// Format prints String for every verb, so that none reaches the secret of an HMAC key.
func (k VerificationKey) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, k.String()) }

// LogValue returns the algorithm and the key id, never the key.
func (k VerificationKey) LogValue() slog.Value { return logKey(k.algorithm, k.id) }

func logKey(algorithm Algorithm, id string) slog.Value {
	return slog.GroupValue(slog.String("alg", string(algorithm)), slog.String("kid", id))
}
