package feed

import (
	"cmp"
	"slices"
	"sync/atomic"

	"github.com/durward-auth/durward/revocation"
)

// queued is how many frames may wait for a stream before it is cut off: some seconds of them.
const queued = 64

// Frame is a part of a stream, encoded once for all that get it.
type Frame struct {
	text    []byte
	entries int
}

// Stream is one verifier that is up to date and gets what comes.
type Stream struct {
	frames chan Frame
	ended  chan struct{} // closed when the hub has let go of it
	reason string        // why; read it after ended
	seat   *seat
}

// seat is the place of one of those who follow, up to date or not. The hub's mu guards it.
type seat struct {
	holder string
	vacant bool
}

// counts are what the metrics tell.
type counts struct{ open, sent, slow atomic.Int64 }

// Open is how many streams are open.
func (h *Hub) Open() int64 { return h.counts.open.Load() }

// Sent is how many entries were sent, to all streams together.
func (h *Hub) Sent() int64 { return h.counts.sent.Load() }

// Slow is how many streams were cut off because they did not keep up.
func (h *Hub) Slow() int64 { return h.counts.slow.Load() }

// admit counts a stream that begins, or refuses it.
func (h *Hub) admit(holder string) (*seat, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.draining {
		return nil, ErrDraining
	}
	if h.counts.open.Load() >= int64(h.config.MaxStreams) && !h.makeRoom(holder) {
		return nil, ErrFull
	}
	h.counts.open.Add(1)
	h.seats[holder]++
	return &seat{holder: holder}, nil
}

// makeRoom ends a stream of whoever has the most, if that is still no fewer than the newcomer has then: one client cannot keep
// the others out, and nobody is sent to and fro. The caller has locked the hub.
func (h *Hub) makeRoom(newcomer string) bool {
	most := newcomer
	for holder, n := range h.seats {
		if n > h.seats[most] {
			most = holder
		}
	}
	if h.seats[most] <= h.seats[newcomer]+1 {
		return false
	}
	for s := range h.streams {
		if s.seat.holder == most {
			h.remove(s, revocation.EndBusy)
			h.free(s.seat)
			return true
		}
	}
	return false
}

func (h *Hub) vacate(s *seat) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.free(s)
}

// free gives a seat back, once. The caller has locked the hub.
func (h *Hub) free(s *seat) {
	if s.vacant {
		return
	}
	s.vacant = true
	h.counts.open.Add(-1)
	if h.seats[s.holder]--; h.seats[s.holder] == 0 {
		delete(h.seats, s.holder)
	}
}

// join makes a stream of somebody who knows everything up to a place, and returns the frames to send first. It
// returns no stream when more than one frame is missing, so that nobody waits while many come back from far behind: then
// missing is to be sent or, when it is not remembered here, what the store has up to the end that is returned.
func (h *Hub) join(seat *seat, place int64) (s *Stream, first []Frame, missing []Entry, through int64, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.draining {
		return nil, nil, nil, 0, ErrDraining
	}
	if place < h.known {
		return nil, nil, nil, h.known, nil
	}
	from, _ := slices.BinarySearchFunc(h.recent, place+1, func(e Entry, seq int64) int { return cmp.Compare(e.Seq, seq) })
	if missing = h.recent[from:]; len(missing) > revocation.MaxBatch {
		return nil, nil, missing, h.seq, nil // what is in recent is never changed, but added to
	}
	now := h.config.Clock()
	if live := unexpired(missing, now); len(live) > 0 {
		first = append(first, h.frame(live, true))
	}
	if h.fresh(now) {
		first = append(first, h.heartbeat())
	}
	s = &Stream{frames: make(chan Frame, queued), ended: make(chan struct{}), seat: seat}
	h.streams[s] = struct{}{}
	return s, first, nil, h.seq, nil
}

// leave lets go of a stream that has hung up.
func (h *Hub) leave(s *Stream) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.streams, s)
}

// remove ends a stream. The caller has locked the hub.
func (h *Hub) remove(s *Stream, reason string) {
	delete(h.streams, s)
	s.reason = reason
	close(s.ended)
}

// encode makes the frame of a batch. The cursor stands after it.
func (h *Hub) encode(entries []Entry, seq int64) Frame {
	return Frame{text: revocation.RevokeEvent(h.cursor(seq), bare(entries)).AppendTo(nil), entries: len(entries)}
}

func bare(entries []Entry) []revocation.Entry {
	list := make([]revocation.Entry, len(entries))
	for i, e := range entries {
		list[i] = e.Entry
	}
	return list
}
