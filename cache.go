package durward

import (
	"hash/maphash"
	"strings"
	"sync/atomic"
	"time"
)

// cache remembers verified tokens. It is a table of small sets whose slots are read without a lock.
//
// Where there is no room, a token enters only when it is seen a second time, and takes the place of one that has
// expired or has not been seen since it came. So a flood of valid tokens that are used once each evicts nobody, one of tokens
// that are used twice evicts its own kind, and neither keeps out those that come again; invalid tokens never enter.
// The place of a token depends on a random seed and on the end of its signature, and the whole token is compared.
type cache struct {
	seed  maphash.Seed
	mask  uint64
	limit int64
	used  atomic.Int64
	hand  atomic.Uint64 // the set that gives memory next
	sets  []cacheSet
	door  []atomic.Uint32 // who wanted to enter, and how often

	newcomers atomic.Uint32
}

type cacheSet struct {
	slots [4]atomic.Pointer[cacheEntry]
	turn  atomic.Uint32
}

type cacheEntry struct {
	token  string
	hash   uint64
	claims Claims
	key    *VerificationKey
	size   int64
	hits   atomic.Uint32 // up to mostHits, and down while others want the place
}

// cacheEntryBytes is what an entry takes beside its token and payload, lists included.
const cacheEntryBytes = 768

// largestCachedToken keeps a few huge tokens from taking the room of many.
const largestCachedToken = 8 << 10

// mostHits is how much an entry can gather against those who want its place.
const mostHits = 2

// doorPerSet is how many of the turned away the cache tells apart for each set: 4 bytes each.
const doorPerSet = 32

func newCache(limit int) *cache {
	sets := 1
	for sets*4*2048 < limit {
		sets *= 2
	}
	return &cache{
		seed: maphash.MakeSeed(), mask: uint64(sets - 1), limit: int64(limit),
		sets: make([]cacheSet, sets), door: make([]atomic.Uint32, sets*doorPerSet),
	}
}

func (c *cache) hash(token string) uint64 {
	return maphash.String(c.seed, token[max(0, len(token)-32):])
}

func (c *cache) get(token string) *cacheEntry {
	hash := c.hash(token)
	set := &c.sets[hash&c.mask]
	for i := range set.slots {
		if entry := set.slots[i].Load(); entry != nil && entry.hash == hash && entry.token == token {
			if hits := entry.hits.Load(); hits < mostHits {
				entry.hits.Store(hits + 1)
			}
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
	before := c.knock(entry.hash)
	slot := c.sets[entry.hash&c.mask].place(entry, before > 0, now)
	if slot == nil {
		return
	}
	old := slot.Load()
	grown := entry.size
	if old != nil {
		grown -= old.size
	}
	if before > 0 {
		c.reclaim(grown, slot, now)
		entry.hits.Store(before - 1)
	}
	// The token may be part of something larger, such as a header with many cookies.
	entry.token = strings.Clone(token)
	if (c.used.Add(grown) > c.limit && grown > 0) || !slot.CompareAndSwap(old, entry) {
		c.used.Add(-grown)
	}
}

// knock counts that a token wanted to enter, and returns how often it had before: 0 to 3. It is told apart from few
// others; each of them that is new takes the cell of another one, or wears its count down.
func (c *cache) knock(hash uint64) uint32 {
	const counts, ways = 3, 4
	at := (hash >> 20) % uint64(len(c.door)) &^ (ways - 1)
	name := uint32(hash>>32) &^ counts
	for i := range uint64(ways) {
		cell := &c.door[at+i]
		there := cell.Load()
		if there&^counts != name {
			continue
		}
		before := there & counts
		if before < counts {
			cell.Store(there + 1)
		}
		return before
	}
	// In turn, so that no two tokens can always push each other out.
	cell := &c.door[at+uint64(c.newcomers.Add(1)%ways)]
	if there := cell.Load(); there&counts > 1 {
		cell.Store(there - 1)
	} else {
		cell.Store(name | 1)
	}
	return 0
}

// place picks the slot for an entry: the token's own, an empty or an expired one; else, for one that came
// again, that of an entry without hits. Where all have hits, each loses one and the newcomer waits.
func (s *cacheSet) place(entry *cacheEntry, again bool, now time.Time) *atomic.Pointer[cacheEntry] {
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
	if free != nil || !again {
		return free
	}
	turn := s.turn.Add(1)
	for i := range uint32(len(s.slots)) {
		slot := &s.slots[(turn+i)%uint32(len(s.slots))]
		if there := slot.Load(); there == nil || there.hits.Load() == 0 {
			return slot
		}
	}
	for i := range s.slots {
		if there := s.slots[i].Load(); there != nil {
			there.wear()
		}
	}
	return nil
}

func (e *cacheEntry) wear() {
	if hits := e.hits.Load(); hits > 0 {
		e.hits.Store(hits - 1)
	}
}

// reclaim makes room in memory, from set after set: what has expired or has no hits goes. It gives up after a
// bounded number of sets; if nothing could go there, all that it has met lose a hit. It leaves the slot alone that is
// about to be filled.
func (c *cache) reclaim(need int64, keep *atomic.Pointer[cacheEntry], now time.Time) {
	const most = 64
	freed, start := false, c.hand.Load()
	for range most {
		if c.used.Load()+need <= c.limit {
			return
		}
		set := &c.sets[c.hand.Add(1)&c.mask]
		for i := range set.slots {
			slot := &set.slots[i]
			entry := slot.Load()
			if entry == nil || slot == keep || entry.hits.Load() > 0 && now.Before(entry.claims.ExpiresAt) {
				continue
			}
			if slot.CompareAndSwap(entry, nil) {
				c.used.Add(-entry.size)
				freed = true
			}
		}
	}
	if freed {
		return
	}
	for step := range uint64(min(most, len(c.sets))) {
		set := &c.sets[(start+1+step)&c.mask]
		for i := range set.slots {
			if entry := set.slots[i].Load(); entry != nil {
				entry.wear()
			}
		}
	}
}
