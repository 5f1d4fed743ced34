package jwks

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"time"

	"github.com/durward-auth/durward"
)

// held is what lookups read: a set, and what time means for it. It is replaced whole and never changed.
// The times are on the source's stopwatch.
type held struct {
	set       *durward.KeySet // nil if none could be had yet
	err       error           // why the last fetch failed, ready to be answered; nil if it did not
	failures  int             // since the last good fetch
	refreshAt time.Duration   // from then on a lookup begins a fetch; never after staleAt
	expiresAt time.Duration   // from then on lookups wait for that fetch, unless the last one failed
	staleAt   time.Duration   // from then on the set is not used
	unknownAt time.Duration   // from then on an unknown key id begins a fetch
}

func (h *held) usable(now time.Duration) bool { return h.set != nil && now < h.staleAt }

func (h *held) find(algorithm durward.Algorithm, id string) *durward.VerificationKey {
	if h.set == nil {
		return nil
	}
	key, err := h.set.Lookup(context.Background(), algorithm, id)
	if err != nil {
		return nil
	}
	return key
}

// keys returns how many keys may be used.
func (h *held) keys(now time.Duration) int {
	if !h.usable(now) {
		return 0
	}
	return len(h.set.Keys())
}

// renewed is what is held after a good fetch that began at began and was caused by an unknown key id or not.
func (h *held) renewed(c *Config, a answer, began, now time.Duration, unknown bool) *held {
	next := &held{
		set:       a.set,
		refreshAt: began + between(a.lifetime*3/4, a.lifetime*9/10),
		expiresAt: began + a.lifetime,
		staleAt:   began + a.lifetime + c.MaxStale,
		unknownAt: h.unknownAt,
	}
	if unknown {
		next.unknownAt = now + c.pause()
	}
	return next
}

// failed is what is held after a fetch that ended with err.
func (h *held) failed(c *Config, err error, now time.Duration) *held {
	next := *h
	next.err = err
	next.failures++
	pause := c.pause()
	if !next.usable(now) {
		next.set = nil
		// Without keys nothing works, and it may be the issuer's start that was waited for.
		pause = min(pause, time.Second<<min(h.failures, 16))
		next.refreshAt = now + pause
	} else {
		next.refreshAt = min(now+pause, next.staleAt)
	}
	next.unknownAt = max(next.unknownAt, now+pause)
	return &next
}

// pause is the cool-down with its random part.
func (c *Config) pause() time.Duration { return between(c.CoolDown, c.CoolDown*5/4) }

func between(low, high time.Duration) time.Duration {
	var random [4]byte
	rand.Read(random[:])
	return low + time.Duration(float64(high-low)*float64(binary.NativeEndian.Uint32(random[:]))/(1<<32))
}
