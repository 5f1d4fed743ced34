package revocation

import "math/bits"

// table is an open-addressed hash table of entries of one kind, which keeps no names: an entry is known by 128 bits of
// keyed hash, so that a name that is not in it is taken for one that is once in 10^31 looks at ten million. One
// writer at a time, or any number of readers.
type table struct {
	slots []slot
	below []int64 // of the slots, for subjects alone
	n     int
}

// slot takes 20 bytes: it would take 24 with words of 64 bits. Zero seconds are an empty slot.
type slot struct {
	hash    [4]uint32
	seconds uint32 // since 1970, rounded up; never for an entry that is kept for good
}

// never is the expiry of what is kept for good.
const never = 1<<32 - 1

// digest is what a table knows of a name. The first word chooses shard and filter, the second the slot.
type digest struct{ first, second uint64 }

func (d digest) words() [4]uint32 {
	return [4]uint32{uint32(d.first), uint32(d.first >> 32), uint32(d.second), uint32(d.second >> 32)}
}

func (s *slot) first() uint64  { return uint64(s.hash[0]) | uint64(s.hash[1])<<32 }
func (s *slot) second() uint64 { return uint64(s.hash[2]) | uint64(s.hash[3])<<32 }

// leastSlots is the size of a table with one entry.
const leastSlots = 4

// full says whether one more entry would leave fewer than a ninth of the slots empty.
func (t *table) full() bool { return (t.n+1)*9 > len(t.slots)*8 }

// home is where the search for a digest begins: all sizes are possible, not only powers of two.
func (t *table) home(second uint64) int {
	high, _ := bits.Mul64(second, uint64(len(t.slots)))
	return int(high)
}

// find returns the slot of a digest, or else the empty one where it would be put. There must be an empty slot.
func (t *table) find(d digest) (at int, ok bool) {
	words := d.words()
	for at = t.home(d.second); ; {
		s := &t.slots[at]
		if s.seconds == 0 {
			return at, false
		}
		if s.hash == words {
			return at, true
		}
		if at++; at == len(t.slots) {
			at = 0
		}
	}
}

// put adds an entry, or keeps the latest expiry and the highest version of it and the one that is there. It says whether it is new.
func (t *table) put(d digest, seconds uint32, below int64, versioned bool) bool {
	if t.slots == nil || t.full() {
		t.resize(max(leastSlots, len(t.slots)+len(t.slots)/8+1), versioned)
	}
	at, ok := t.find(d)
	if !ok {
		t.slots[at] = slot{d.words(), seconds}
		if versioned {
			t.below[at] = below
		}
		t.n++
		return true
	}
	t.slots[at].seconds = max(t.slots[at].seconds, seconds)
	if versioned {
		t.below[at] = max(t.below[at], below)
	}
	return false
}

func (t *table) resize(size int, versioned bool) {
	old := *t
	t.slots = make([]slot, size)
	if versioned {
		t.below = make([]int64, size)
	}
	for i := range old.slots {
		if s := &old.slots[i]; s.seconds != 0 {
			at, _ := t.find(digest{s.first(), s.second()})
			t.slots[at] = *s
			if versioned {
				t.below[at] = old.below[i]
			}
		}
	}
}

// sweep drops the entries that have expired, and gives memory back when much of it is empty.
func (t *table) sweep(now int64, versioned bool) (dropped int) {
	for i := 0; i < len(t.slots); {
		if s := t.slots[i].seconds; s == 0 || s == never || int64(s) > now {
			i++
			continue
		}
		t.remove(i) // what moves into the slot is looked at next
		dropped++
	}
	t.n -= dropped
	if dropped > 0 && t.n < len(t.slots)/2 {
		t.resize(max(leastSlots, t.n*5/4+1), versioned)
	}
	return dropped
}

// remove empties a slot and moves those behind it up that could no longer be found otherwise.
func (t *table) remove(hole int) {
	for i := hole; ; {
		if i++; i == len(t.slots) {
			i = 0
		}
		if t.slots[i].seconds == 0 {
			break
		}
		home := t.home(t.slots[i].second())
		if hole <= i && hole < home && home <= i || hole > i && (hole < home || home <= i) {
			continue // it is found without the hole
		}
		t.slots[hole] = t.slots[i]
		if t.below != nil {
			t.below[hole] = t.below[i]
		}
		hole = i
	}
	t.slots[hole] = slot{}
}
