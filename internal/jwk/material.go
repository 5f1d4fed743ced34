package jwk

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"fmt"
	"io"
	"log/slog"
	"strconv"
)

// Material is what a key is made of; exactly one of the three is set.
// It prints, logs and marshals without its secret.
type Material struct {
	Secret  []byte           // oct
	Private crypto.Signer    // *rsa.PrivateKey, *ecdsa.PrivateKey, ed25519.PrivateKey
	Public  crypto.PublicKey // *rsa.PublicKey, *ecdsa.PublicKey, ed25519.PublicKey
}

// Key is a key and what its JWK says about it (RFC 7517 §4).
// It prints, logs and marshals without its secret.
type Key struct {
	Material
	Algorithm  string   // alg, "" when the key names none
	KeyID      string   // kid
	Use        string   // use, "" or "sig"
	HasKeyID   bool     // whether there is a kid
	Operations []string // key_ops: "sign", "verify" or both; nil when the key names none
	Further    *Further // set instead of Material for a key of a further type
}

// kind says what the material is, or why it is nothing this package knows. It looks at types only.
func (m Material) kind() (kind, error) {
	switch btoi(m.Secret != nil) + btoi(m.Private != nil) + btoi(m.Public != nil) {
	case 0:
		return "", invalid("the key is empty")
	case 1:
	default:
		return "", invalid("a key has exactly one of a secret, a private and a public part, this one has several")
	}
	if m.Secret != nil {
		return kindSecret, nil
	}
	if m.Private != nil {
		switch private := m.Private.(type) {
		case *rsa.PrivateKey:
			if private == nil {
				return "", invalid("the RSA private key is nil")
			}
			return kindRSA, nil
		case *ecdsa.PrivateKey:
			if private == nil {
				return "", invalid("the EC private key is nil")
			}
			return ecKind(&private.PublicKey)
		case ed25519.PrivateKey:
			return kindEd25519, nil
		}
		return "", unsupported("a private key of type %T is not supported: want *rsa.PrivateKey, *ecdsa.PrivateKey or ed25519.PrivateKey", m.Private)
	}
	switch public := m.Public.(type) {
	case *rsa.PublicKey:
		if public == nil {
			return "", invalid("the RSA public key is nil")
		}
		return kindRSA, nil
	case *ecdsa.PublicKey:
		if public == nil {
			return "", invalid("the EC public key is nil")
		}
		return ecKind(public)
	case ed25519.PublicKey:
		return kindEd25519, nil
	}
	return "", unsupported("a public key of type %T is not supported: want *rsa.PublicKey, *ecdsa.PublicKey or ed25519.PublicKey", m.Public)
}

func ecKind(key *ecdsa.PublicKey) (kind, error) {
	if key.Curve == nil {
		return "", invalid("the EC key names no curve")
	}
	c, ok := curveOf(key.Curve)
	if !ok {
		return "", unsupported("the EC key's curve is not supported: want P-256, P-384 or P-521 (RFC 7518 §6.2.1.1)")
	}
	return c.kind, nil
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// IsPublic reports whether the key is a public one, and not a private or secret one.
func (k Key) IsPublic() bool {
	if k.Further != nil {
		return k.Further.Private == nil
	}
	return k.Public != nil
}

// public is the public half of a key that has one; nil for a secret.
func (m Material) public() crypto.PublicKey {
	if m.Private != nil {
		return m.Private.Public()
	}
	return m.Public
}

// String names the kind of key and whether it is public, never what it is made of.
func (m Material) String() string {
	k, err := m.kind()
	switch {
	case err != nil:
		return "unusable key [secret]"
	case m.Secret != nil:
		return "oct [secret]"
	case m.Private != nil:
		return string(k) + " private key [secret]"
	}
	return string(k) + " public key"
}

// GoString is String.
func (m Material) GoString() string { return m.String() }

// Format writes String for every verb, so that no verb reaches the fields.
func (m Material) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, m.String()) }

// LogValue is String.
func (m Material) LogValue() slog.Value { return slog.StringValue(m.String()) }

// MarshalJSON is String, quoted. MarshalPublic and MarshalPrivate write keys.
func (m Material) MarshalJSON() ([]byte, error) { return quote(m.String()), nil }

// String names the kind of key and its kid, never what it is made of.
func (k Key) String() string {
	what := k.Material.String()
	if k.Further != nil {
		what = k.Further.String()
	}
	if !k.HasKeyID && k.KeyID == "" {
		return what
	}
	return what + " " + strconv.QuoteToASCII(k.KeyID)
}

// GoString is String.
func (k Key) GoString() string { return k.String() }

// Format writes String for every verb, so that no verb reaches the fields.
func (k Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, k.String()) }

// LogValue is String.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.String()) }

// MarshalJSON is String, quoted. MarshalPublic and MarshalPrivate write keys.
func (k Key) MarshalJSON() ([]byte, error) { return quote(k.String()), nil }
