package jwe

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/durward-auth/durward"
)

// A DecryptionKey opens tokens that are encrypted with exactly one pair of algorithms. It is immutable, safe for
// concurrent use, and prints as "[secret]".
//
// The key id (kid) is the key's RFC 7638 thumbprint unless [DecryptionKey.WithID] gives another.
type DecryptionKey struct {
	private any // *ecdsa.PrivateKey, *rsa.PrivateKey or []byte
	public  *EncryptionKey
}

// An EncryptionKey encrypts tokens with exactly one pair of algorithms. It is immutable and safe for concurrent
// use. For [Direct] it holds the shared secret.
type EncryptionKey struct {
	pair
	id     string
	public any // *ecdsa.PublicKey, *rsa.PublicKey or []byte
}

// GenerateKey makes a new key: on P-256 for ECDH-ES, of 2048 bits for RSA.
func GenerateKey(alg KeyAlgorithm, enc ContentAlgorithm) (*DecryptionKey, error) {
	if err := (pair{alg, enc}).check(); err != nil {
		return nil, fmt.Errorf("generate key: %w", err)
	}
	var private crypto.PrivateKey
	var err error
	switch alg {
	case Direct:
		secret := make([]byte, contentKeySize)
		rand.Read(secret)
		return NewDirectKey(enc, secret)
	case RSAOAEP256:
		private, err = rsa.GenerateKey(rand.Reader, 2048)
	default:
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	if err != nil {
		return nil, fmt.Errorf("generate key: %w", err)
	}
	return NewDecryptionKey(alg, enc, private)
}

// NewDirectKey makes a key for [Direct] from a shared secret of 32 random bytes, which is copied.
// Whoever has it can encrypt as well as decrypt.
func NewDirectKey(enc ContentAlgorithm, secret []byte) (*DecryptionKey, error) {
	p := pair{Direct, enc}
	if err := p.check(); err != nil {
		return nil, err
	}
	if len(secret) != contentKeySize {
		return nil, fmt.Errorf("%s key: the secret has %d bytes, it must have %d", enc, len(secret), contentKeySize)
	}
	checked, err := durward.NewHMACKey(durward.HS256, secret)
	if err != nil {
		return nil, keyError(p, err)
	}
	copied := append([]byte(nil), secret...)
	return &DecryptionKey{private: copied, public: &EncryptionKey{pair: p, id: checked.ID(), public: copied}}, nil
}

// NewDecryptionKey binds a private key to a pair of algorithms: an *ecdsa.PrivateKey on P-256, P-384 or P-521, or an
// *rsa.PrivateKey of 2048 to 8192 bits. It is checked as durward.NewSigningKey checks keys. It must
// be for encryption alone.
func NewDecryptionKey(alg KeyAlgorithm, enc ContentAlgorithm, private crypto.PrivateKey) (*DecryptionKey, error) {
	p := pair{alg, enc}
	if err := p.check(); err != nil {
		return nil, err
	}
	signer, ok := private.(crypto.Signer)
	if !ok {
		return nil, wrongKind(p)
	}
	kind, err := p.kindOf(private)
	if err != nil {
		return nil, err
	}
	checked, err := durward.NewSigningKey(kind, signer)
	if err != nil {
		return nil, keyError(p, err)
	}
	return &DecryptionKey{private: private, public: &EncryptionKey{pair: p, id: checked.ID(), public: signer.Public()}}, nil
}

// NewEncryptionKey binds a public key to a pair of algorithms; see [NewDecryptionKey].
func NewEncryptionKey(alg KeyAlgorithm, enc ContentAlgorithm, public crypto.PublicKey) (*EncryptionKey, error) {
	p := pair{alg, enc}
	if err := p.check(); err != nil {
		return nil, err
	}
	kind, err := p.kindOf(public)
	if err != nil {
		return nil, err
	}
	checked, err := durward.NewVerificationKey(kind, public)
	if err != nil {
		return nil, keyError(p, err)
	}
	return &EncryptionKey{pair: p, id: checked.ID(), public: public}, nil
}

// kindOf names a signature algorithm that demands of a key what the pair does: durward then checks the key.
func (p pair) kindOf(key any) (durward.Algorithm, error) {
	var curve elliptic.Curve
	switch key := key.(type) {
	case *rsa.PrivateKey, *rsa.PublicKey:
		if p.key == RSAOAEP256 {
			return durward.RS256, nil
		}
	case *ecdsa.PrivateKey:
		if key != nil {
			curve = key.Curve
		}
	case *ecdsa.PublicKey:
		if key != nil {
			curve = key.Curve
		}
	}
	if !p.agrees() || curve == nil {
		return "", wrongKind(p)
	}
	switch curve {
	case elliptic.P256():
		return durward.ES256, nil
	case elliptic.P384():
		return durward.ES384, nil
	case elliptic.P521():
		return durward.ES512, nil
	default:
		return "", wrongKind(p)
	}
}

func wrongKind(p pair) error {
	return keyError(p, errors.New("the key is of another kind than the algorithm wants"))
}

func keyError(p pair, err error) error { return fmt.Errorf("%s key: %w", p.key, err) }

// KeyAlgorithm returns the one key algorithm of the key.
func (k *DecryptionKey) KeyAlgorithm() KeyAlgorithm { return k.public.key }

// ContentAlgorithm returns the one content algorithm of the key.
func (k *DecryptionKey) ContentAlgorithm() ContentAlgorithm { return k.public.content }

// ID returns the key id (kid) of the tokens that the key opens; if it is empty, only tokens without one.
func (k *DecryptionKey) ID() string { return k.public.id }

// WithID returns a copy of the key with another key id, of at most 255 bytes; see [DecryptionKey.ID].
func (k *DecryptionKey) WithID(id string) *DecryptionKey {
	return &DecryptionKey{private: k.private, public: k.public.WithID(id)}
}

// Public returns the key that encrypts to this one. For [Direct] it holds the secret.
func (k *DecryptionKey) Public() *EncryptionKey { return k.public }

// String returns "[secret]".
func (k DecryptionKey) String() string { return "[secret]" }

// Format prints "[secret]" for every verb, so that none reaches the key.
func (k DecryptionKey) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, k.String()) }

// LogValue returns the algorithms and the key id, never the key.
func (k DecryptionKey) LogValue() slog.Value { return k.public.LogValue() }

// KeyAlgorithm returns the one key algorithm of the key.
func (k *EncryptionKey) KeyAlgorithm() KeyAlgorithm { return k.key }

// ContentAlgorithm returns the one content algorithm of the key.
func (k *EncryptionKey) ContentAlgorithm() ContentAlgorithm { return k.content }

// ID returns the key id (kid) that the key writes into headers; empty if it writes none.
func (k *EncryptionKey) ID() string { return k.id }

// WithID returns a copy of the key with another key id, of at most 255 bytes; see [EncryptionKey.ID].
func (k *EncryptionKey) WithID(id string) *EncryptionKey {
	copied := *k
	copied.id = id
	return &copied
}

// String returns the algorithms and the key id, never the key.
func (k EncryptionKey) String() string {
	return string(k.key) + " " + string(k.content) + " key " + k.id
}

// Format prints String for every verb, so that none reaches a shared secret.
func (k EncryptionKey) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, k.String()) }

// LogValue returns the algorithms and the key id, never the key.
func (k EncryptionKey) LogValue() slog.Value {
	return slog.GroupValue(slog.String("alg", string(k.key)), slog.String("enc", string(k.content)), slog.String("kid", k.id))
}
