package durwardtest

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/durward-auth/durward"
)

// ring holds the keys of an issuer: the last one signs, all of them verify.
type ring struct {
	mu     sync.Mutex
	keys   []*durward.SigningKey
	broken bool
}

var (
	_ durward.KeySource        = (*ring)(nil)
	_ durward.SigningKeySource = (*ring)(nil)
)

func (r *ring) Lookup(ctx context.Context, algorithm durward.Algorithm, id string) (*durward.VerificationKey, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.broken {
		return nil, fmt.Errorf("%w: the test has made the keys unavailable", durward.ErrUnavailable)
	}
	for _, key := range r.keys {
		if found, err := key.Lookup(ctx, algorithm, id); err == nil {
			return found, nil
		}
	}
	return nil, durward.ErrTokenKey
}

func (r *ring) SigningKey(context.Context) (*durward.SigningKey, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.keys[len(r.keys)-1], nil
}

func (r *ring) add(key *durward.SigningKey) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keys = append(r.keys, key)
}

// retire forgets every key but the one that signs.
func (r *ring) retire() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keys = slices.Clone(r.keys[len(r.keys)-1:])
}

func (r *ring) setBroken(broken bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.broken = broken
}

func (r *ring) public() []*durward.VerificationKey {
	r.mu.Lock()
	defer r.mu.Unlock()
	keys := make([]*durward.VerificationKey, len(r.keys))
	for i, key := range r.keys {
		keys[i] = key.Public()
	}
	return keys
}
