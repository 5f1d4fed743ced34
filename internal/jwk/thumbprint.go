package jwk

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"math/big"
)

// Thumbprint is the SHA-256 thumbprint of a key in base64url (RFC 7638), that of the public part for a private key.
// A secret's (§3.2) lets guesses of a poor secret be tested, so it is not for publication (§7).
// Material that no algorithm would take is an error, as in Check.
func Thumbprint(m Material) (string, error) {
	if err := examine(m); err != nil {
		return "", err
	}
	var w writer
	for _, member := range m.members() {
		w.text(member.name, member.value)
	}
	sum := sha256.Sum256(w.end())
	return encode(sum[:]), nil
}

// member is a JWK member whose value is a string.
type member struct{ name, value string }

// members are the required members of a key in the order of RFC 7638 §3.2, of the public part for a private key.
// The material must have passed examine.
func (m Material) members() []member {
	if m.Secret != nil {
		return []member{{"k", encode(m.Secret)}, {"kty", "oct"}}
	}
	switch key := m.public().(type) {
	case *rsa.PublicKey:
		return []member{{"e", encode(big.NewInt(int64(key.E)).Bytes())}, {"kty", "RSA"}, {"n", encode(key.N.Bytes())}}
	case *ecdsa.PublicKey:
		c, _ := curveOf(key.Curve)
		point, _ := key.Bytes() // 4, x, y (SEC 1 §2.3.3)
		return []member{{"crv", c.name}, {"kty", "EC"}, {"x", encode(point[1 : 1+c.size])}, {"y", encode(point[1+c.size:])}}
	default:
		x, _ := key.(ed25519.PublicKey)
		return []member{{"crv", ed25519Curve}, {"kty", "OKP"}, {"x", encode(x)}}
	}
}

func (m Material) kty() string {
	switch k, _ := m.kind(); k {
	case kindSecret, kindRSA:
		return string(k)
	case kindEd25519:
		return "OKP"
	}
	return "EC"
}
