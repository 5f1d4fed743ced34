package feed

import (
	"context"
	"math"

	"github.com/durward-auth/durward/revocation"
)

// Snapshot writes what was revoked after the cursor as the JSON text of a [revocation.Snapshot], in pieces. Errors of the
// store before the first piece leave nothing written.
func (h *Hub) Snapshot(ctx context.Context, after revocation.Cursor, write func([]byte) error) error {
	end, err := h.config.Store.RevocationEnd(ctx)
	if err != nil {
		return err
	}
	place, reset := int64(0), true
	if after.Epoch == h.epoch && after.Seq <= uint64(end) {
		place, reset = int64(after.Seq), false
	}
	b := []byte(`{`)
	if reset {
		b = append(b, `"reset":true,`...)
	}
	b = append(b, `"entries":[`...)
	some := false
	for {
		// An entry that is stored again meanwhile moves to the end, where it is found: hence no upper bound.
		entries, err := h.config.Store.Revocations(ctx, place, math.MaxInt64, page)
		if err != nil {
			return err
		}
		if len(entries) > 0 {
			place = entries[len(entries)-1].Seq
		}
		if live := unexpired(entries, h.config.Clock()); len(live) > 0 {
			if some {
				b = append(b, ',')
			}
			array := revocation.AppendEntries(nil, bare(live))
			b = append(b, array[1:len(array)-1]...)
			some = true
		}
		if len(entries) < page {
			break
		}
		if err := write(b); err != nil {
			return err
		}
		b = b[:0]
	}
	b = append(b, `],"cursor":"`...)
	b = append(b, h.cursor(max(place, end)).String()...)
	return write(append(b, "\"}\n"...))
}
