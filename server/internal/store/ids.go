package store

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"sync"
	"time"
)

// idSource makes UUIDs of version 7 (RFC 9562 section 5.7) that increase strictly
// within the process: 60 bits of time in units of 1/4096 ms (section 6.2, method 3),
// then 62 random bits.
type idSource struct {
	clock func() time.Time

	mu   sync.Mutex
	last int64
}

// next returns an id whose time is neither before now nor before at.
func (s *idSource) next(at time.Time) string {
	s.mu.Lock()
	s.last = max(s.last+1, ticks(s.clock()), ticks(at))
	t := s.last
	s.mu.Unlock()
	return formatID(t)
}

func formatID(t int64) string {
	var id [16]byte
	_, _ = rand.Read(id[8:]) // never fails
	binary.BigEndian.PutUint64(id[:8], uint64(t>>12)<<16|0x7000|uint64(t&0xfff))
	id[8] = id[8]&0x3f | 0x80
	return dashed(id)
}

// floorID returns a text that no id of an event at or after t sorts before.
func floorID(t time.Time) string {
	var id [16]byte
	n := max(ticks(t), 0)
	binary.BigEndian.PutUint64(id[:8], uint64(n>>12)<<16|0x7000|uint64(n&0xfff))
	return dashed(id)
}

func dashed(id [16]byte) string {
	var text [36]byte
	hex.Encode(text[0:], id[:4])
	hex.Encode(text[9:], id[4:6])
	hex.Encode(text[14:], id[6:8])
	hex.Encode(text[19:], id[8:10])
	hex.Encode(text[24:], id[10:])
	text[8], text[13], text[18], text[23] = '-', '-', '-', '-'
	return string(text[:])
}

// ticks counts units of 1/4096 ms since 1970.
func ticks(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	us := t.UnixMicro()
	return us/1000<<12 | us%1000<<12/1000
}
