package jwks_test

import (
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/jwks"
)

// At once: 10,000 tokens with key ids that somebody made up.
func TestE01UnknownKeyIDsCauseOneFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newRemote(newKey(t, "a"))
		s := issuer.source(t)
		found(t, s, "a")
		for i := range 10_000 {
			missing(t, s, fmt.Sprint("made-up-", i), durward.ErrTokenKey)
			found(t, s, "a")
		}
		if n := issuer.fetches(); n != 2 {
			t.Errorf("got %d fetches, want one for the set and one for all unknown key ids", n)
		}
	})
}

// For ten minutes: never more than one fetch in a cool-down, whatever the issuer does.
func TestE01NoMoreThanOneFetchInACoolDown(t *testing.T) {
	for name, c := range map[string]struct {
		behave func(*http.Request) (*http.Response, error)
		want   error
	}{
		"an issuer that works":                  {nil, durward.ErrTokenKey},
		"an issuer that hangs":                  {hang, durward.ErrUnavailable},
		"an issuer that is down, tilegroxy#883": {down, durward.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var mu sync.Mutex
				var ends []time.Time
				issuer := newRemote(newKey(t, "a"))
				s := issuer.source(t, func(c *jwks.Config) { c.RefreshEvery = time.Hour })
				found(t, s, "a")
				issuer.fail(func(q *http.Request) (*http.Response, error) {
					mu.Lock()
					ends = append(ends, time.Now())
					mu.Unlock()
					if c.behave == nil {
						return issuer.slow(0)(q)
					}
					return c.behave(q)
				})
				for i := range 10_000 {
					time.Sleep(60 * time.Millisecond)
					if _, err := s.Lookup(t.Context(), durward.ES256, fmt.Sprint("made-up-", i)); i > 0 && !errors.Is(err, c.want) {
						t.Fatalf("got %v, want %v", err, c.want)
					}
					found(t, s, "a")
				}
				time.Sleep(5 * time.Second) // the fetch that may be under way
				mu.Lock()
				defer mu.Unlock()
				if n := len(ends); n < 6 || n > 11 {
					t.Errorf("got %d fetches in ten minutes, want 6 to 11", n)
				}
				for i := range ends[1:] {
					if gap := ends[i+1].Sub(ends[i]); gap < time.Minute {
						t.Errorf("got two fetches within %v, want a cool-down of a minute", gap)
					}
				}
			})
		})
	}
}

// cosmo#2216: random key ids blocked every request, for minutes.
func TestCosmo2216UnknownKeyIDsDelayNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newRemote(newKey(t, "a"))
		s := issuer.source(t)
		found(t, s, "a")
		issuer.fail(hang)
		begin := time.Now()
		var unknown atomic.Int64
		var group sync.WaitGroup
		for i := range 5000 {
			group.Go(func() {
				if _, err := s.Lookup(t.Context(), durward.ES256, fmt.Sprint("made-up-", i)); !errors.Is(err, durward.ErrUnavailable) {
					t.Errorf("got %v while the fetch hangs, want %v", err, durward.ErrUnavailable)
				}
				unknown.Add(1)
				if waited := time.Since(begin); waited > 2*time.Second {
					t.Errorf("an unknown key id waited %v, want at most 2s", waited)
				}
			})
		}
		synctest.Wait()
		if n := unknown.Load(); n != 4000 {
			t.Errorf("%d of 5000 unknown key ids were answered at once, want 4000: no more than 1000 wait", n)
		}
		for range 10_000 {
			found(t, s, "a")
		}
		if waited := time.Since(begin); waited != 0 {
			t.Errorf("known keys waited %v, want no wait", waited)
		}
		group.Wait()
		begin = time.Now()
		missing(t, s, "made-up", durward.ErrUnavailable)
		if waited := time.Since(begin); waited != 0 {
			t.Errorf("waited %v for a fetch that is late already, want no wait", waited)
		}
		time.Sleep(5 * time.Second) // the fetch gives up
	})
}

// openfga#3099: a key that appeared between two refreshes was never looked for.
func TestOpenfga3099ANewKeyIsFoundBetweenRefreshes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newRemote(newKey(t, "a"))
		s := issuer.source(t)
		found(t, s, "a")
		for i := range 3 {
			id := fmt.Sprint("new-", i)
			issuer.publish(newKey(t, id))
			found(t, s, id)
			time.Sleep(75 * time.Second) // the longest cool-down
		}
	})
}

