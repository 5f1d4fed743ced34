package statuslist

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"

	"github.com/durward-auth/durward/internal/jws"
)

// Status is what a list says of one token (draft-ietf-oauth-status-list §7.1). Whatever is not Valid refuses it.
type Status uint8

// The statuses that have a meaning everywhere.
const (
	Valid     Status = 0
	Invalid   Status = 1 // taken back for good
	Suspended Status = 2 // taken back for a while; needs two bits
)

// A List is the statuses of many tokens, each of 1, 2, 4 or 8 bits, packed from the lowest bit of the first byte
// on (draft-ietf-oauth-status-list §4.1). It may be read by many at a time while nobody sets anything.
type List struct {
	bits   int
	packed []byte
}

// maxEntries bounds a new list: a gibibyte at one bit.
const maxEntries = 1 << 33

// NewList returns a list of at least size entries, all of them Valid.
func NewList(bits int, size int64) (*List, error) {
	if size < 0 || size > maxEntries {
		return nil, fmt.Errorf("statuslist: a list of %d entries", size)
	}
	if !validBits(bits) {
		return nil, errBits
	}
	return &List{bits, make([]byte, (size*int64(bits)+7)/8)}, nil
}

// Packed returns the list whose packed form the bytes are. They are the list's from then on.
func Packed(bits int, packed []byte) (*List, error) {
	if !validBits(bits) {
		return nil, errBits
	}
	return &List{bits, packed}, nil
}

var errBits = errors.New("statuslist: a status has 1, 2, 4 or 8 bits")

func validBits(bits int) bool { return bits == 1 || bits == 2 || bits == 4 || bits == 8 }

// Bits returns how many bits each status has.
func (l *List) Bits() int { return l.bits }

// Len returns the number of entries: what fits into the packed bytes.
func (l *List) Len() int64 { return int64(len(l.packed)) * int64(8/l.bits) }

// Get returns a status; ok is false if the list has no such place.
func (l *List) Get(index int64) (status Status, ok bool) {
	if index < 0 || index >= l.Len() {
		return 0, false
	}
	at, shift := l.place(index)
	return Status(l.packed[at] >> shift & l.mask()), true
}

// Set sets a status. It is false, and nothing is set, if the list has no such place or the status has too many bits.
func (l *List) Set(index int64, status Status) bool {
	if index < 0 || index >= l.Len() || byte(status)&^l.mask() != 0 {
		return false
	}
	at, shift := l.place(index)
	l.packed[at] = l.packed[at]&^(l.mask()<<shift) | byte(status)<<shift
	return true
}

func (l *List) place(index int64) (at int64, shift int) {
	perByte := int64(8 / l.bits)
	return index / perByte, int(index%perByte) * l.bits
}

func (l *List) mask() byte { return byte(1<<l.bits - 1) }

// Compress returns the list as the member "lst" carries it: zlib (RFC 1950), in base64url.
func (l *List) Compress() (string, error) {
	var compressed bytes.Buffer
	w, err := zlib.NewWriterLevel(&compressed, zlib.BestCompression)
	if err != nil {
		return "", fmt.Errorf("statuslist: compress: %w", err)
	}
	if _, err := w.Write(l.packed); err != nil {
		return "", fmt.Errorf("statuslist: compress: %w", err)
	}
	if err := w.Close(); err != nil {
		return "", fmt.Errorf("statuslist: compress: %w", err)
	}
	return string(jws.AppendEncoded(nil, compressed.Bytes())), nil
}

// Decompress reads what Compress wrote, of at most limit bytes when unpacked. More, bytes behind the compressed data and
// base64url that is not canonical are errors.
func Decompress(bits int, lst string, limit int) (*List, error) {
	if !validBits(bits) {
		return nil, errBits
	}
	compressed, err := jws.AppendDecoded(nil, lst)
	if err != nil {
		return nil, fmt.Errorf("statuslist: lst: %w", err)
	}
	rest := bytes.NewReader(compressed)
	r, err := zlib.NewReader(rest)
	if err != nil {
		return nil, fmt.Errorf("statuslist: lst: %w", err)
	}
	packed, err := io.ReadAll(io.LimitReader(r, int64(limit)+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("statuslist: lst: %w", err)
	case len(packed) > limit:
		return nil, fmt.Errorf("statuslist: the list unpacks to more than %d bytes", limit)
	case rest.Len() > 0:
		return nil, errors.New("statuslist: lst: more behind the compressed list")
	}
	return &List{bits, packed}, nil
}
