package fastkeys_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"math/big"
	"slices"
	"testing"

	"filippo.io/edwards25519"

	"github.com/durward-auth/durward/fastkeys"
)

// torsion are the eight points of small order, the identity first.
func torsion(t *testing.T) []*edwards25519.Point {
	t.Helper()
	raw, err := hex.DecodeString("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")
	if err != nil {
		t.Fatal(err)
	}
	eighth, err := new(edwards25519.Point).SetBytes(raw)
	if err != nil {
		t.Fatal(err)
	}
	points := []*edwards25519.Point{edwards25519.NewIdentityPoint()}
	for range 7 {
		points = append(points, new(edwards25519.Point).Add(points[len(points)-1], eighth))
	}
	if sum := new(edwards25519.Point).Add(points[7], eighth); sum.Equal(points[0]) != 1 {
		t.Fatal("eight times the point of order 8 is not the identity")
	}
	return points
}

// nonCanonical are the 32-byte strings that name a number at or above the field's prime, or the sign of zero.
func nonCanonical() [][]byte {
	var all [][]byte
	for sign := range byte(2) {
		for low := range byte(19) { // p to p+18
			encoded := bytes.Repeat([]byte{0xff}, 32)
			encoded[0] = 0xed + low
			encoded[31] = 0x7f | sign<<7
			all = append(all, encoded)
		}
	}
	one := append(append([]byte{1}, make([]byte, 30)...), 0x80)
	minusOne := append(append([]byte{0xec}, bytes.Repeat([]byte{0xff}, 30)...), 0xff)
	return append(all, one, minusOne)
}

// scalarOf returns the secret scalar of a key.
func scalarOf(t *testing.T, private ed25519.PrivateKey) *edwards25519.Scalar {
	t.Helper()
	h := sha512.Sum512(private.Seed())
	s, err := edwards25519.NewScalar().SetBytesWithClamping(h[:32])
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func challenge(t *testing.T, r, public, message []byte) *edwards25519.Scalar {
	t.Helper()
	h := sha512.Sum512(slices.Concat(r, public, message))
	k, err := edwards25519.NewScalar().SetUniformBytes(h[:])
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// C07, C08: every key of small, mixed or prime order, however it is encoded, with every such R and the S that fits or does not.
func TestC08PointsOfEveryOrderAreJudgedAsByTheStandardLibrary(t *testing.T) {
	private := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32))
	secret := scalarOf(t, private)
	honest := new(edwards25519.Point).ScalarBaseMult(secret)
	nonce, err := edwards25519.NewScalar().SetUniformBytes(bytes.Repeat([]byte{9}, 64))
	if err != nil {
		t.Fatal(err)
	}
	committed := new(edwards25519.Point).ScalarBaseMult(nonce)
	small := torsion(t)
	var keys, rs [][]byte
	for _, p := range small {
		keys = append(keys, p.Bytes(), new(edwards25519.Point).Add(honest, p).Bytes())
		rs = append(rs, p.Bytes(), new(edwards25519.Point).Add(committed, p).Bytes())
	}
	keys, rs = append(keys, nonCanonical()...), append(rs, nonCanonical()...)

	accepted, refused, undecodable := 0, 0, 0
	for _, public := range keys {
		fast, err := fastkeys.NewEd25519(public)
		if err != nil {
			undecodable++
			if ed25519.Verify(public, nil, make([]byte, 64)) {
				t.Errorf("key %x: got %v, and the standard library accepts a signature", public, err)
			}
			continue
		}
		for i, r := range rs {
			messages := 2
			if i >= 16 { // such an R is never right
				messages = 1
			}
			for j := range messages {
				message := fmt.Appendf(nil, "message %d %d", i, j)
				k := challenge(t, r, public, message)
				withKey := edwards25519.NewScalar().MultiplyAdd(k, secret, nonce)
				for _, s := range []*edwards25519.Scalar{
					edwards25519.NewScalar(), nonce, edwards25519.NewScalar().Multiply(k, secret), withKey,
				} {
					signature := slices.Concat(r, s.Bytes())
					want := ed25519.Verify(public, message, signature)
					if got := fast(message, signature); got != want {
						t.Errorf("key %x, message %q, signature %x: got %v, want %v", public, message, signature, got, want)
					}
					if want {
						accepted++
					} else {
						refused++
					}
				}
			}
		}
	}
	if accepted < 20 || refused < 100 || undecodable == 0 {
		t.Errorf("got %d accepted, %d refused, %d keys that are no points, want many of each", accepted, refused, undecodable)
	}
	t.Logf("%d accepted, %d refused, %d keys that are no points", accepted, refused, undecodable)
}

func TestC07NumbersAtTheEdgesOfEd25519(t *testing.T) {
	private := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{8}, 32))
	public := private.Public().(ed25519.PublicKey)
	fast, err := fastkeys.NewEd25519(public)
	if err != nil {
		t.Fatal(err)
	}
	message := []byte("message")
	signature := ed25519.Sign(private, message)
	if !fast(message, signature) {
		t.Error("the signature itself: got false, want true")
	}
	little := func(n *big.Int) []byte {
		raw := n.FillBytes(make([]byte, 32))
		slices.Reverse(raw)
		return raw
	}
	s := slices.Clone(signature[32:])
	slices.Reverse(s)
	honest := new(big.Int).SetBytes(s)
	one := big.NewInt(1)
	values := map[string]*big.Int{
		"0": new(big.Int), "1": one, "L-1": new(big.Int).Sub(ed25519Order, one), "L": ed25519Order, "L+1": new(big.Int).Add(ed25519Order, one),
		"L-S": new(big.Int).Sub(ed25519Order, honest), "all ones": new(big.Int).Sub(new(big.Int).Lsh(one, 256), one),
	}
	for i := int64(1); i < 16; i++ { // S + i·L, as far as 32 bytes hold it
		if value := new(big.Int).Add(honest, new(big.Int).Mul(ed25519Order, big.NewInt(i))); value.BitLen() <= 256 {
			values[fmt.Sprintf("S + %d·L", i)] = value
		}
	}
	for bit := uint(248); bit < 256; bit++ {
		values[fmt.Sprintf("2^%d", bit)] = new(big.Int).Lsh(one, bit)
	}
	for name, value := range values {
		changed := slices.Concat(signature[:32], little(value))
		if fast(message, changed) || ed25519.Verify(public, message, changed) {
			t.Errorf("S is %s: got true from one of the two, want false", name)
		}
	}
	for _, size := range []int{0, 1, 32, 63, 65, 128} {
		if fast(message, make([]byte, size)) {
			t.Errorf("a signature of %d bytes: got true, want false", size)
		}
	}
}
