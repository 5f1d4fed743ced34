package durward_test

import (
	"crypto/ed25519"
	"crypto/sha512"
	"encoding/hex"
	"math/big"
	"slices"
	"testing"

	"github.com/durward-auth/durward"
)

// edwards is the curve of Ed25519 (RFC 8032 §5.1), in affine coordinates and slow.
type edwards struct{ p, d, l, i *big.Int }

func newEdwards() edwards {
	number := func(text string) *big.Int { n, _ := new(big.Int).SetString(text, 10); return n }
	p := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))
	d := new(big.Int).Mul(big.NewInt(-121665), new(big.Int).ModInverse(big.NewInt(121666), p))
	return edwards{
		p: p, d: d.Mod(d, p),
		l: number("7237005577332262213973186563042994240857116359379907606001950938285454250989"),
		i: new(big.Int).Exp(big.NewInt(2), new(big.Int).Rsh(p, 2), p),
	}
}

type point struct{ x, y *big.Int }

func (c edwards) decode(t *testing.T, raw []byte) point {
	t.Helper()
	sign := uint(raw[31] >> 7)
	reversed := slices.Clone(raw)
	slices.Reverse(reversed)
	reversed[0] &= 0x7f
	y := new(big.Int).SetBytes(reversed)
	square := new(big.Int).Mul(y, y)
	below := new(big.Int).Mul(square, c.d)
	below.Add(below, big.NewInt(1)).ModInverse(below, c.p)
	square.Sub(square, big.NewInt(1)).Mul(square, below).Mod(square, c.p)
	x := new(big.Int).ModSqrt(square, c.p)
	if x == nil {
		t.Fatalf("%x is no point", raw)
	}
	if x.Bit(0) != sign && x.Sign() != 0 {
		x.Sub(c.p, x)
	}
	return point{x, y}
}

func (c edwards) encode(a point) []byte {
	raw := a.y.FillBytes(make([]byte, 32))
	raw[0] |= byte(a.x.Bit(0)) << 7
	slices.Reverse(raw)
	return raw
}

func (c edwards) add(a, b point) point {
	mul := func(x, y *big.Int) *big.Int { z := new(big.Int).Mul(x, y); return z.Mod(z, c.p) }
	e := mul(c.d, mul(mul(a.x, b.x), mul(a.y, b.y)))
	over := func(n, below *big.Int) *big.Int { return mul(n, new(big.Int).ModInverse(below.Mod(below, c.p), c.p)) }
	one := big.NewInt(1)
	return point{
		over(new(big.Int).Add(mul(a.x, b.y), mul(a.y, b.x)), new(big.Int).Add(one, e)),
		over(new(big.Int).Add(mul(a.y, b.y), mul(a.x, b.x)), new(big.Int).Sub(one, e)),
	}
}

// C08: a point of small order added to the key or to R makes a signature of mixed order. Under an honest key none is
// accepted, and under a key that is mixed itself nothing panics and only what the primitive accepts is.
func TestC08PointsOfMixedOrder(t *testing.T) {
	m := materialOf(t, durward.EdDSA)
	private := m.private.(ed25519.PrivateKey)
	curve := newEdwards()
	eighth, err := hex.DecodeString("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")
	if err != nil {
		t.Fatal(err)
	}
	generator := curve.decode(t, eighth)
	torsion, sum := []point{}, generator
	for range 7 {
		torsion = append(torsion, sum)
		sum = curve.add(sum, generator)
	}
	if sum.x.Sign() != 0 || sum.y.Cmp(big.NewInt(1)) != 0 {
		t.Fatalf("eight times the point of order 8: got %v, %v, want the identity", sum.x, sum.y)
	}
	input := encode(m.header()) + "." + encode(payload())
	signature := ed25519.Sign(private, []byte(input))
	honest := newVerifier(t, config(m.key))
	accepted(t, honest, input+"."+encode(string(signature)))
	public := curve.decode(t, private.Public().(ed25519.PublicKey))
	r := curve.decode(t, signature[:32])
	if again := curve.encode(r); !slices.Equal(again, signature[:32]) {
		t.Fatalf("got %x, want %x: the curve of this test is another one", again, signature[:32])
	}

	for n, small := range torsion {
		if key, err := durward.NewVerificationKey(durward.EdDSA, ed25519.PublicKey(curve.encode(small))); err == nil || key != nil {
			t.Errorf("C08 point %d of small order: got a key, want an error", n)
		}
		mixed := slices.Concat(curve.encode(curve.add(r, small)), signature[32:])
		refused(t, honest, input+"."+encode(string(mixed)), durward.ErrTokenSignature)
		refused(t, honest, input+"."+encode(string(slices.Concat(curve.encode(small), signature[32:]))), durward.ErrTokenSignature)

		other := ed25519.PublicKey(curve.encode(curve.add(public, small)))
		key, err := durward.NewVerificationKey(durward.EdDSA, other)
		if err != nil {
			continue
		}
		v := newVerifier(t, config(key.WithID(m.key.ID())))
		for _, R := range []point{r, curve.add(r, small)} {
			forged := curve.underKey(private, R, other, []byte(input), signature)
			want := ed25519.Verify(other, []byte(input), forged)
			if _, err := v.Verify(t.Context(), input+"."+encode(string(forged))); (err == nil) != want {
				t.Errorf("C08 point %d: got %v, want what the primitive says: %v", n, err, want)
			}
		}
	}
}

// underKey makes the signature that would be good under the other key, were it not for the point of small order.
func (c edwards) underKey(private ed25519.PrivateKey, r point, other ed25519.PublicKey, message, honest []byte) []byte {
	number := func(raw []byte) *big.Int {
		raw = slices.Clone(raw)
		slices.Reverse(raw)
		return new(big.Int).SetBytes(raw)
	}
	challenge := func(r []byte, key ed25519.PublicKey) *big.Int {
		h := sha512.Sum512(slices.Concat(r, key, message))
		return number(h[:])
	}
	h := sha512.Sum512(private.Seed())
	h[0] &= 248
	h[31] = h[31]&63 | 64
	secret := number(h[:32])
	encoded := c.encode(r)
	// S of the honest signature holds the nonce: S = nonce + challenge * secret.
	s := challenge(encoded, other)
	s.Sub(s, challenge(honest[:32], private.Public().(ed25519.PublicKey))).Mul(s, secret).Add(s, number(honest[32:])).Mod(s, c.l)
	raw := s.FillBytes(make([]byte, 32))
	slices.Reverse(raw)
	return append(encoded, raw...)
}
