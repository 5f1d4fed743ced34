package feed_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/durward-auth/durward/revocation"
	"github.com/durward-auth/durward/server/internal/feed"
)

// history is a store that holds so many entries.
type history int64

func (history) RevocationEpoch(context.Context) (string, error) { return "epoch", nil }

func (h history) RevocationEnd(context.Context) (int64, error) { return int64(h), nil }

func (h history) Revocations(_ context.Context, after, through int64, limit int) ([]feed.Entry, error) {
	var found []feed.Entry
	for seq := after + 1; seq <= min(through, int64(h)) && len(found) < limit; seq++ {
		entry := revocation.Entry{Kind: revocation.Session, ID: fmt.Sprintf("session-%020d", seq), ExpiresAt: time.Now().Add(time.Hour)}
		found = append(found, feed.Entry{Entry: entry, Seq: seq})
	}
	return found, nil
}

// Thousands of verifiers may come back at once from far behind: what they miss must not be in memory once for each, nor may the
// hub be locked while it is encoded.
func TestWhoIsFarBehindGetsOneFrameAfterTheOther(t *testing.T) {
	const entries = 8000
	hub, err := feed.Open(t.Context(), feed.Config{Store: history(entries), Revoked: revocation.NewSet(nil), Clock: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	if err := hub.Begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	gone := errors.New("gone")
	follow := func(frames int) (written []byte) {
		err := hub.Follow(t.Context(), revocation.Cursor{Epoch: "epoch"}, feed.Follower{
			Write: func(part []byte) error {
				written = append(written, part...)
				if frames--; frames < 0 {
					return gone
				}
				return nil
			},
			Expired: func() string { return "" },
		})
		if err != nil {
			t.Fatal(err)
		}
		return written
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	follow(1) // the opening, and a frame that cannot be sent
	runtime.ReadMemStats(&after)
	if got, most := after.TotalAlloc-before.TotalAlloc, uint64(2<<20); got > most {
		t.Errorf("the first frame took %d bytes of memory, want at most %d", got, most)
	}

	const frames = (entries + revocation.MaxBatch - 1) / revocation.MaxBatch
	text := follow(frames + 1) // the opening and the frames; the heartbeat cannot be sent
	for _, last := range []int64{1, revocation.MaxBatch, revocation.MaxBatch + 1, entries} {
		if want := fmt.Appendf(nil, `"session-%020d"`, last); !bytes.Contains(text, want) {
			t.Errorf("the entry %d was not sent", last)
		}
	}
}
