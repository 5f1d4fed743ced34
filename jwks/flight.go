package jwks

import (
	"context"
	"errors"
	"time"
)

// patience is how long after a fetch has begun lookups wait for it.
const patience = 2 * time.Second

// maxWaiting bounds how many lookups wait at a time: each keeps a request in memory.
const maxWaiting = 1000

var (
	errNone = errors.New("none have been fetched yet")
	errBusy = errors.New("they are being fetched")
)

// flight is one fetch, which everybody shares.
type flight struct {
	unknown bool          // caused by a key id that is not in a fresh set
	late    chan struct{} // closed when patience ends
	done    chan struct{} // closed when the fetch has ended and its outcome is held
	err     error         // why it failed, once done
}

// begin starts a fetch, unless there is one, which it returns instead. It returns nil when a fetch has ended since the
// caller looked at h.
func (s *Source) begin(ctx context.Context, h *held, unknown bool) *flight {
	f := &flight{unknown: unknown, late: make(chan struct{}), done: make(chan struct{})}
	if !s.flight.CompareAndSwap(nil, f) {
		return s.flight.Load()
	}
	if now := s.held.Load(); now != h {
		f.err = now.err
		s.flight.Store(nil)
		close(f.done)
		return nil
	}
	// The fetch is everybody's: it does not end with the request that happened to begin it.
	go s.fly(context.WithoutCancel(ctx), f)
	return f
}

func (s *Source) fly(ctx context.Context, f *flight) {
	alarm := time.AfterFunc(patience, func() { close(f.late) })
	limited, cancel := context.WithTimeout(ctx, s.config.Timeout)
	began := s.now()
	got, err := s.fetcher.fetch(limited, began)
	cancel()
	now, before := s.now(), s.held.Load()
	var next *held
	if err != nil {
		f.err = s.config.unavailable(err)
		next = before.failed(&s.config, f.err, now)
	} else {
		next = before.renewed(&s.config, got, began, now, f.unknown)
	}
	// In this order: whoever finds no flight finds its outcome, and the hook is never called twice at a time.
	s.held.Store(next)
	if s.config.OnRefresh != nil {
		s.config.OnRefresh(ctx, Refresh{Took: now - began, Keys: next.keys(now), Err: err})
	}
	alarm.Stop()
	s.flight.Store(nil)
	close(f.done)
}

// wait waits until the flight is done and says so, or returns false: it takes too long, too many wait
// already, or the caller has gone.
func (s *Source) wait(ctx context.Context, f *flight) bool {
	defer s.waiting.Add(-1)
	if s.waiting.Add(1) > maxWaiting {
		return false
	}
	select {
	case <-f.done:
		return true
	case <-f.late:
		return false
	case <-ctx.Done():
		return false
	}
}
