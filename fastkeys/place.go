package fastkeys

import (
	"sync/atomic"

	"github.com/durward-auth/durward"
)

// A place is one key of a [Source], with the table that it has or will have.
type place struct {
	name string
	key  *durward.VerificationKey // the stand-in
	slow check
	make func() (check, error)

	fast  atomic.Pointer[check]
	right atomic.Int32 // how many signatures were, up to the table
	used  atomic.Bool  // since the hand was here
	left  atomic.Bool
}

// newPlace makes the place of a supported key, and the name under which the same key is known again.
func newPlace(key *durward.VerificationKey) (name string, p *place, err error) {
	text, err := key.MarshalPEM()
	if err != nil {
		return "", nil, err
	}
	public, err := publicOf(key)
	if err != nil {
		return "", nil, err
	}
	name = string(key.Algorithm()) + "\n" + string(text) + key.ID()
	p = &place{name: name, slow: standard(key.Algorithm(), public), make: func() (check, error) { return prepare(key) }}
	p.key, err = key.WithVerifier(p.verify)
	return name, p, err
}

func (p *place) verify(message, signature []byte) bool {
	if fast := p.fast.Load(); fast != nil {
		ok := (*fast)(message, signature)
		if ok && !p.used.Load() {
			p.used.Store(true)
		}
		return ok
	}
	if !p.slow(message, signature) {
		return false
	}
	p.used.Store(true)
	// One caller makes the table, while others go on without it.
	if p.right.Add(1) == usesBeforeTable && !p.left.Load() {
		p.prepare()
	}
	return true
}

func (p *place) prepare() {
	fast, err := p.make()
	if err != nil {
		return // the standard library's check stays
	}
	p.fast.Store(&fast)
	if p.left.Load() {
		p.fast.Store(nil)
	}
}

// leave frees the table. Whoever still holds the key goes on with the standard library's check.
func (p *place) leave() {
	p.left.Store(true)
	p.fast.Store(nil)
}
