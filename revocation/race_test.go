package revocation_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/durward-auth/durward/revocation"
)

// Writers add lasting and passing entries while others sweep, count and read:
// a lasting entry is found by everybody from the moment that its Add returned,
// and what nobody revoked is never found.
func TestSetUnderConcurrentUse(t *testing.T) {
	const writers, each = 4, 5000
	set, clock := newSet()
	var added [writers]atomic.Uint64
	var writing, others sync.WaitGroup
	done := make(chan struct{})
	for w := range uint64(writers) {
		writing.Go(func() {
			for i := range uint64(each) {
				set.Add(
					revocation.Entry{Kind: revocation.Session, ID: id(10+w, i), ExpiresAt: in(1000 * time.Hour)},
					revocation.Entry{Kind: revocation.Session, ID: id(20+w, i), ExpiresAt: clock.now().Add(time.Second)},
				)
				added[w].Store(i + 1)
			}
		})
	}
	repeat := func(act func(n uint64)) {
		others.Go(func() {
			for n := uint64(0); ; n++ {
				act(n)
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	for r := range uint64(2) {
		repeat(func(n uint64) {
			w := (n + r) % writers
			if have := added[w].Load(); have > 0 {
				want := id(10+w, mix(n)%have)
				if kind, ok := set.Revoked("", want, "", "", 0); !ok || kind != revocation.Session {
					t.Errorf("%s was added: got %v, %v, want sid", want, kind, ok)
				}
			}
			if _, ok := set.Revoked("", id(99, n), "", "", 0); ok {
				t.Errorf("%s was never added: got revoked", id(99, n))
			}
		})
	}
	repeat(func(uint64) { clock.advance(time.Second); set.Sweep() })
	repeat(func(uint64) {
		before := uint64(0)
		for w := range added {
			before += added[w].Load()
		}
		if got := uint64(set.Len()); got < before {
			t.Errorf("Len: got %d, want at least the %d that last", got, before)
		}
	})
	writing.Wait()
	close(done)
	others.Wait()
	clock.advance(time.Hour)
	set.Sweep()
	if got, want := set.Len(), writers*each; got != want {
		t.Errorf("Len: got %d, want %d", got, want)
	}
}