// spring-security#18196: while the key set could not be had, good tokens were answered with 401.
func TestSpring18196AnOutageRefusesNoToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newRemote(newKey(t, "a"))
		issuer.fail(down)
		s := issuer.source(t)
		missing(t, s, "a", durward.ErrUnavailable)
		issuer.fail(nil)
		time.Sleep(1250 * time.Millisecond)
		found(t, s, "a")
		issuer.fail(down)
		// A day and a lifetime long.
		for range 24 * 60 {
			time.Sleep(time.Minute)
			found(t, s, "a")
		}
		missing(t, s, "b", durward.ErrUnavailable) // it may have been published meanwhile
		time.Sleep(6 * time.Minute)
		missing(t, s, "a", durward.ErrUnavailable) // too old to be relied on
		issuer.fail(nil)
		time.Sleep(75 * time.Second)
		found(t, s, "a")
		missing(t, s, "b", durward.ErrTokenKey)
	})
}

func TestWithoutKeysItIsTriedSooner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newRemote(newKey(t, "a"))
		issuer.fail(down)
		s := issuer.source(t)
		for range 30_000 {
			missing(t, s, "a", durward.ErrUnavailable)
			time.Sleep(10 * time.Millisecond)
		}
		// After 1, 3, 7, 15, 31 and 63 seconds, and then after every minute, or a quarter more.
		if n := issuer.fetches(); n < 9 || n > 11 {
			t.Errorf("got %d fetches in five minutes without any keys, want 9 to 11", n)
		}
		issuer.fail(nil)
		time.Sleep(75 * time.Second)
		found(t, s, "a")
	})
}

func TestMaxStaleNegativeUsesNoOldSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newRemote(newKey(t, "a"))
		s := issuer.source(t, func(c *jwks.Config) { c.MaxStale = -1 })
		found(t, s, "a")
		issuer.fail(down)
		time.Sleep(5*time.Minute - time.Nanosecond)
		found(t, s, "a")
		time.Sleep(time.Nanosecond)
		missing(t, s, "a", durward.ErrUnavailable)
	})
}

func TestOneFetchAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newRemote(newKey(t, "a"))
		issuer.fail(issuer.slow(time.Second))
		s := issuer.source(t)
		var group sync.WaitGroup
		for range 500 {
			group.Go(func() { found(t, s, "a") })
			group.Go(func() {
				if err := s.Refresh(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if n := issuer.fetches(); n != 1 {
			t.Errorf("got %d fetches for 1000 requests at once, want 1", n)
		}
	})
}

func TestLookUpsRaceWithRefreshes(t *testing.T) {
	issuer := newRemote(newKey(t, "a"))
	s := issuer.source(t)
	found(t, s, "a")
	first := found(t, s, "a")
	var group sync.WaitGroup
	var stop atomic.Bool
	for worker := range 4 {
		group.Go(func() {
			for i := 0; !stop.Load(); i++ {
				if got, err := s.Lookup(t.Context(), durward.ES256, "a"); err != nil || got != first {
					t.Errorf("got %v, %v, want the key all the time", got, err)
					return
				}
				if _, err := s.Lookup(t.Context(), durward.ES256, fmt.Sprint(worker, "-", i)); !errors.Is(err, durward.ErrTokenKey) {
					t.Errorf("got %v, want %v", err, durward.ErrTokenKey)
					return
				}
			}
		})
	}
	for range 200 {
		if err := s.Refresh(t.Context()); err != nil {
			t.Error(err)
		}
	}
	stop.Store(true)
	group.Wait()
}

func TestUnknownKeyIDsTakeNoMemory(t *testing.T) {
	issuer := newRemote(newKey(t, "a"))
	s := issuer.source(t)
	found(t, s, "a")
	missing(t, s, "b", durward.ErrTokenKey)
	used := func() int64 {
		runtime.GC()
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		return int64(stats.HeapAlloc)
	}
	before := used()
	for i := range 20_000 {
		missing(t, s, fmt.Sprintf("made-up-%0100d", i), durward.ErrTokenKey)
	}
	if grown := used() - before; grown > 256<<10 {
		t.Errorf("20,000 unknown key ids left %d KiB behind, want next to nothing", grown>>10)
	}
	runtime.KeepAlive(s)
}

func TestNoGoroutineIsLeft(t *testing.T) {
	before := runtime.NumGoroutine()
	issuer := serve(t, newKey(t, "a"))
	s := newSource(t, jwks.Config{URL: issuer.URL + "/keys"})
	for range 5 {
		if err := s.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	found(t, s, "a")
	issuer.Close()
	eventually(t, func() bool { return runtime.NumGoroutine() <= before })
}
