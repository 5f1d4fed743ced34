package fastkeys_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"fmt"
	"math/big"
	"slices"
	"testing"

	"github.com/durward-auth/durward/fastkeys"
)

// rsaKey is a key of any size and exponent, of several primes so that it is made quickly, with both ways to check digests.
type rsaKey struct {
	public *rsa.PublicKey
	d      *big.Int
	fast   func(digest, signature []byte) bool
}

func newRSAKey(t *testing.T, size, exponent int) *rsaKey {
	t.Helper()
	one, e, n, phi := big.NewInt(1), big.NewInt(int64(exponent)), big.NewInt(1), big.NewInt(1)
	for left := size; left > 0; left = size - n.BitLen() {
		bits := left
		if left > 320 {
			bits = 256
		}
		p, err := rand.Prime(rand.Reader, bits)
		if err != nil {
			t.Fatal(err)
		}
		less := new(big.Int).Sub(p, one)
		product := new(big.Int).Mul(n, p)
		if bits == left && product.BitLen() != size || new(big.Int).ModInverse(e, less) == nil {
			continue
		}
		n = product
		phi.Mul(phi, less)
	}
	public := &rsa.PublicKey{N: n, E: exponent}
	fast, err := fastkeys.NewRSA(public, crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	return &rsaKey{public: public, d: new(big.Int).ModInverse(e, phi), fast: fast}
}

// root makes the signature that opens to an encoded message.
func (k *rsaKey) root(encoded []byte) []byte {
	m := new(big.Int).SetBytes(encoded)
	return m.Exp(m, k.d, k.public.N).FillBytes(make([]byte, k.public.Size()))
}

func (k *rsaKey) judge(t *testing.T, name string, digest, signature []byte, want bool) {
	t.Helper()
	standard := rsa.VerifyPKCS1v15(k.public, crypto.SHA256, digest, signature) == nil
	if fast := k.fast(digest, signature); fast != want || standard != want {
		t.Errorf("%d bits, exponent %d: %s: got %v and from the standard library %v, want %v", k.public.N.BitLen(), k.public.E, name, fast, standard, want)
	}
}

var infoSHA256 = []byte{0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20}

// encoded is PKCS #1 v1.5 padding of the content: 0, kind, fill, 0, content.
func encoded(size int, kind, fill byte, content ...[]byte) []byte {
	all := slices.Concat(content...)
	return slices.Concat([]byte{0, kind}, bytes.Repeat([]byte{fill}, size-3-len(all)), []byte{0}, all)
}

func TestC05EveryFormOfPaddingAndEverySizeOfRSA(t *testing.T) {
	for _, c := range []struct{ size, exponent int }{
		{2048, 65537}, {2048, 3}, {2048, 1<<31 - 1}, {2049, 65537}, {2055, 3}, {2056, 65537}, {2057, 17}, {3072, 65537}, {3071, 3}, {4095, 65537}, {4096, 65537},
	} {
		t.Run(fmt.Sprintf("%d bits, exponent %d", c.size, c.exponent), func(t *testing.T) {
			k := newRSAKey(t, c.size, c.exponent)
			sum := sha256.Sum256([]byte(t.Name()))
			digest, size := sum[:], k.public.Size()
			right := encoded(size, 1, 0xff, infoSHA256, digest)
			k.judge(t, "the signature itself", digest, k.root(right), true)
			for name, wrong := range paddings(size, digest) {
				k.judge(t, name, digest, k.root(wrong), false)
			}
			for i := 1; i < size && c.size == 2048; i += 3 {
				wrong := bytes.Clone(right)
				wrong[i] ^= 1 << (i % 8)
				k.judge(t, fmt.Sprintf("byte %d changed", i), digest, k.root(wrong), false)
			}
			k.numbers(t, digest, k.root(right))
		})
	}
}

// paddings are what is not RFC 8017 §9.2, and has been taken for it by some.
func paddings(size int, digest []byte) map[string][]byte {
	info := infoSHA256
	sha384 := slices.Concat([]byte{0x30, 0x41}, info[2:14], []byte{2}, info[15:18], []byte{0x30})
	withoutNull := slices.Concat([]byte{0x30, 0x2f, 0x30, 0x0b}, info[4:15], []byte{0x04, 0x20})
	long := slices.Concat([]byte{0x30, 0x81, 0x31}, info[2:])
	short := slices.Concat([]byte{0, 1}, bytes.Repeat([]byte{0xff}, 8), []byte{0}, info, digest)
	hole := encoded(size, 1, 0xff, info, digest)
	hole[size/2] = 0
	right := encoded(size, 1, 0xff, info, digest)
	return map[string][]byte{
		"another digest":                 encoded(size, 1, 0xff, info, make([]byte, 32)),
		"block type 2":                   encoded(size, 2, 0xff, info, digest),
		"block type 0":                   encoded(size, 0, 0xff, info, digest),
		"padded with zeros":              encoded(size, 1, 0, info, digest),
		"padded with 0xfe":               encoded(size, 1, 0xfe, info, digest),
		"a hole in the padding":          hole,
		"no algorithm":                   encoded(size, 1, 0xff, digest),
		"another hash's name":            encoded(size, 1, 0xff, sha384, digest),
		"no NULL":                        encoded(size, 1, 0xff, withoutNull, digest),
		"a long form length":             encoded(size, 1, 0xff, long, digest),
		"a byte behind the digest":       encoded(size, 1, 0xff, info, digest, []byte{0}),
		"a byte less of the digest":      encoded(size, 1, 0xff, info, digest[:31]),
		"short padding, garbage behind":  append(short, bytes.Repeat([]byte{7}, size-len(short))...),
		"short padding, zeros behind":    append(short, make([]byte, size-len(short))...),
		"garbage in front":               slices.Concat(bytes.Repeat([]byte{0}, size-len(short)), short),
		"one byte up":                    append(bytes.Clone(right[1:]), 0),
		"nothing":                        make([]byte, size),
		"one":                            append(make([]byte, size-1), 1),
		"the digest alone":               append(make([]byte, size-32), digest...),
		"no separator":                   slices.Concat([]byte{0, 1}, bytes.Repeat([]byte{0xff}, size-2-len(info)-32), info, digest),
		"a separator that is not zero":   slices.Concat([]byte{0, 1}, bytes.Repeat([]byte{0xff}, size-3-len(info)-32), []byte{1}, info, digest),
		"a NULL with content":            encoded(size, 1, 0xff, []byte{0x30, 0x33, 0x30, 0x0f}, info[4:15], []byte{0x05, 2, 0, 0, 0x04, 0x20}, digest),
		"the digest as a context string": encoded(size, 1, 0xff, info[:17], []byte{0x84, 0x20}, digest),
	}
}

// numbers are signatures at the edges of the modulus, and of other lengths.
func (k *rsaKey) numbers(t *testing.T, digest, signature []byte) {
	t.Helper()
	n, size := k.public.N, k.public.Size()
	one := big.NewInt(1)
	largest := new(big.Int).Sub(new(big.Int).Lsh(one, uint(8*size)), one)
	s := new(big.Int).SetBytes(signature)
	for name, edge := range map[string]*big.Int{
		"0": new(big.Int), "1": one, "n-1": new(big.Int).Sub(n, one), "n": n, "n+1": new(big.Int).Add(n, one), "all ones": largest,
		"n minus the signature": new(big.Int).Sub(n, s), "n plus the signature": new(big.Int).Add(n, s),
	} {
		if edge.BitLen() <= 8*size {
			k.judge(t, name, digest, edge.FillBytes(make([]byte, size)), false)
		}
	}
	for name, other := range map[string][]byte{
		"empty": {}, "a byte less": signature[:size-1], "the first byte less": signature[1:], "a zero in front": append([]byte{0}, signature...),
		"a zero behind": append(bytes.Clone(signature), 0), "twice": append(bytes.Clone(signature), signature...),
	} {
		k.judge(t, name, digest, other, false)
	}
}

func TestOnlyRSAKeysThatTheStandardLibraryAcceptsArePrepared(t *testing.T) {
	n := newRSAKey(t, 2048, 3).public.N
	for name, public := range map[string]*rsa.PublicKey{
		"an even modulus":       {N: new(big.Int).Add(n, big.NewInt(1)), E: 65537},
		"an even exponent":      {N: n, E: 65536},
		"the exponent 1":        {N: n, E: 1},
		"a negative exponent":   {N: n, E: -3},
		"an exponent of 2^31+1": {N: n, E: 1<<31 + 1},
		"the modulus 0":         {N: new(big.Int), E: 65537},
		"a modulus of 400 bits": {N: new(big.Int).SetBit(big.NewInt(1), 399, 1), E: 65537},
	} {
		if check, err := fastkeys.NewRSA(public, crypto.SHA256); err == nil || check != nil {
			t.Errorf("%s: got a check and error %v, want an error alone", name, err)
		}
	}
	if check, err := fastkeys.NewRSA(&rsa.PublicKey{N: n, E: 65537}, crypto.SHA1); err == nil || check != nil {
		t.Errorf("SHA-1: got a check and error %v, want an error alone", err)
	}
}
