package fastkeys

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/big"
	"sync"

	"filippo.io/nistec"
)

const (
	p256Width   = 6
	p256Windows = 43 // of 6 bits: 258, one more than 256 at least
)

// A p256Key checks ECDSA with P-256 and SHA-256 (FIPS 186-5 §6.4.2). It keeps j·2^(6i)·Q for j from 1 to 32 and
// every window i, so that a multiple of Q is 43 additions and no doubling: 129 KiB.
type p256Key struct {
	table [p256Windows][1 << (p256Width - 1)]nistec.P256Point
}

var p256Order = elliptic.P256().Params().N

func newP256Key(public *ecdsa.PublicKey) (*p256Key, error) {
	if public.Curve != elliptic.P256() {
		return nil, errors.New("the key is on another curve than P-256")
	}
	encoded, err := public.Bytes()
	if err != nil {
		return nil, fmt.Errorf("point: %w", err)
	}
	q, err := nistec.NewP256Point().SetBytes(encoded)
	if err != nil {
		return nil, fmt.Errorf("point: %w", err)
	}
	k := new(p256Key)
	for i := range k.table {
		row := &k.table[i]
		row[0].Set(q)
		for j := 1; j < len(row); j++ {
			row[j].Add(&row[j-1], q)
		}
		q.Double(&row[len(row)-1])
	}
	return k, nil
}

func (k *p256Key) verify(message, signature []byte) bool {
	digest := sha256.Sum256(message)
	return k.verifyDigest(&digest, signature)
}

// p256Work is memory that one verification after the other uses.
type p256Work struct {
	r, s, inverse, e, u1, u2, quotient big.Int
	scalar                             [32]byte
	digits                             [p256Windows]int16
}

var p256Pool = sync.Pool{New: func() any { return new(p256Work) }}

// verifyDigest takes R || S (RFC 7518 §3.4).
func (k *p256Key) verifyDigest(digest *[32]byte, signature []byte) bool {
	if len(signature) != 64 {
		return false
	}
	w := p256Pool.Get().(*p256Work)
	defer p256Pool.Put(w)
	w.r.SetBytes(signature[:32])
	w.s.SetBytes(signature[32:])
	if w.r.Sign() == 0 || w.s.Sign() == 0 || w.r.Cmp(p256Order) >= 0 || w.s.Cmp(p256Order) >= 0 {
		return false
	}
	w.inverse.ModInverse(&w.s, p256Order)
	w.e.SetBytes(digest[:])
	w.product(&w.u1, &w.e)
	w.product(&w.u2, &w.r)

	sum, err := nistec.NewP256Point().ScalarBaseMult(w.u1.FillBytes(w.scalar[:]))
	if err != nil {
		return false
	}
	k.addMultiple(sum, w)
	x, err := sum.BytesX()
	if err != nil { // the point at infinity
		return false
	}
	// x is below the field's prime, which is less than twice the order.
	w.e.SetBytes(x)
	if w.e.Cmp(p256Order) >= 0 {
		w.e.Sub(&w.e, p256Order)
	}
	return w.e.Cmp(&w.r) == 0
}

// product sets u to a/s modulo the order.
func (w *p256Work) product(u, a *big.Int) {
	u.Mul(a, &w.inverse)
	w.quotient.QuoRem(u, p256Order, u)
}

// addMultiple adds u2·Q.
func (k *p256Key) addMultiple(sum *nistec.P256Point, w *p256Work) {
	n := numberOf(w.u2.FillBytes(w.scalar[:]))
	n.digits(w.digits[:], p256Width)
	negative := nistec.NewP256Point()
	for i, digit := range &w.digits {
		switch {
		case digit > 0:
			sum.Add(sum, &k.table[i][digit-1])
		case digit < 0:
			sum.Add(sum, negative.Negate(&k.table[i][-digit-1]))
		}
	}
}
