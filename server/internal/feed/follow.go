package feed

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/durward-auth/durward/revocation"
)

// Follower is somebody who reads a stream.
type Follower struct {
	// Holder is who reads. While there is no room for all, those who have the most streams give way.
	Holder string
	// Write sends a part of the stream. After an error nothing more is written.
	Write func([]byte) error
	// Expired is asked before each part whether the follower may still read: a reason of package revocation, or "".
	Expired func() string
	// Timer receives when Expired should be asked again. It may be nil.
	Timer <-chan time.Time
}

// opening asks browsers' readers, and ours, to come back after a second.
const opening = "retry: 1000\n\n"

// Follow writes what was revoked after the cursor, and everything that is revoked later, until ctx ends, the follower goes
// or the hub lets go of it; then it returns nil. The zero Cursor, and one that means nothing here, begin with a
// reset and everything. It returns ErrDraining or ErrFull, or an error of the store, before anything is written; what
// goes wrong later ends the stream, and the follower comes back with its cursor.
func (h *Hub) Follow(ctx context.Context, after revocation.Cursor, f Follower) error {
	seat, err := h.admit(f.Holder)
	if err != nil {
		return err
	}
	defer h.vacate(seat)
	place, reset, err := h.place(ctx, after)
	if err != nil {
		return err
	}
	begin := []byte(opening)
	if reset {
		begin = revocation.ResetEvent().AppendTo(begin)
	}
	if err := f.Write(begin); err != nil {
		return nil
	}
	s, err := h.catchUp(ctx, seat, place, f)
	if errors.Is(err, ErrDraining) {
		f.end(revocation.EndDraining)
	}
	if err != nil {
		return nil
	}
	defer h.leave(s)
	h.live(ctx, s, f)
	return nil
}

// place is where a follower begins, and whether it must forget what it knows.
func (h *Hub) place(ctx context.Context, after revocation.Cursor) (place int64, reset bool, err error) {
	if after.Epoch != h.epoch || after.Seq > math.MaxInt64 {
		return 0, true, nil
	}
	if int64(after.Seq) > h.position() { // another replica may know more
		if err := h.Read(ctx); err != nil {
			return 0, false, err
		}
	}
	if int64(after.Seq) > h.position() {
		return 0, true, nil
	}
	return int64(after.Seq), false, nil
}

// catchUp writes what was missed, and joins the hub where it ends.
func (h *Hub) catchUp(ctx context.Context, seat *seat, place int64, f Follower) (*Stream, error) {
	for {
		s, first, missing, through, err := h.join(seat, place)
		if err != nil {
			return nil, err
		}
		if s != nil {
			for _, frame := range first {
				if err := h.write(frame, f); err != nil {
					h.leave(s)
					return nil, err
				}
			}
			return s, nil
		}
		for batch := range slices.Chunk(missing, revocation.MaxBatch) {
			place = batch[len(batch)-1].Seq
			if live := unexpired(batch, h.config.Clock()); len(live) > 0 {
				if err := h.write(h.encode(live, place), f); err != nil {
					return nil, err
				}
			}
		}
		for place < through {
			entries, err := h.config.Store.Revocations(ctx, place, through, revocation.MaxBatch)
			if err != nil {
				return nil, fmt.Errorf("catch up: %w", err)
			}
			if len(entries) < revocation.MaxBatch {
				place = through
			} else {
				place = entries[len(entries)-1].Seq
			}
			if live := unexpired(entries, h.config.Clock()); len(live) > 0 {
				if err := h.write(h.encode(live, place), f); err != nil {
					return nil, err
				}
			}
		}
	}
}

// live writes what comes.
func (h *Hub) live(ctx context.Context, s *Stream, f Follower) {
	for {
		select {
		case frame := <-s.frames:
			if h.write(frame, f) != nil {
				return
			}
		case <-s.ended:
			f.end(s.reason)
			return
		case <-f.Timer:
			if reason := f.Expired(); reason != "" {
				f.end(reason)
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

var errExpired = errors.New("the follower may not read any more")

// write sends a frame. Whose access token was revoked gets the frame that may say so, and no other: when a key is revoked that signed
// the tokens of all followers, they learn it before they come back with other tokens.
func (h *Hub) write(frame Frame, f Follower) error {
	reason := f.Expired()
	if reason == "" || reason == revocation.EndRevoked {
		if err := f.Write(frame.text); err != nil {
			return err
		}
		h.counts.sent.Add(int64(frame.entries))
	}
	if reason != "" {
		f.end(reason)
		return errExpired
	}
	return nil
}

func (f Follower) end(reason string) {
	_ = f.Write(revocation.EndEvent(reason).AppendTo(nil)) // who does not read it learns it from the end of the stream
}
