package jws

import (
	"encoding/binary"
	"slices"
)

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// invalid stands in values for a byte outside the alphabet. Its bits include
// those of every value, so that it shows through an OR of several.
const invalid = 0xFF

// misplaced is the same for the tables of quads.
const misplaced = 0xFF000000

var (
	values = makeValues()

	// quads holds, for each place in a group of four, the value of a byte
	// already shifted to that place.
	quads = makeQuads()

	// pairs holds the two characters for every twelve bits, the first in the
	// high byte.
	pairs = makePairs()
)

func makeValues() (table [256]uint8) {
	for i := range table {
		table[i] = invalid
	}
	for i := range len(alphabet) {
		table[alphabet[i]] = uint8(i)
	}
	return table
}

func makeQuads() (tables [4][256]uint32) {
	for place := range tables {
		for c, value := range values {
			tables[place][c] = uint32(value) << (18 - 6*place)
			if value == invalid {
				tables[place][c] = misplaced
			}
		}
	}
	return tables
}

func makePairs() (table [1 << 12]uint16) {
	for i := range table {
		table[i] = uint16(alphabet[i>>6])<<8 | uint16(alphabet[i&63])
	}
	return table
}

// DecodedLen returns how many bytes n bytes of base64url text without padding
// stand for.
func DecodedLen(n int) int { return n/4*3 + n%4*6/8 }

// EncodedLen returns how long the base64url text of n bytes is.
func EncodedLen(n int) int { return n/3*4 + (n%3*8+5)/6 }

// AppendDecoded appends the bytes that a segment stands for to dst. It accepts
// base64url without padding (RFC 4648, section 5, and RFC 7515, section 2) in
// the one text that AppendEncoded writes for those bytes, and nothing else: no
// padding, no line break, no other alphabet (ErrAlphabet), no impossible length
// and no trailing bits (ErrEncoding). With an error the slice is nil.
func AppendDecoded(dst []byte, segment string) ([]byte, error) {
	if len(segment)%4 == 1 {
		return nil, ErrEncoding
	}
	size := DecodedLen(len(segment))
	dst = slices.Grow(dst, size)
	out := dst[len(dst) : len(dst)+size]
	for len(segment) >= 8 && len(out) >= 8 {
		c := segment[:8]
		a := quads[0][c[0]] | quads[1][c[1]] | quads[2][c[2]] | quads[3][c[3]]
		b := quads[0][c[4]] | quads[1][c[5]] | quads[2][c[6]] | quads[3][c[7]]
		if (a|b)&misplaced != 0 {
			return nil, ErrAlphabet
		}
		binary.BigEndian.PutUint64(out, uint64(a)<<40|uint64(b)<<16)
		segment, out = segment[8:], out[6:]
	}
	for len(segment) >= 4 {
		c := segment[:4]
		a := quads[0][c[0]] | quads[1][c[1]] | quads[2][c[2]] | quads[3][c[3]]
		if a&misplaced != 0 {
			return nil, ErrAlphabet
		}
		out[0], out[1], out[2] = byte(a>>16), byte(a>>8), byte(a)
		segment, out = segment[4:], out[3:]
	}
	if err := decodeTail(out, segment); err != nil {
		return nil, err
	}
	return dst[:len(dst)+size], nil
}

// decodeTail decodes the last two or three characters, if any.
func decodeTail(out []byte, segment string) error {
	if len(segment) == 0 {
		return nil
	}
	a := quads[0][segment[0]] | quads[1][segment[1]]
	if len(segment) == 3 {
		a |= quads[2][segment[2]]
	}
	if a&misplaced != 0 {
		return ErrAlphabet
	}
	out[0] = byte(a >> 16)
	trailing := a & 0xFFFF
	if len(segment) == 3 {
		out[1] = byte(a >> 8)
		trailing = a & 0xFF
	}
	if trailing != 0 {
		return ErrEncoding
	}
	return nil
}

// AppendEncoded appends the base64url text of data, without padding, to dst.
func AppendEncoded(dst []byte, data []byte) []byte {
	size := EncodedLen(len(data))
	dst = slices.Grow(dst, size)
	out := dst[len(dst) : len(dst)+size]
	for len(data) >= 8 {
		n := binary.BigEndian.Uint64(data)
		binary.BigEndian.PutUint64(out, uint64(pairs[n>>52])<<48|uint64(pairs[n>>40&0xFFF])<<32|
			uint64(pairs[n>>28&0xFFF])<<16|uint64(pairs[n>>16&0xFFF]))
		data, out = data[6:], out[8:]
	}
	for len(data) >= 3 {
		n := uint32(data[0])<<16 | uint32(data[1])<<8 | uint32(data[2])
		_ = out[3]
		out[0], out[1] = alphabet[n>>18], alphabet[n>>12&63]
		out[2], out[3] = alphabet[n>>6&63], alphabet[n&63]
		data, out = data[3:], out[4:]
	}
	switch len(data) {
	case 1:
		out[0], out[1] = alphabet[data[0]>>2], alphabet[data[0]<<4&63]
	case 2:
		n := uint32(data[0])<<8 | uint32(data[1])
		out[0], out[1], out[2] = alphabet[n>>10], alphabet[n>>4&63], alphabet[n<<2&63]
	}
	return dst[:len(dst)+size]
}
