package fastkeys

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"

	"github.com/durward-auth/durward"
)

const (
	// usesBeforeTable is how many signatures of a key must have been right before its table is made. Making one takes as
	// long as some nine checks, so that an issuer who changes keys all the time makes this a seventh slower, not more.
	usesBeforeTable = 64
	// knocksBeforeTurn is how many look-ups of keys without a place move the hand by one.
	knocksBeforeTurn = 64
	// mostKeys bounds what a program can ask for: 220 MiB.
	mostKeys = 1024
)

// A Source answers as another source of keys does, such as one of package jwks, and speeds up those keys that are in use.
// It is safe for concurrent use.
//
// A key gets its table after 64 right signatures, from the caller who brought the last of them: a token
// that is refused leads to no table. At most a fixed number of keys have a place, and so can have a table; a key beyond
// them is returned as it came. A key that has checked nothing for some time gives its place to others. Which
// keys there are, and what becomes of one that is gone, stays the other source's decision at each look-up.
//
// Keys are the same if their algorithm, key id and public part are: a refresh that brings them anew loses no
// table. It is recognising them that costs some microseconds, so that a source which makes a new *VerificationKey at each
// look-up gains nothing here: let it keep its keys. Keys that [Speed] does not support are returned as they came; a
// check of their own that others have is replaced, as by Speed.
type Source struct {
	from  durward.KeySource
	known atomic.Pointer[map[*durward.VerificationKey]*place]

	knocks atomic.Uint64
	mu     sync.Mutex // guards what follows, and changes of known
	places []*place
	most   int
	hand   int
}

var _ durward.KeySource = (*Source)(nil)

// NewSource makes a source with places for so many keys, 1 to 1024. Each takes up to 220 KiB; issuers publish two or
// three keys as a rule.
func NewSource(from durward.KeySource, most int) (*Source, error) {
	if from == nil {
		return nil, fmt.Errorf("source of prepared keys: the other source is nil")
	}
	if most < 1 || most > mostKeys {
		return nil, fmt.Errorf("source of prepared keys: room for %d keys, it must be for 1 to %d", most, mostKeys)
	}
	s := &Source{from: from, most: most}
	s.known.Store(&map[*durward.VerificationKey]*place{})
	return s, nil
}

// Lookup implements [durward.KeySource].
func (s *Source) Lookup(ctx context.Context, algorithm durward.Algorithm, id string) (*durward.VerificationKey, error) {
	key, err := s.from.Lookup(ctx, algorithm, id)
	if err != nil || key == nil {
		return key, err
	}
	if p := (*s.known.Load())[key]; p != nil {
		return p.key, nil
	}
	if supported(key.Algorithm()) != nil {
		return key, nil
	}
	return s.welcome(key), nil
}

// welcome finds a place for a key that has been seen for the first time, or not for long.
func (s *Source) welcome(key *durward.VerificationKey) *durward.VerificationKey {
	full := len(*s.known.Load()) >= s.most
	if full && s.knocks.Add(1)%knocksBeforeTurn != 0 {
		return key
	}
	name, made, err := newPlace(key)
	if err != nil {
		return key
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.places {
		if p.name == name { // the same key, read anew
			s.remember(key, p)
			return p.key
		}
	}
	if len(s.places) < s.most {
		s.places = append(s.places, made)
	} else if !s.turn(made) {
		return key
	}
	s.remember(key, made)
	return made.key
}

// turn gives the newcomer the place under the hand, unless its holder has been of use since the hand was there.
func (s *Source) turn(newcomer *place) bool {
	s.hand = (s.hand + 1) % len(s.places)
	old := s.places[s.hand]
	if old.used.Swap(false) {
		return false
	}
	old.leave()
	s.places[s.hand] = newcomer
	return true
}

// remember maps the key to its place, in a copy of the map with one key for each place.
func (s *Source) remember(key *durward.VerificationKey, p *place) {
	known := maps.Clone(*s.known.Load())
	maps.DeleteFunc(known, func(_ *durward.VerificationKey, other *place) bool { return other == p || other.left.Load() })
	known[key] = p
	s.known.Store(&known)
}
