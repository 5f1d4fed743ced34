package fastkeys_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"math/big"
	"testing"

	"filippo.io/nistec"

	"github.com/durward-auth/durward/fastkeys"
)

var order = elliptic.P256().Params().N

func modular(f func(z *big.Int)) *big.Int {
	z := new(big.Int)
	f(z)
	return z.Mod(z, order)
}

func product(a, b *big.Int) *big.Int { return modular(func(z *big.Int) { z.Mul(a, b) }) }

func inverse(a *big.Int) *big.Int { return new(big.Int).ModInverse(a, order) }

// multiple is scalar·p.
func multiple(t *testing.T, p *nistec.P256Point, scalar *big.Int) *nistec.P256Point {
	t.Helper()
	made, err := nistec.NewP256Point().ScalarMult(p, scalar.FillBytes(make([]byte, 32)))
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func generator() *nistec.P256Point { return nistec.NewP256Point().SetGenerator() }

// p256 is a key with both ways to check digests.
type p256 struct {
	q      *nistec.P256Point
	public *ecdsa.PublicKey
	fast   func(digest *[32]byte, signature []byte) bool
}

func newP256(t *testing.T, q *nistec.P256Point) p256 {
	t.Helper()
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), q.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	fast, err := fastkeys.NewP256(public)
	if err != nil {
		t.Fatal(err)
	}
	return p256{q, public, fast}
}

// judge fails the test unless both ways say the same, and what is wanted.
func (k p256) judge(t *testing.T, name string, e, r, s *big.Int, want bool) {
	t.Helper()
	digest := [32]byte(e.FillBytes(make([]byte, 32)))
	signature := rawECDSA(r, s)
	fast, standard := k.fast(&digest, signature), standardECDSA(k.public, digest[:], signature)
	if fast != want || standard != want {
		t.Errorf("%s: got %v and from the standard library %v, want %v", name, fast, standard, want)
	}
}

// craft makes a digest and a signature for which the check computes u1·G + u2·Q.
func (k p256) craft(t *testing.T, u1, u2 *big.Int) (e, r, s *big.Int, infinite bool) {
	t.Helper()
	sum := multiple(t, generator(), u1)
	sum.Add(sum, multiple(t, k.q, u2))
	x, err := sum.BytesX()
	if err != nil {
		r = big.NewInt(12345)
	} else {
		r = modular(func(z *big.Int) { z.SetBytes(x) })
	}
	s = product(r, inverse(u2))
	return product(u1, s), r, s, err != nil
}

func number(t *testing.T) *big.Int {
	t.Helper()
	n, err := rand.Int(rand.Reader, order)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestC01NumbersAtTheEdgesOfP256(t *testing.T) {
	d := number(t)
	k := newP256(t, multiple(t, generator(), d))
	e, r, s, _ := k.craft(t, number(t), number(t))
	k.judge(t, "the signature itself", e, r, s, true)
	k.judge(t, "C03 its twin", e, r, new(big.Int).Sub(order, s), true)
	one, largest := big.NewInt(1), new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 256), big.NewInt(1))
	edges := []*big.Int{
		new(big.Int), one, new(big.Int).Sub(order, one), order, new(big.Int).Add(order, one),
		elliptic.P256().Params().P, largest,
	}
	for _, edge := range edges {
		k.judge(t, "r at an edge", e, edge, s, false)
		k.judge(t, "s at an edge", e, r, edge, false)
		for _, other := range edges {
			k.judge(t, "both at an edge", e, edge, other, false)
			k.judge(t, "both at an edge, and the digest", other, edge, other, false)
		}
	}
	for _, size := range []int{0, 1, 32, 63, 65, 128} {
		if k.fast(new([32]byte), make([]byte, size)) {
			t.Errorf("a signature of %d bytes: got true, want false", size)
		}
	}
}

