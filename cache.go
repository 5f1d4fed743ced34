package durward

import (
	"hash/maphash"
	"strings"
	"sync/atomic"
	"time"
)

// cache remembers verified tokens. It is a table of small sets whose slots are read without a lock.
//
// A token enters an occupied set only when it is seen a second time, so that a flood of valid tokens that are
// used once each evicts nobody; invalid tokens never enter. The place of a token depends on a random seed
// and on the end of its signature, and the whole token is compared.
type cache struct {
	seed  maphash.Seed
	mask  uint64
	limit int64
	used  atomic.Int64
	sets  []cacheSet
}

type cacheSet struct {
	slots     [4]atomic.Pointer[cacheEntry]
	candidate atomic.Uint64 // hash of the token that was last turned away
	turn      atomic.Uint32
}

type cacheEntry struct {
	token  string
	hash   uint64
	claims Claims
	key    *VerificationKey
	size   int64
}

// cacheEntryBytes is what an entry takes beside its token and payload, lists included.
const cacheEntryBytes = 768

// largestCachedToken keeps a few huge tokens from taking the room of many.
const largestCachedToken = 4 << 10

func newCache(limit int) *cache {
	sets := 1
	for sets*4*2048 < limit {
		sets *= 2
	}
	return &cache{seed: maphash.MakeSeed(), mask: uint64(sets - 1), limit: int64(limit), sets: make([]cacheSet, sets)}
}

func (c *cache) hash(token string) uint64 {
	return maphash.String(c.seed, token[max(0, len(token)-32):])
}

func (c *cache) get(token string) *cacheEntry {
	hash := c.hash(token)
	set := &c.sets[hash&c.mask]
	for i := range set.slots {
		if entry := set.slots[i].Load(); entry != nil && entry.hash == hash && entry.token == token {
			return entry
		}
	}
	return nil
}

func (c *cache) put(token string, claims Claims, key *VerificationKey, now time.Time) {
	if len(token) > largestCachedToken {
		return
	}
	entry := &cacheEntry{
		token: token, hash: c.hash(token), claims: claims, key: key,
		size: int64(len(token) + len(claims.payload) + cacheEntryBytes),
	}
	set := &c.sets[entry.hash&c.mask]
	slot := set.victim(entry, now)
	if slot == nil {
		return
	}
	// The token may be part of something larger, such as a header with many cookies.
	entry.token = strings.Clone(token)
	old := slot.Load()
	grown := entry.size
	if old != nil {
		grown -= old.size
	}
	if c.used.Add(grown) > c.limit && grown > 0 {
		c.used.Add(-grown)
		c.sweep(entry.hash, now)
		return
	}
	if !slot.CompareAndSwap(old, entry) {
		c.used.Add(-grown)
	}
}

// victim picks the slot for an entry: the token's own, an empty or an expired one; else, at the token's second sight,
// one after the other. It returns nil at the first sight.
func (s *cacheSet) victim(entry *cacheEntry, now time.Time) *atomic.Pointer[cacheEntry] {
	var free *atomic.Pointer[cacheEntry]
	for i := range s.slots {
		slot := &s.slots[i]
		there := slot.Load()
		switch {
		case there != nil && there.token == entry.token:
			return slot
		case there == nil || !now.Before(there.claims.ExpiresAt):
			free = slot
		}
	}
	if free != nil {
		return free
	}
	if s.candidate.Swap(entry.hash) != entry.hash {
		return nil
	}
	return &s.slots[s.turn.Add(1)%uint32(len(s.slots))]
}

// sweep drops expired entries from a few sets: room for others when the memory is used up.
func (c *cache) sweep(from uint64, now time.Time) {
	for step := range uint64(16) {
		set := &c.sets[(from+step)&c.mask]
		for i := range set.slots {
			entry := set.slots[i].Load()
			if entry != nil && !now.Before(entry.claims.ExpiresAt) && set.slots[i].CompareAndSwap(entry, nil) {
				c.used.Add(-entry.size)
			}
		}
	}
}
