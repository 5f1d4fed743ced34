package revocation

import (
	"hash/maphash"
	"math"
	"sync"
	"sync/atomic"
	"time"
)

const (
	shards = 256 // a power of two, so that a sweep holds one lock for a short time only

	sweepFrom = 64 // entries of a shard below which it is not swept by itself
)

// Set is what has been revoked. It is safe for concurrent use. A reader takes
// no lock for a name that is not revoked (but for one in a hundred), and waits
// otherwise at most while one entry is written or one of 256 shards is swept.
// Make one with [NewSet].
type Set struct {
	clock  func() time.Time
	seed   maphash.Seed
	held   [kinds]atomic.Int64 // entries of a kind, to pass over kinds that have none
	shards [shards]shard
}

// shard has a filter in front of its maps: every entry is in it. It is
// replaced under mu and read without.
type shard struct {
	filter  atomic.Pointer[filter]
	mu      sync.RWMutex
	entries [kinds]map[string]value
	n       int // entries of all kinds
	sweepAt int // n at which Add sweeps
	peak    int // n at its highest since the maps were made
}

type value struct {
	below   int64
	expires int64 // Unix nanoseconds; math.MaxInt64 for never
}

// NewSet returns an empty set. The clock tells when entries have expired; nil
// stands for [time.Now].
func NewSet(clock func() time.Time) *Set {
	if clock == nil {
		clock = time.Now
	}
	return &Set{clock: clock, seed: maphash.MakeSeed()}
}

// Add revokes. It is idempotent: of several entries for one kind and id the
// set keeps the latest expiry and the highest version. An entry with an empty
// ID or without a kind matches nothing and is not kept. Once Add has returned,
// [Set.Revoked] answers accordingly.
//
// Add sweeps a part of the set when that part has doubled since it was last
// swept, so that a set that nobody sweeps is bounded too.
func (s *Set) Add(entries ...Entry) {
	for _, e := range entries {
		if e.ID != "" && e.Kind.valid() {
			s.add(e)
		}
	}
}

func (s *Set) add(e Entry) {
	v := value{expires: nanoseconds(e.ExpiresAt)}
	if e.Kind == Subject {
		v.below = e.Below
	}
	hash := s.hash(e.Kind, e.ID)
	sh := s.shard(hash)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if sh.n >= max(sh.sweepAt, sweepFrom) {
		s.sweep(sh, s.clock().UnixNano())
		sh.sweepAt = 2 * sh.n
	}
	m := sh.entries[e.Kind]
	if m == nil {
		m = map[string]value{}
		sh.entries[e.Kind] = m
	}
	if old, ok := m[e.ID]; ok {
		v.below, v.expires = max(v.below, old.below), max(v.expires, old.expires)
	} else {
		sh.n++
		sh.peak = max(sh.peak, sh.n)
		s.held[e.Kind].Add(1)
	}
	m[e.ID] = v
	if f := sh.filter.Load(); f != nil && f.fits(sh.n) {
		f.put(hash)
	} else {
		s.refilter(sh)
	}
}

// Revoked reports whether any of a token's names is revoked, and the kind of
// the first that is, in the order Token, Session, Subject, Key. An empty name
// never matches. The version matters for the subject only. Revoked does not
// allocate.
//
// An entry whose ExpiresAt has passed may still match until it is swept. That
// is harmless: each token that it matches has expired by then, and is refused
// for that.
func (s *Set) Revoked(tokenID, sessionID, keyID, subject string, version int64) (Kind, bool) {
	if s.has(Token, tokenID) {
		return Token, true
	}
	if s.has(Session, sessionID) {
		return Session, true
	}
	if v, ok := s.get(Subject, subject); ok && version < v.below {
		return Subject, true
	}
	if s.has(Key, keyID) {
		return Key, true
	}
	return 0, false
}

// Len returns the number of entries, those included that have expired and are
// not yet swept.
func (s *Set) Len() int {
	var n int64
	for kind := range s.held {
		n += s.held[kind].Load()
	}
	return int(n)
}

// Sweep drops the entries whose ExpiresAt has passed and returns how many. It
// is worth a call a minute.
func (s *Set) Sweep() int {
	now := s.clock().UnixNano()
	dropped := 0
	for i := range s.shards {
		sh := &s.shards[i]
		sh.mu.Lock()
		dropped += s.sweep(sh, now)
		sh.sweepAt = 2 * sh.n
		sh.mu.Unlock()
	}
	return dropped
}

// Entries returns a copy of the entries, in no order. What was there before the
// call and is not swept meanwhile is in it; what is added meanwhile may be.
func (s *Set) Entries() []Entry {
	entries := make([]Entry, 0, s.Len())
	for i := range s.shards {
		sh := &s.shards[i]
		sh.mu.RLock()
		for kind, m := range sh.entries {
			for id, v := range m {
				entries = append(entries, Entry{Kind: Kind(kind), ID: id, Below: v.below, ExpiresAt: instant(v.expires)})
			}
		}
		sh.mu.RUnlock()
	}
	return entries
}

func (s *Set) has(kind Kind, id string) bool {
	_, ok := s.get(kind, id)
	return ok
}

func (s *Set) get(kind Kind, id string) (value, bool) {
	if id == "" || s.held[kind].Load() == 0 {
		return value{}, false
	}
	hash := s.hash(kind, id)
	sh := s.shard(hash)
	if f := sh.filter.Load(); f == nil || !f.mayHave(hash) {
		return value{}, false
	}
	sh.mu.RLock()
	v, ok := sh.entries[kind][id]
	sh.mu.RUnlock()
	return v, ok
}

func (s *Set) hash(kind Kind, id string) uint64 {
	return maphash.String(s.seed, id) + uint64(kind)*0x9e3779b97f4a7c15
}

func (s *Set) shard(hash uint64) *shard { return &s.shards[hash%shards] }

// refilter makes the filter of sh anew, for what it holds and as much again.
// The caller has locked sh.
func (s *Set) refilter(sh *shard) {
	f := newFilter(sh.n)
	for kind, m := range sh.entries {
		for id := range m {
			f.put(s.hash(Kind(kind), id))
		}
	}
	sh.filter.Store(&f)
}

// sweep drops the expired entries of sh, which the caller has locked. A map
// never gives memory back, so one that is mostly empty is made anew.
func (s *Set) sweep(sh *shard, now int64) (dropped int) {
	for kind, m := range sh.entries {
		before := len(m)
		for id, v := range m {
			if v.expires <= now {
				delete(m, id)
			}
		}
		dropped += before - len(m)
		s.held[kind].Add(int64(len(m) - before))
	}
	if dropped == 0 {
		return 0
	}
	sh.n -= dropped
	if sh.n < sh.peak/4 {
		for kind, m := range sh.entries {
			sh.entries[kind] = fresh(m)
		}
		sh.peak = sh.n
	}
	s.refilter(sh)
	return dropped
}

func fresh(m map[string]value) map[string]value {
	if len(m) == 0 {
		return nil
	}
	made := make(map[string]value, len(m))
	for id, v := range m {
		made[id] = v
	}
	return made
}

func nanoseconds(t time.Time) int64 {
	if t.IsZero() || t.After(time.Unix(0, math.MaxInt64)) {
		return math.MaxInt64
	}
	if t.Before(time.Unix(0, 0)) {
		return 0
	}
	return t.UnixNano()
}

func instant(nanoseconds int64) time.Time {
	if nanoseconds == math.MaxInt64 {
		return time.Time{}
	}
	return time.Unix(0, nanoseconds).UTC()
}
