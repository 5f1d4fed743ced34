package fastkeys

import "encoding/binary"

// A number is 256 bits, the least significant word first.
type number [4]uint64

// digits writes a number as the sum of digit·2^(width·i), each digit from 1-2^(width-1) to 2^(width-1), so that a
// table needs half the multiples: the other half are their negatives. There must be room for one bit more than
// the number has.
func (n *number) digits(into []int16, width uint) {
	carry := int16(0)
	for i := range into {
		at := uint(i) * width
		digit := int16(n.bits(at, width)) + carry
		carry = 0
		if digit > 1<<(width-1) {
			digit -= 1 << width
			carry = 1
		}
		into[i] = digit
	}
}

// bits returns the count bits, at most 15, from a position on; beyond the end they are zero.
func (n *number) bits(at, count uint) uint64 {
	word, shift := at/64, at%64
	if word >= 4 {
		return 0
	}
	value := n[word] >> shift
	if shift+count > 64 && word < 3 {
		value |= n[word+1] << (64 - shift)
	}
	return value & (1<<count - 1)
}

// numberOf reads 32 bytes, the most significant first.
func numberOf(b []byte) number {
	return number{
		binary.BigEndian.Uint64(b[24:]), binary.BigEndian.Uint64(b[16:]),
		binary.BigEndian.Uint64(b[8:]), binary.BigEndian.Uint64(b),
	}
}

// numberOfReversed reads 32 bytes, the least significant first.
func numberOfReversed(b []byte) number {
	return number{
		binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:]),
		binary.LittleEndian.Uint64(b[16:]), binary.LittleEndian.Uint64(b[24:]),
	}
}
