package feed

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/durward-auth/durward/revocation"
)

const (
	// pollEvery is how soon what other processes on the same data revoke is noticed. What this process revokes is read at once.
	pollEvery = 100 * time.Millisecond

	// page is how many entries are read from the store at once.
	page = 2048

	// Frames are sent at most once in frameGap, which grows with the number of streams, so that writing to all of them takes a
	// bounded part of the processors whatever is revoked.
	frameGap      = 25 * time.Millisecond
	gapPerStream  = 50 * time.Microsecond
	largestGap    = 250 * time.Millisecond
	recentEntries = 8192
)

var (
	// ErrDraining says that the server is stopping.
	ErrDraining = errors.New("the feed is ending")

	// ErrFull says that as many streams are open as may be.
	ErrFull = errors.New("too many streams are open")
)

// Config is what a Hub works with. Store, Revoked and Clock are required.
type Config struct {
	Store   Store
	Revoked *revocation.Set // gets every entry
	// Kick receives when there may be something to read before the next poll.
	Kick <-chan struct{}
	// MaxStreams bounds the streams that are open at once. The default is 4096.
	MaxStreams int
	Clock      func() time.Time
}

// Hub reads what is revoked, in order, and gives it to the streams that are open. It is safe for concurrent use.
type Hub struct {
	config Config
	epoch  string

	reading sync.Mutex // held by whoever reads the store
	counts  counts

	mu       sync.Mutex
	seq      int64 // everything up to here is in the set and was given to every stream
	recent   []Entry
	known    int64     // everything above here, up to seq, is in recent
	readAt   time.Time // when the last reading that succeeded began
	streams  map[*Stream]struct{}
	seats    map[string]int // of each holder
	draining bool
	changed  chan struct{} // closed and replaced when seq moves
}

// Open reads what is revoked already.
func Open(ctx context.Context, c Config) (*Hub, error) {
	if c.MaxStreams <= 0 {
		c.MaxStreams = 4096
	}
	end, err := c.Store.RevocationEnd(ctx)
	if err != nil {
		return nil, err
	}
	h := &Hub{config: c, streams: map[*Stream]struct{}{}, seats: map[string]int{}, changed: make(chan struct{})}
	if err := h.Read(ctx); err != nil {
		return nil, err
	}
	if end > h.seq { // what was last has been swept
		h.recent, h.known, h.seq = nil, end, end
	}
	return h, nil
}

// Begin names the history of the database, which makes the hub ready to be followed.
func (h *Hub) Begin(ctx context.Context) (err error) {
	h.epoch, err = h.config.Store.RevocationEpoch(ctx)
	return err
}

// Run reads until ctx ends. failed is called with each error of the store; it is tried again at the next turn.
func (h *Hub) Run(ctx context.Context, failed func(error)) {
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	heartbeat := time.NewTicker(revocation.HeartbeatEvery)
	defer heartbeat.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-heartbeat.C:
			h.beat()
			continue
		case <-poll.C:
		case <-h.config.Kick:
		}
		moved, err := h.read(ctx)
		if err != nil {
			if ctx.Err() == nil {
				failed(err)
			}
			continue
		}
		if moved && !h.pause(ctx) {
			return
		}
	}
}

// pause lets what is revoked next gather for the frame after this one.
func (h *Hub) pause(ctx context.Context) bool {
	h.mu.Lock()
	gap := min(frameGap+time.Duration(len(h.streams))*gapPerStream, largestGap)
	h.mu.Unlock()
	timer := time.NewTimer(gap)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Read takes over what was stored since the last time.
func (h *Hub) Read(ctx context.Context) error {
	_, err := h.read(ctx)
	return err
}

func (h *Hub) read(ctx context.Context) (moved bool, err error) {
	h.reading.Lock()
	defer h.reading.Unlock()
	for {
		begun := h.config.Clock()
		entries, err := h.config.Store.Revocations(ctx, h.position(), math.MaxInt64, page)
		if err != nil {
			return moved, fmt.Errorf("read revocations: %w", err)
		}
		h.take(entries, begun, len(entries) < page)
		moved = moved || len(entries) > 0
		if len(entries) < page {
			return moved, nil
		}
	}
}

// take adds entries to the set, then tells the streams.
func (h *Hub) take(entries []Entry, begun time.Time, last bool) {
	for _, e := range entries {
		h.config.Revoked.Add(e.Entry)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if last {
		h.readAt = begun
	}
	if len(entries) == 0 {
		return
	}
	h.seq = entries[len(entries)-1].Seq
	close(h.changed)
	h.changed = make(chan struct{})
	h.recent = append(h.recent, entries...)
	if surplus := len(h.recent) - recentEntries; surplus > recentEntries {
		h.known = h.recent[surplus-1].Seq
		h.recent = append([]Entry(nil), h.recent[surplus:]...)
	}
	if len(h.streams) == 0 {
		return
	}
	live := unexpired(entries, begun)
	for len(live) > 0 {
		n := min(len(live), revocation.MaxBatch)
		frame := h.frame(live[:n], n == len(live))
		live = live[n:]
		for s := range h.streams {
			h.give(s, frame)
		}
	}
}

// frame encodes a batch once for every stream. The cursor of the last stands at the end of everything.
func (h *Hub) frame(entries []Entry, last bool) Frame {
	at := entries[len(entries)-1].Seq
	if last {
		at = h.seq
	}
	return h.encode(entries, at)
}

// give queues a frame without waiting: a stream that has no room is cut off, and comes back with its cursor.
func (h *Hub) give(s *Stream, f Frame) {
	select {
	case s.frames <- f:
	default:
		h.counts.slow.Add(1)
		h.remove(s, revocation.EndSlow)
	}
}

// beat sends a heartbeat while the store can be read.
func (h *Hub) beat() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.streams) == 0 || !h.fresh(h.config.Clock()) {
		return
	}
	frame := h.heartbeat()
	for s := range h.streams {
		h.give(s, frame)
	}
}

// fresh says whether the store was read within the interval of heartbeats. The caller has locked the hub.
func (h *Hub) fresh(now time.Time) bool {
	return !h.readAt.IsZero() && now.Sub(h.readAt) <= revocation.HeartbeatEvery
}

func (h *Hub) heartbeat() Frame {
	return Frame{text: revocation.HeartbeatEvent(h.cursor(h.seq), h.readAt).AppendTo(nil)}
}

// Drain ends every stream, and lets no other begin.
func (h *Hub) Drain() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.draining = true
	for s := range h.streams {
		h.remove(s, revocation.EndDraining)
	}
}

// Changed returns the place of the feed, and a channel that is closed when it has moved.
func (h *Hub) Changed() (int64, <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.seq, h.changed
}

func (h *Hub) position() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.seq
}

func (h *Hub) cursor(seq int64) revocation.Cursor {
	return revocation.Cursor{Epoch: h.epoch, Seq: uint64(seq)}
}

// unexpired are the entries that can still match a token.
func unexpired(entries []Entry, now time.Time) []Entry {
	live := entries[:0:0]
	for _, e := range entries {
		if e.ExpiresAt.IsZero() || e.ExpiresAt.After(now) {
			live = append(live, e)
		}
	}
	return live
}
