package revocation

import (
	"hash/maphash"
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
	seeds  [2]maphash.Seed
	held   [kinds]atomic.Int64 // entries of a kind, to pass over kinds that have none
	shards [shards]shard
}

// shard has a filter in front of its tables: every entry is in it. It is
// replaced under mu and read without.
type shard struct {
	filter  atomic.Pointer[filter]
	mu      sync.RWMutex
	tables  [kinds]*table // nil where there is nothing
	n       int           // entries of all kinds
	sweepAt int           // n at which Add sweeps
}

// NewSet returns an empty set. The clock tells when entries have expired; nil
// stands for [time.Now].
func NewSet(clock func() time.Time) *Set {
	if clock == nil {
		clock = time.Now
	}
	return &Set{clock: clock, seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}}
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
	d := s.digest(e.Kind, e.ID)
	sh := s.shard(d.first)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if sh.n >= max(sh.sweepAt, sweepFrom) {
		s.sweep(sh, s.clock().Unix())
		sh.sweepAt = 2 * sh.n
	}
	if sh.tables[e.Kind] == nil {
		sh.tables[e.Kind] = new(table)
	}
	if sh.tables[e.Kind].put(d, roundedUp(e.ExpiresAt), e.Below, e.Kind == Subject) {
		sh.n++
		s.held[e.Kind].Add(1)
	}
	if f := sh.filter.Load(); f != nil && f.fits(sh.n) {
		f.put(d.first)
	} else {
		sh.refilter()
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
	if below, ok := s.get(Subject, subject); ok && version < below {
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
	now := s.clock().Unix()
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

func (s *Set) has(kind Kind, id string) bool {
	_, ok := s.get(kind, id)
	return ok
}

// get returns the version of an entry, which has a meaning for a subject only.
func (s *Set) get(kind Kind, id string) (below int64, ok bool) {
	if id == "" || s.held[kind].Load() == 0 {
		return 0, false
	}
	first := s.hash(0, kind, id)
	sh := s.shard(first)
	if f := sh.filter.Load(); f == nil || !f.mayHave(first) {
		return 0, false
	}
	return sh.get(kind, digest{first, s.hash(1, kind, id)})
}

func (sh *shard) get(kind Kind, d digest) (below int64, ok bool) {
	sh.mu.RLock()
	defer sh.mu.RUnlock()
	t := sh.tables[kind]
	if t == nil {
		return 0, false
	}
	at, ok := t.find(d)
	if ok && kind == Subject {
		below = t.below[at]
	}
	return below, ok
}

func (s *Set) digest(kind Kind, id string) digest {
	return digest{s.hash(0, kind, id), s.hash(1, kind, id)}
}

func (s *Set) hash(seed int, kind Kind, id string) uint64 {
	return maphash.String(s.seeds[seed], id) + uint64(kind)*0x9e3779b97f4a7c15
}

func (s *Set) shard(first uint64) *shard { return &s.shards[first%shards] }

// refilter makes the filter of sh anew, for what it holds and as much again.
// The caller has locked sh.
func (sh *shard) refilter() {
	f := newFilter(sh.n)
	for _, t := range sh.tables {
		if t == nil {
			continue
		}
		for i := range t.slots {
			if s := &t.slots[i]; s.seconds != 0 {
				f.put(s.first())
			}
		}
	}
	sh.filter.Store(&f)
}

// sweep drops the expired entries of sh, which the caller has locked.
func (s *Set) sweep(sh *shard, now int64) (dropped int) {
	for kind, t := range sh.tables {
		if t == nil {
			continue
		}
		gone := t.sweep(now, Kind(kind) == Subject)
		if t.n == 0 {
			sh.tables[kind] = nil
		}
		s.held[kind].Add(int64(-gone))
		dropped += gone
	}
	if dropped > 0 {
		sh.n -= dropped
		sh.refilter()
	}
	return dropped
}

// roundedUp is an expiry in whole seconds since 1970, so that nothing is dropped early.
func roundedUp(t time.Time) uint32 {
	if t.IsZero() {
		return never
	}
	seconds := t.Unix()
	if t.Nanosecond() > 0 {
		seconds++
	}
	return uint32(min(max(seconds, 1), never))
}
