package jwk

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"math/big"
)

// The readers below look at the form of the material; what the numbers are worth is examine's business.

// secret reads RFC 7518 §6.4.
func (o object) secret() (Material, error) {
	k, err := o.bytes("k")
	if err != nil {
		return Material{}, err
	}
	return Material{Secret: k}, nil
}

// rsa reads RFC 7518 §6.3.
func (o object) rsa() (Material, error) {
	n, err := o.integer("n")
	if err != nil {
		return Material{}, err
	}
	e, err := o.integer("e")
	if err != nil {
		return Material{}, err
	}
	if e.BitLen() > 31 {
		return Material{}, badExponent()
	}
	public := &rsa.PublicKey{N: n, E: int(e.Int64())}
	private := []string{"d", "p", "q", "dp", "dq", "qi"}
	numbers := make([]*big.Int, len(private))
	present := 0
	for i, name := range private {
		if !o.has(name) {
			continue
		}
		present++
		if numbers[i], err = o.integer(name); err != nil {
			return Material{}, err
		}
	}
	switch {
	case o.has("oth"):
		return Material{}, unsupported("RSA key has more than two primes (oth)")
	case present == 0:
		return Material{Public: public}, nil
	case present == 1 && o.has("d"):
		return Material{}, unsupported("RSA private key has d alone: p, q, dp, dq and qi are needed too (RFC 7518 §6.3.2 asks for them)")
	case present < len(private):
		return Material{}, invalid("RSA private key must have all of d, p, q, dp, dq and qi (RFC 7518 §6.3.2)")
	}
	key := &rsa.PrivateKey{PublicKey: *public, D: numbers[0], Primes: numbers[1:3:3]}
	key.Precomputed.Dp, key.Precomputed.Dq, key.Precomputed.Qinv = numbers[3], numbers[4], numbers[5]
	key.Precompute()
	return Material{Private: key}, nil
}

// ec reads RFC 7518 §6.2.
func (o object) ec() (Material, error) {
	name, err := o.required("crv")
	if err != nil {
		return Material{}, err
	}
	c, ok := curveNamed(name)
	if !ok {
		return Material{}, unsupported("crv %.40q is not supported for EC: want P-256, P-384 or P-521", name)
	}
	x, err := o.fixed("x", c.size)
	if err != nil {
		return Material{}, err
	}
	y, err := o.fixed("y", c.size)
	if err != nil {
		return Material{}, err
	}
	point := append(append([]byte{4}, x...), y...) // SEC 1 §2.3.3
	public, err := ecdsa.ParseUncompressedPublicKey(c.Curve, point)
	if err != nil {
		return Material{}, invalid("EC point is not on the curve %s", c.name)
	}
	if !o.has("d") {
		return Material{Public: public}, nil
	}
	d, err := o.fixed("d", c.size)
	if err != nil {
		return Material{}, err
	}
	private, err := ecdsa.ParseRawPrivateKey(c.Curve, d)
	if err != nil {
		return Material{}, invalid("EC private key is out of range")
	}
	if !private.PublicKey.Equal(public) {
		return Material{}, invalid("EC private key does not match its public key")
	}
	return Material{Private: private}, nil
}

// okp reads RFC 8037 §2.
func (o object) okp() (Material, error) {
	name, err := o.required("crv")
	if err != nil {
		return Material{}, err
	}
	if name != ed25519Curve {
		return Material{}, unsupported("crv %.40q is not supported for OKP: want Ed25519", name)
	}
	x, err := o.fixed("x", ed25519.PublicKeySize)
	if err != nil {
		return Material{}, err
	}
	if !o.has("d") {
		return Material{Public: ed25519.PublicKey(x)}, nil
	}
	d, err := o.fixed("d", ed25519.SeedSize)
	if err != nil {
		return Material{}, err
	}
	return Material{Private: ed25519.PrivateKey(append(d, x...))}, nil
}
