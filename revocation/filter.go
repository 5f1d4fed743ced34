package revocation

import (
	"math/bits"
	"sync/atomic"
)

// filter is a Bloom filter whose every key lies in one word: a look-up touches
// one cache line and takes no lock. It never misses a key that was put in;
// about one key in a hundred that was not is taken for one. One writer at a
// time, any number of readers.
type filter []atomic.Uint64

// keysPerWord bounds the keys in a filter: above it a larger one is made. It
// makes 16 to 32 bits a key.
const keysPerWord = 4

// newFilter returns an empty filter for twice n keys at most.
func newFilter(n int) filter {
	words := max(n/keysPerWord, 1)
	return make(filter, 1<<bits.Len(uint(words)))
}

func (f filter) fits(n int) bool { return n <= keysPerWord*len(f) }

func (f filter) put(hash uint64) { f[f.word(hash)].Or(pattern(hash)) }

func (f filter) mayHave(hash uint64) bool {
	p := pattern(hash)
	return f[f.word(hash)].Load()&p == p
}

// word uses the bits of the hash from 8 to 39; below them lies the shard's
// number, above them the pattern.
func (f filter) word(hash uint64) int { return int(hash>>8&(1<<32-1)) & (len(f) - 1) }

func pattern(hash uint64) uint64 {
	return 1<<(hash>>40&63) | 1<<(hash>>46&63) | 1<<(hash>>52&63) | 1<<(hash>>58&63)
}
