package jwk

import (
	"crypto/ed25519"
	"math/big"
	"slices"
)

// edwards is what RFC 8032 §5.1 says about the curve.
type edwards struct {
	p *big.Int // 2²⁵⁵ - 19
	d *big.Int // -121665/121666
}

func newEdwards() edwards {
	p := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))
	d := new(big.Int).ModInverse(big.NewInt(121666), p)
	d.Mul(d, big.NewInt(-121665)).Mod(d, p)
	return edwards{p, d}
}

// examineEd25519 refuses what crypto/ed25519 would take: encodings that are not canonical (RFC 8032 §5.1.3),
// that are no point, and the eight points of small order, under which anybody can make valid signatures.
func examineEd25519(key ed25519.PublicKey) error {
	if len(key) != ed25519.PublicKeySize {
		return invalid("Ed25519 public key has %d bytes, it must have %d (RFC 8037 §2)", len(key), ed25519.PublicKeySize)
	}
	e := newEdwards()
	encoded := slices.Clone(key)
	slices.Reverse(encoded)
	encoded[0] &= 0x7f // the sign of x
	y := new(big.Int).SetBytes(encoded)
	if y.Cmp(e.p) >= 0 {
		return invalid("Ed25519 public key is not canonically encoded (RFC 8032 §5.1.3)")
	}
	if e.smallOrder(y) {
		return weak("Ed25519 public key is a point of small order: anybody could forge its signatures")
	}
	if !e.onCurve(y) {
		return invalid("Ed25519 public key is not a point on the curve (RFC 8032 §5.1.3)")
	}
	return nil
}

// smallOrder reports whether y belongs to a point whose order divides 8: y is 1 or -1 (orders 1 and 2),
// 0 (order 4), or doubles to 0, which is d·y⁴ + 2y² - 1 = 0 (order 8).
func (e edwards) smallOrder(y *big.Int) bool {
	square := e.mul(y, y)
	if square.Sign() == 0 || square.Cmp(big.NewInt(1)) == 0 {
		return true
	}
	sum := e.mul(e.d, e.mul(square, square))
	sum.Add(sum, square).Add(sum, square).Sub(sum, big.NewInt(1))
	return sum.Mod(sum, e.p).Sign() == 0
}

// onCurve reports whether some x belongs to y: x² = (y²-1)/(d·y²+1) is a square when the product of the two is.
func (e edwards) onCurve(y *big.Int) bool {
	square := e.mul(y, y)
	u := new(big.Int).Sub(square, big.NewInt(1))
	v := e.mul(e.d, square)
	v.Add(v, big.NewInt(1))
	return big.Jacobi(e.mul(u, v), e.p) != -1
}

func (e edwards) mul(a, b *big.Int) *big.Int {
	product := new(big.Int).Mul(a, b)
	return product.Mod(product, e.p)
}
