package feed

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/statuslist"
)

// ErrNoList says that no session has a place in the list that was asked for.
var ErrNoList = errors.New("there is no such status list")

// ListStore is what the status lists are made from.
type ListStore interface {
	// StatusEnd returns the place after the last that a session may have; 0 when none was given.
	StatusEnd(ctx context.Context) (int64, error)
	// StatusMarks returns the places from first, before end, whose access tokens are refused at now.
	StatusMarks(ctx context.Context, first, end int64, now time.Time) ([]int64, error)
}

// ListsConfig is what Lists work with. Every field is required.
type ListsConfig struct {
	Store  ListStore
	Hub    *Hub // tells when a list may have changed
	Keys   durward.SigningKeySource
	Issuer string
	Size   int64                // places of a list
	URI    func(n int64) string // where the list n is
	TTL    time.Duration        // for how long a copy may be used
	Clock  func() time.Time
}

const (
	// rebuildEvery bounds how often a list is made anew, however much is revoked.
	rebuildEvery = time.Second

	// A list is signed for so long, and made anew after half of it: a copy that somebody replays is refused after that, and a
	// verifier that cannot reach the server goes on for that long at most.
	leastLifetime = 2 * time.Minute
	lifetimeTTLs  = 4

	keptLists = 64
)

// Lists makes Token Status Lists (draft-ietf-oauth-status-list) of what is revoked, and keeps them while they hold. It is
// safe for concurrent use.
type Lists struct {
	config ListsConfig

	mu   sync.Mutex
	end  int64
	kept map[int64]*List
}

// List is a signed list.
type List struct {
	Text []byte
	Tag  string // entity tag (RFC 9110 §8.8.3)

	seq  int64
	made time.Time
}

// NewLists returns the lists of a feed.
func NewLists(c ListsConfig) *Lists { return &Lists{config: c, kept: map[int64]*List{}} }

// List returns the list n: no older than a second behind what is revoked, and good for at least half of its lifetime. It
// returns ErrNoList when there is none.
func (l *Lists) List(ctx context.Context, n int64) (*List, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	seq, _ := l.config.Hub.Changed()
	now := l.config.Clock()
	if kept := l.kept[n]; kept != nil {
		age := now.Sub(kept.made)
		if age >= 0 && age < ListLifetime(l.config.TTL)/2 && (kept.seq == seq || age < rebuildEvery) {
			return kept, nil
		}
	}
	if n < 0 || n >= l.lists() {
		var err error
		if l.end, err = l.config.Store.StatusEnd(ctx); err != nil {
			return nil, err
		}
		if n < 0 || n >= l.lists() {
			return nil, ErrNoList
		}
	}
	made, err := l.build(ctx, n, seq, now)
	if err != nil {
		return nil, fmt.Errorf("make a status list: %w", err)
	}
	if len(l.kept) >= keptLists {
		clear(l.kept)
	}
	l.kept[n] = made
	return made, nil
}

// lists is how many there are, as far as is known.
func (l *Lists) lists() int64 { return (l.end + l.config.Size - 1) / l.config.Size }

// ListLifetime is how long a list is signed for whose copies may be used for ttl. Its key must verify for as long.
func ListLifetime(ttl time.Duration) time.Duration { return max(leastLifetime, lifetimeTTLs*ttl) }

// build signs a list of its full size: a verifier that keeps a copy meets tokens of sessions that are newer.
func (l *Lists) build(ctx context.Context, n, seq int64, now time.Time) (*List, error) {
	first := n * l.config.Size
	marks, err := l.config.Store.StatusMarks(ctx, first, first+l.config.Size, now)
	if err != nil {
		return nil, err
	}
	list, err := statuslist.NewList(1, l.config.Size)
	if err != nil {
		return nil, err
	}
	for _, place := range marks {
		list.Set(place-first, statuslist.Invalid)
	}
	text, err := statuslist.Token{
		URI: l.config.URI(n), Issuer: l.config.Issuer, IssuedAt: now, ExpiresAt: now.Add(ListLifetime(l.config.TTL)), TTL: l.config.TTL, List: list,
	}.Sign(ctx, l.config.Keys)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(text))
	return &List{Text: []byte(text), Tag: `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`, seq: seq, made: now}, nil
}
