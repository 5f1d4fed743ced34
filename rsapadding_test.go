package durward_test

import (
	"bytes"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/durward-auth/durward"
)

// C05: the padding of RFC 8017 §9.2 has one spelling. Each forgery is made with the private key, so that nothing but
// the padding is wrong.
func TestForgedRSAPaddingIsRefused(t *testing.T) {
	m := materialOf(t, durward.RS256)
	key := m.private.(*rsa.PrivateKey)
	v := newVerifier(t, config(m.key))
	input := encode(m.header()) + "." + encode(payload())
	digest := sha256.Sum256([]byte(input))
	size := key.Size()

	// raise gives the signature that opens to exactly these bytes.
	raise := func(opened []byte) string {
		number := new(big.Int).SetBytes(opened)
		signature := number.Exp(number, key.D, key.N).FillBytes(make([]byte, size))
		return input + "." + encode(string(signature))
	}
	unhex := func(text string) []byte {
		raw, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	// padded is 00, the type of the block, as much padding as fits, the separator and the rest.
	padded := func(rest []byte) []byte {
		opened := append([]byte{0, 1}, bytes.Repeat([]byte{0xff}, size-3-len(rest))...)
		return append(append(opened, 0), rest...)
	}
	// short has eight bytes of padding, and after the info what fills the block.
	short := func(info []byte, fill byte) []byte {
		opened := append([]byte{0, 1, 255, 255, 255, 255, 255, 255, 255, 255, 0}, info...)
		return append(opened, bytes.Repeat([]byte{fill}, size-len(opened))...)
	}
	at := func(opened []byte, i int, value byte) []byte {
		opened = slices.Clone(opened)
		opened[i] = value
		return opened
	}
	with := func(prefix string, hash []byte) []byte { return padded(append(unhex(prefix), hash...)) }
	const prefix = "3031 300d 0609 6086480165030402 01 0500 0420"
	info := append(unhex(prefix), digest[:]...)
	good := padded(info)
	accepted(t, v, raise(good))

	other := sha256.Sum256([]byte("another message"))
	separator := size - len(info) - 1
	forgeries := map[string][]byte{
		"type 0":                         at(good, 1, 0),
		"type 2":                         at(good, 1, 2),
		"no zero at the start":           at(good, 0, 1)[:size],
		"a separator of 1":               at(good, separator, 1),
		"no separator":                   at(good, separator, 0xff),
		"a separator in the middle":      at(good, size/2, 0),
		"a separator at once":            at(good, 2, 0),
		"seven bytes of padding":         slices.Concat([]byte{0, 1}, bytes.Repeat([]byte{0xff}, 7), []byte{0}, short(info, 0)[11:], []byte{0}),
		"padding of zeros":               append(append([]byte{0, 1}, make([]byte, separator-1)...), info...),
		"garbage after the hash":         short(info, 0xa5),
		"zeros after the hash":           short(info, 0),
		"ones after the hash":            short(info, 0xff),
		"the hash of another message":    with(prefix, other[:]),
		"the hash alone":                 padded(digest[:]),
		"the message alone":              padded([]byte(input)[:32]),
		"half a hash":                    with("3021 300d 0609 6086480165030402 01 0500 0410", digest[:16]),
		"the OID of SHA-384":             with("3031 300d 0609 6086480165030402 02 0500 0420", digest[:]),
		"the OID of SHA-512":             with("3031 300d 0609 6086480165030402 03 0500 0420", digest[:]),
		"the OID of SHA-224":             with("3031 300d 0609 6086480165030402 04 0500 0420", digest[:]),
		"the OID of SHA-512/256":         with("3031 300d 0609 6086480165030402 06 0500 0420", digest[:]),
		"the OID of SHA-1":               with("302d 3009 0605 2b0e03021a 0500 0420", digest[:]),
		"the OID of MD5":                 with("3030 300c 0608 2a864886f70d0205 0500 0420", digest[:]),
		"an OID in a longer spelling":    with("3032 300e 060a 6086480165030480 0201 0500 0420", digest[:]),
		"no parameters":                  with("302f 300b 0609 6086480165030402 01 0420", digest[:]),
		"parameters that are not null":   with("3031 300d 0609 6086480165030402 01 0400 0420", digest[:]),
		"a null with content":            with("3032 300e 0609 6086480165030402 01 050100 0420", digest[:]),
		"garbage in the parameters":      with("3041 301d 0609 6086480165030402 01 0410 000102030405060708090a0b0c0d0e0f 0420", digest[:]),
		"a sequence of long length":      with("308131 300d 0609 6086480165030402 01 0500 0420", digest[:]),
		"a sequence of indefinite size":  padded(append(append(unhex("3080 300d 0609 6086480165030402 01 0500 0420"), digest[:]...), 0, 0)),
		"an inner long length":           with("3032 30810d 0609 6086480165030402 01 0500 0420", digest[:]),
		"a hash of long length":          with("3032 300d 0609 6086480165030402 01 0500 048120", digest[:]),
		"a bit string for the hash":      with("3031 300d 0609 6086480165030402 01 0500 0320", digest[:]),
		"a set for a sequence":           with("3131 300d 0609 6086480165030402 01 0500 0420", digest[:]),
		"one more member":                with("3033 300d 0609 6086480165030402 01 0500 0420", append(digest[:len(digest):len(digest)], 5, 0)),
		"nothing but padding":            append([]byte{0, 1}, bytes.Repeat([]byte{0xff}, size-2)...),
		"zero":                           make([]byte, size),
		"one":                            at(make([]byte, size), size-1, 1),
		"the hash of SHA-512's info":     with("3051 300d 0609 6086480165030402 03 0500 0440", append(digest[:len(digest):len(digest)], digest[:]...)),
		"the info twice":                 padded(slices.Concat(info, info)),
		"an encoding of the hash number": padded(mustMarshal(t, new(big.Int).SetBytes(digest[:]))),
	}
	for i := range info {
		forgeries[fmt.Sprintf("byte %d of the info changed", i)] = at(good, separator+1+i, info[i]^1)
		forgeries[fmt.Sprintf("the high bit of byte %d of the info", i)] = at(good, separator+1+i, info[i]^0x80)
	}
	for i := 2; i < separator; i += 5 {
		forgeries[fmt.Sprintf("byte %d of the padding changed", i)] = at(good, i, 0xfe)
	}
	for name, opened := range forgeries {
		if len(opened) != size || bytes.Equal(opened, good) {
			t.Fatalf("%s: got %d bytes, want %d that differ from the good ones", name, len(opened), size)
		}
		t.Run("C05 "+name, func(t *testing.T) { refused(t, v, raise(opened), durward.ErrTokenSignature) })
	}
	if len(forgeries) < 150 {
		t.Errorf("tried %d forgeries, want at least 150", len(forgeries))
	}
	n := new(big.Int).SetBytes(good)
	signature := new(big.Int).Exp(n, key.D, key.N)
	if plus := signature.Add(signature, key.N); plus.BitLen() <= 8*size {
		refused(t, v, input+"."+encode(string(plus.FillBytes(make([]byte, size)))), durward.ErrTokenSignature)
	}
}

func mustMarshal(t *testing.T, value any) []byte {
	t.Helper()
	raw, err := asn1.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// C05: under an exponent of 3 a cube root is a forgery for whoever checks the padding loosely. There is no such key.
func TestASmallExponentIsRefused(t *testing.T) {
	n := materialOf(t, durward.RS256).private.(*rsa.PrivateKey).N
	for _, e := range []int{1, 2, 3, 17, 65535} {
		for _, algorithm := range []durward.Algorithm{durward.RS256, durward.PS256} {
			if key, err := durward.NewVerificationKey(algorithm, &rsa.PublicKey{N: n, E: e}); err == nil || key != nil {
				t.Errorf("C05 %s with e=%d: got a key, want an error", algorithm, e)
			}
			jwk := fmt.Sprintf(`{"kty":"RSA","alg":%q,"n":%q,"e":%q}`, algorithm,
				base64.RawURLEncoding.EncodeToString(n.Bytes()), base64.RawURLEncoding.EncodeToString(big.NewInt(int64(e)).Bytes()))
			if key, err := durward.ParsePublicJWK([]byte(jwk)); err == nil || key != nil {
				t.Errorf("C05 %s as a JWK with e=%d: got a key, want an error", algorithm, e)
			}
		}
	}
}
