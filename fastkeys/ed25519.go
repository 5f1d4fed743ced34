package fastkeys

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha512"
	"fmt"
	"hash"
	"sync"

	"filippo.io/edwards25519"
)

// A comb keeps j·2^(width·i)·P for j from 1 to 2^(width-1) and every window i, so that a multiple of P is an
// addition a window and no doubling. Each point takes 160 bytes.
type comb struct {
	width  uint
	points []edwards25519.Point
}

// scalarBits is one more than a scalar has, which is below 2^253.
const scalarBits = 254

func (c *comb) windows() int { return int((scalarBits + c.width - 1) / c.width) }

func newComb(p *edwards25519.Point, width uint) *comb {
	c := &comb{width: width}
	row := 1 << (width - 1)
	c.points = make([]edwards25519.Point, c.windows()*row)
	base := new(edwards25519.Point).Set(p)
	for i := range c.windows() {
		points := c.points[i*row : (i+1)*row]
		points[0].Set(base)
		for j := 1; j < row; j++ {
			points[j].Add(&points[j-1], base)
		}
		base.Add(&points[row-1], &points[row-1])
	}
	return c
}

// addMultiple adds n·P. The sum of any two points is right, whatever their order: the formulas are complete.
func (c *comb) addMultiple(sum *edwards25519.Point, n number, digits []int16) {
	digits = digits[:c.windows()]
	n.digits(digits, c.width)
	points := c.points
	for _, digit := range digits {
		switch {
		case digit > 0:
			sum.Add(sum, &points[digit-1])
		case digit < 0:
			sum.Subtract(sum, &points[-digit-1])
		}
		points = points[1<<(c.width-1):]
	}
}

const (
	ed25519Width     = 6 // 43 windows: 215 KiB for each key
	ed25519BaseWidth = 8 // 32 windows: 640 KiB, once
)

// ed25519Base is made when the first key is.
var ed25519Base = sync.OnceValue(func() *comb { return newComb(edwards25519.NewGeneratorPoint(), ed25519BaseWidth) })

// An ed25519Key checks Ed25519 (RFC 8032 §5.1.7) as crypto/ed25519 does: S below the order, no cofactor, and R compared as
// it is encoded.
type ed25519Key struct {
	public []byte
	minusA *comb
}

func newEd25519Key(public ed25519.PublicKey) (*ed25519Key, error) {
	a, err := new(edwards25519.Point).SetBytes(public)
	if err != nil {
		return nil, fmt.Errorf("point: %w", err)
	}
	ed25519Base()
	return &ed25519Key{public: bytes.Clone(public), minusA: newComb(new(edwards25519.Point).Negate(a), ed25519Width)}, nil
}

// ed25519Work is memory that one verification after the other uses.
type ed25519Work struct {
	hash   hash.Hash
	sum    [sha512.Size]byte
	digits [43]int16
}

var ed25519Pool = sync.Pool{New: func() any { return &ed25519Work{hash: sha512.New()} }}

func (k *ed25519Key) verify(message, signature []byte) bool {
	if len(signature) != ed25519.SignatureSize {
		return false
	}
	var s, challenge edwards25519.Scalar
	if _, err := s.SetCanonicalBytes(signature[32:]); err != nil {
		return false
	}
	w := ed25519Pool.Get().(*ed25519Work)
	defer ed25519Pool.Put(w)
	w.hash.Reset()
	w.hash.Write(signature[:32])
	w.hash.Write(k.public)
	w.hash.Write(message)
	if _, err := challenge.SetUniformBytes(w.hash.Sum(w.sum[:0])); err != nil {
		return false
	}
	// [S]B = R + [k]A, so R must be [S]B + [k](-A).
	r := edwards25519.NewIdentityPoint()
	ed25519Base().addMultiple(r, numberOfReversed(signature[32:]), w.digits[:])
	k.minusA.addMultiple(r, numberOfReversed(challenge.Bytes()), w.digits[:])
	return bytes.Equal(signature[:32], r.Bytes())
}
