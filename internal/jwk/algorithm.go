package jwk

import (
	"crypto/elliptic"
	"slices"
)

// kind is what a key is made of, named as RFC 7518 §6.1 and RFC 8037 §2 do, an EC key by its curve.
type kind string

const (
	kindSecret  kind = "oct"
	kindRSA     kind = "RSA"
	kindP256    kind = "EC P-256"
	kindP384    kind = "EC P-384"
	kindP521    kind = "EC P-521"
	kindEd25519 kind = "Ed25519"
)

// requirement is what an algorithm demands of its key.
type requirement struct {
	algorithm string
	kind      kind
	secret    int // shortest HMAC secret in bytes: the hash's length (RFC 7518 §3.2)
}

// requirements is in the order in which Algorithms answers. A function, so that nobody can change it.
func requirements() []requirement {
	return []requirement{
		{algorithm: "HS256", kind: kindSecret, secret: 32},
		{algorithm: "HS384", kind: kindSecret, secret: 48},
		{algorithm: "HS512", kind: kindSecret, secret: 64},
		{algorithm: "RS256", kind: kindRSA},
		{algorithm: "RS384", kind: kindRSA},
		{algorithm: "RS512", kind: kindRSA},
		{algorithm: "PS256", kind: kindRSA},
		{algorithm: "PS384", kind: kindRSA},
		{algorithm: "PS512", kind: kindRSA},
		{algorithm: "ES256", kind: kindP256},
		{algorithm: "ES384", kind: kindP384},
		{algorithm: "ES512", kind: kindP521},
		{algorithm: "EdDSA", kind: kindEd25519},
		{algorithm: "Ed25519", kind: kindEd25519},
	}
}

func require(algorithm string) (requirement, bool) {
	for _, r := range requirements() {
		if r.algorithm == algorithm {
			return r, true
		}
	}
	return requirement{}, false
}

// Supported reports whether the algorithm is one of Algorithms. Names are case-sensitive (RFC 7515 §4.1.1).
func Supported(algorithm string) bool {
	_, ok := require(algorithm)
	return ok
}

// Asymmetric reports whether the algorithm is one of Algorithms that has public keys: all but those of HMAC.
func Asymmetric(algorithm string) bool {
	r, ok := require(algorithm)
	return ok && r.kind != kindSecret
}

// Algorithms lists the signature algorithms that keys can be bound to, in a fixed order: the names of
// RFC 7518 §3.1 without "none", EdDSA (RFC 8037 §3.1) and Ed25519, the name that RFC 9864 gives the same.
func Algorithms() []string {
	all := requirements()
	names := make([]string, len(all))
	for i, r := range all {
		names[i] = r.algorithm
	}
	return names
}

// Infer names the one algorithm that the material can serve: an EC key's by its curve, EdDSA for Ed25519.
// RSA keys and secrets serve several, so for them ok is false.
// Infer does not judge the material; Check does.
func Infer(m Material) (algorithm string, ok bool) {
	k, err := m.kind()
	if err != nil || k == kindRSA || k == kindSecret {
		return "", false
	}
	all := requirements()
	i := slices.IndexFunc(all, func(r requirement) bool { return r.kind == k })
	return all[i].algorithm, true
}

// curve is what RFC 7518 §6.2 says about a curve.
type curve struct {
	name string // crv
	kind kind
	size int // bytes of a coordinate and of a private scalar
	elliptic.Curve
}

func curves() []curve {
	return []curve{
		{"P-256", kindP256, 32, elliptic.P256()},
		{"P-384", kindP384, 48, elliptic.P384()},
		{"P-521", kindP521, 66, elliptic.P521()},
	}
}

func curveNamed(name string) (curve, bool) {
	for _, c := range curves() {
		if c.name == name {
			return c, true
		}
	}
	return curve{}, false
}

func curveOf(want elliptic.Curve) (curve, bool) {
	for _, c := range curves() {
		if c.Curve == want {
			return c, true
		}
	}
	return curve{}, false
}

const ed25519Curve = "Ed25519"