func TestDigestsAtTheEdgesOfP256(t *testing.T) {
	k := newP256(t, multiple(t, generator(), number(t)))
	largest := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 256), big.NewInt(1))
	for _, e := range []*big.Int{new(big.Int), big.NewInt(1), order, new(big.Int).Add(order, big.NewInt(1)), largest} {
		// u1 = e/s and u2 = r/s are right for any nonce when s = (e + r·d)/nonce; with the key's own numbers unknown, choose
		// u2 = 1 and let Q follow: R = u1·G + Q, s = r, u1 = e/r.
		for range 4 {
			nonce := number(t)
			R := multiple(t, generator(), nonce)
			x, err := R.BytesX()
			if err != nil {
				t.Fatal(err)
			}
			r := modular(func(z *big.Int) { z.SetBytes(x) })
			u1 := product(e, inverse(r))
			q := nistec.NewP256Point().Negate(multiple(t, generator(), u1))
			other := newP256(t, q.Add(q, R))
			other.judge(t, "a digest at an edge", e, r, r, true)
			k.judge(t, "a digest at an edge, another key", e, r, r, false)
		}
	}
}

// The sum meets points of its own table, their negatives and the point at infinity.
func TestSumsThatMeetTheTableOfP256(t *testing.T) {
	secrets := []*big.Int{big.NewInt(1), new(big.Int).Sub(order, big.NewInt(1)), big.NewInt(2), big.NewInt(32), big.NewInt(33), big.NewInt(64), number(t)}
	for _, shift := range []uint{6, 60, 252} { // so that G itself stands in the table
		secrets = append(secrets, inverse(modular(func(z *big.Int) { z.Lsh(big.NewInt(1), shift) })))
	}
	infinities, sums := 0, 0
	for _, d := range secrets {
		k := newP256(t, multiple(t, generator(), d))
		for window := uint(0); window < 43; window += 7 {
			for _, digit := range []int64{1, 32} {
				at := modular(func(z *big.Int) { z.Lsh(big.NewInt(digit), 6*window) })
				below := modular(func(z *big.Int) { z.Mod(number(t), new(big.Int).Lsh(big.NewInt(1), 6*window)) })
				u2 := modular(func(z *big.Int) { z.Add(at, below) })
				for _, multiplier := range []*big.Int{
					at,                          // u1·G is the point that is added
					new(big.Int).Sub(order, at), // or its negative
					new(big.Int).Sub(order, u2), // the end is the point at infinity
					modular(func(z *big.Int) { z.Sub(at, below) }),        // before the last addition both are one
					modular(func(z *big.Int) { z.Add(at, below).Neg(z) }), // the same at infinity
					modular(func(z *big.Int) { z.Neg(below) }),            // infinity on the way
					u2,
					new(big.Int),
				} {
					e, r, s, infinite := k.craft(t, product(d, multiplier), u2)
					k.judge(t, "a sum", e, r, s, !infinite)
					sums++
					if infinite {
						infinities++
						k.judge(t, "infinity", e, r, number(t), false)
					}
				}
			}
		}
	}
	if infinities == 0 || infinities == sums {
		t.Errorf("got the point at infinity %d times of %d, want it now and then", infinities, sums)
	}
}

// x of the sum may be at or above the order, and r is less by the order then.
func TestAnXThatWrapsAroundTheOrderOfP256(t *testing.T) {
	x, found := new(big.Int).Set(order), 0
	for ; found < 5; x.Add(x, big.NewInt(1)) {
		R, err := nistec.NewP256Point().SetBytes(append([]byte{2}, x.FillBytes(make([]byte, 32))...))
		if err != nil {
			continue
		}
		r := new(big.Int).Sub(x, order)
		if r.Sign() == 0 {
			continue
		}
		found++
		u1, u2 := number(t), number(t)
		q := nistec.NewP256Point().Negate(multiple(t, generator(), u1))
		k := newP256(t, multiple(t, q.Add(q, R), inverse(u2)))
		s := product(r, inverse(u2))
		k.judge(t, "x wraps around", product(u1, s), r, s, true)
		k.judge(t, "x as it is", product(u1, s), x, s, false)
	}
}

func TestOnlyPointsOnP256AreKeys(t *testing.T) {
	other, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if check, err := fastkeys.NewP256(&other.PublicKey); err == nil || check != nil {
		t.Errorf("a point of P-384: got a check and error %v, want an error alone", err)
	}
}
