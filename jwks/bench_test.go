package jwks_test

import (
	"context"
	"strconv"
	"testing"

	"github.com/durward-auth/durward"
)

// BenchmarkLookup is what every verification pays, cached tokens included.
func BenchmarkLookup(b *testing.B) {
	for _, keys := range []int{1, 3, 20} {
		b.Run(strconv.Itoa(keys), func(b *testing.B) {
			var all []*durward.SigningKey
			for i := range keys {
				all = append(all, newKey(b, "2026-11-22T17:00:0"+strconv.Itoa(i)))
			}
			s := newRemote(all...).source(b)
			id := all[keys-1].ID()
			found(b, s, id)
			ctx := context.Background()
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Lookup(ctx, durward.ES256, id); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkLookupParallel(b *testing.B) {
	s := newRemote(newKey(b, "a")).source(b)
	found(b, s, "a")
	ctx := context.Background()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := s.Lookup(ctx, durward.ES256, "a"); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// BenchmarkLookupUnknown is what a flood of made-up key ids costs.
func BenchmarkLookupUnknown(b *testing.B) {
	s := newRemote(newKey(b, "a")).source(b)
	found(b, s, "a")
	missing(b, s, "b", durward.ErrTokenKey)
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Lookup(ctx, durward.ES256, "made-up"); err == nil {
			b.Fatal("found a key that is not there")
		}
	}
}

func TestALookUpAllocatesNothing(t *testing.T) {
	s := newRemote(newKey(t, "a")).source(t)
	found(t, s, "a")
	missing(t, s, "b", durward.ErrTokenKey)
	ctx := context.Background()
	for _, id := range []string{"a", "b"} {
		if got := testing.AllocsPerRun(1000, func() { _, _ = s.Lookup(ctx, durward.ES256, id) }); got != 0 {
			t.Errorf("look up %q: got %v allocations, want none", id, got)
		}
	}
}
