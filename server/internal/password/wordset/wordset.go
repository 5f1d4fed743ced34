package wordset

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// Set holds 36 bits of the SHA-256 of each of its words: 12 choose a bucket, 24 stand sorted in
// it. A word of the set is always found; any other is found by mistake with a
// probability of n/2³⁶ for n words, less than one in a million at 49,233.
//
// The encoding is that of the set in memory: for each bucket the big-endian 16-bit number of
// entries up to its end, then the entries, 3 bytes each.
type Set struct{ encoded string }

const (
	buckets    = 1 << 12
	headSize   = 2 * buckets
	entrySize  = 3
	maxEntries = math.MaxUint16
)

// Fold returns the form in which words are compared: without case, and without the
// difference between full-width and other compatibility forms.
func Fold(s string) string { return norm.NFKC.String(strings.ToLower(norm.NFKC.String(s))) }

// Encode returns the encoding of a set of the words, folded.
func Encode(words []string) ([]byte, error) {
	var sorted []uint64
	for _, word := range words {
		sorted = append(sorted, digest(Fold(word)))
	}
	slices.Sort(sorted)
	sorted = slices.Compact(sorted)
	if len(sorted) > maxEntries {
		return nil, fmt.Errorf("encode word set: %d words are more than %d", len(sorted), maxEntries)
	}
	encoded := make([]byte, headSize)
	for i, d := range sorted {
		for b := int(d >> 24); b < buckets; b++ {
			binary.BigEndian.PutUint16(encoded[2*b:], uint16(i+1))
		}
		encoded = append(encoded, byte(d>>16), byte(d>>8), byte(d))
	}
	return encoded, nil
}

// Parse returns the set of an encoding, which it checks only as far as look-ups need.
func Parse(encoded string) (Set, error) {
	if len(encoded) < headSize || (len(encoded)-headSize)%entrySize != 0 {
		return Set{}, fmt.Errorf("parse word set: %d bytes are no encoding of one", len(encoded))
	}
	s := Set{encoded: encoded}
	end := 0
	for b := range buckets {
		next := s.end(b)
		if next < end {
			return Set{}, fmt.Errorf("parse word set: bucket %d ends before it starts", b)
		}
		end = next
	}
	if end != s.Len() {
		return Set{}, fmt.Errorf("parse word set: %d entries in the buckets, %d in all", end, s.Len())
	}
	return s, nil
}

// Len returns the number of words.
func (s Set) Len() int { return max(len(s.encoded)-headSize, 0) / entrySize }

// Contains says whether a word, already folded, is in the set. The zero Set is empty.
func (s Set) Contains(folded string) bool {
	if s.encoded == "" {
		return false
	}
	d := digest(folded)
	low, high := 0, s.end(int(d>>24))
	if b := int(d >> 24); b > 0 {
		low = s.end(b - 1)
	}
	for i := low; i < high; i++ {
		if s.entry(i) == uint32(d&0xffffff) {
			return true
		}
	}
	return false
}

func (s Set) end(bucket int) int {
	return int(s.encoded[2*bucket])<<8 | int(s.encoded[2*bucket+1])
}

func (s Set) entry(i int) uint32 {
	at := headSize + entrySize*i
	return uint32(s.encoded[at])<<16 | uint32(s.encoded[at+1])<<8 | uint32(s.encoded[at+2])
}

// digest returns the first 36 bits of the SHA-256 of a word.
func digest(word string) uint64 {
	sum := sha256.Sum256([]byte(word))
	return binary.BigEndian.Uint64(sum[:8]) >> 28
}
