package jwks

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/durward-auth/durward"
)

// A Source holds the key set of one remote issuer. It is safe for concurrent use, and there is nothing to close.
//
// A key that is the same after a refresh stays the same *durward.VerificationKey, so that tokens
// which were verified with it stay cached.
type Source struct {
	config  Config
	now     func() time.Duration // since the source was made
	held    atomic.Pointer[held]
	flight  atomic.Pointer[flight] // the fetch under way, or nil
	waiting atomic.Int64
	fetcher fetcher // belongs to the flight
}

var _ durward.KeySource = (*Source)(nil)

// New returns a source of the keys of an issuer, which is an https URL; they are fetched when they are first needed. See
// [NewSource] for anything but the defaults, and [Source.Refresh] to fetch them at once.
func New(issuer string) (*Source, error) { return NewSource(Config{Issuer: issuer}) }

// NewSource checks the configuration and reports all of its problems together. It fetches nothing.
func NewSource(c Config) (*Source, error) {
	c, start, err := c.checked()
	if err != nil {
		return nil, err
	}
	s := &Source{config: c, now: stopwatch(c.Clock)}
	s.fetcher = newFetcher(c, start)
	s.held.Store(&held{err: c.unavailable(errNone)})
	return s, nil
}

// stopwatch counts from now on. The system's own clock is read as a monotonic one, which
// nobody sets back and which takes half the time to read.
func stopwatch(clock func() time.Time) func() time.Duration {
	if clock == nil {
		begin := time.Now()
		return func() time.Duration { return time.Since(begin) }
	}
	begin := clock()
	return func() time.Duration { return clock().Sub(begin) }
}

// Lookup implements [durward.KeySource]. For a key in a fresh set it neither waits, locks nor allocates.
func (s *Source) Lookup(ctx context.Context, algorithm durward.Algorithm, id string) (*durward.VerificationKey, error) {
	now, h := s.now(), s.held.Load()
	if now < h.refreshAt {
		if key := h.find(algorithm, id); key != nil {
			return key, nil
		}
	}
	return s.look(ctx, h, now, algorithm, id)
}

// look is Lookup where something has to be fetched, or may have to be.
func (s *Source) look(ctx context.Context, h *held, now time.Duration, algorithm durward.Algorithm, id string) (*durward.VerificationKey, error) {
	var key *durward.VerificationKey
	if h.usable(now) {
		key = h.find(algorithm, id)
	}
	f, landed := s.flight.Load(), false
	if f == nil && (now >= h.refreshAt || key == nil && now >= h.unknownAt) {
		f = s.begin(ctx, h, now < h.refreshAt)
		landed = f == nil
	}
	if f != nil && (key == nil || now >= h.expiresAt && h.err == nil) {
		if landed = s.wait(ctx, f); !landed && key == nil {
			return nil, s.config.unavailable(errBusy)
		}
	}
	if landed {
		h, key = s.held.Load(), nil
		if h.usable(s.now()) {
			key = h.find(algorithm, id)
		}
	}
	switch {
	case key != nil:
		return key, nil
	case h.err != nil:
		return nil, h.err
	default:
		return nil, durward.ErrTokenKey
	}
}

// Refresh fetches the set now, or waits for the fetch under way, and says why none could be had. The last good set stays
// in use then. Call it at the start of a program, to learn of a wrong address at once, or when the issuer
// tells of changed keys; it knows no cool-down, so nothing that a client sends may lead to it.
func (s *Source) Refresh(ctx context.Context) error {
	f := s.flight.Load()
	for f == nil {
		f = s.begin(ctx, s.held.Load(), false)
	}
	select {
	case <-f.done:
		return f.err
	case <-ctx.Done():
		return s.config.unavailable(context.Cause(ctx))
	}
}

// unavailable wraps what happened for those who wait for a key.
func (c *Config) unavailable(err error) error {
	name := c.Issuer
	if name == "" {
		name = c.URL
	}
	return fmt.Errorf("%w: keys of %s: %w", durward.ErrUnavailable, name, err)
}
