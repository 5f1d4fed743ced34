package httpapi_test

import (
	"context"
	"sync"
	"time"

	"github.com/durward-auth/durward/revocation"
	"github.com/durward-auth/durward/server/internal/feed"
)

const maxStreams = 8

// fakeFeed is a feed.Store in memory.
type fakeFeed struct {
	mu      sync.Mutex
	entries []feed.Entry
	end     int64
	broken  error
	reads   int
	places  int64 // StatusEnd
	marks   []int64
	built   int
	kick    chan struct{}
}

func newFakeFeed() *fakeFeed { return &fakeFeed{kick: make(chan struct{}, 1)} }

// revoke stores entries as one commit.
func (f *fakeFeed) revoke(entries ...revocation.Entry) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range entries {
		f.end++
		f.entries = append(f.entries, feed.Entry{Entry: e, Seq: f.end})
	}
	select {
	case f.kick <- struct{}{}:
	default:
	}
}

func (f *fakeFeed) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.broken, f.reads = err, 0
}

// tried is how often the store was read since it was broken or mended.
func (f *fakeFeed) tried() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.reads
}

func (f *fakeFeed) RevocationEpoch(context.Context) (string, error) { return "epoch", nil }

func (f *fakeFeed) RevocationEnd(context.Context) (int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.end, f.broken
}

func (f *fakeFeed) Revocations(_ context.Context, after, through int64, limit int) ([]feed.Entry, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.reads++
	if f.broken != nil {
		return nil, f.broken
	}
	var found []feed.Entry
	for _, e := range f.entries[min(after, f.end):] {
		if e.Seq <= through && len(found) < limit {
			found = append(found, e)
		}
	}
	return found, nil
}

// mark marks places, and revokes something, as one commit.
func (f *fakeFeed) mark(e revocation.Entry, places ...int64) {
	f.mu.Lock()
	f.marks = append(f.marks, places...)
	f.mu.Unlock()
	f.revoke(e)
}

func (f *fakeFeed) StatusEnd(context.Context) (int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.places, f.broken
}

func (f *fakeFeed) StatusMarks(_ context.Context, first, end int64, _ time.Time) ([]int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.built++
	var found []int64
	for _, place := range f.marks {
		if first <= place && place < end {
			found = append(found, place)
		}
	}
	return found, f.broken
}
