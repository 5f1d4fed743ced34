package jwks_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/jwks"
)

func TestKeysAreFetchedWhenTheyAreFirstNeeded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newRemote(newKey(t, "a"), newKey(t, "b"))
		s := issuer.source(t)
		if n := issuer.fetches(); n != 0 {
			t.Errorf("got %d fetches before the first look-up, want none", n)
		}
		found(t, s, "a")
		found(t, s, "b")
		missing(t, s, "", durward.ErrTokenKey)
		if _, err := s.Lookup(t.Context(), durward.EdDSA, "a"); !errors.Is(err, durward.ErrTokenKey) {
			t.Errorf("got %v for another algorithm, want %v", err, durward.ErrTokenKey)
		}
		// One for the first look-up, one for the unknown key id.
		if n := issuer.fetches(); n != 2 {
			t.Errorf("got %d fetches, want 2", n)
		}
	})
}

func TestE03ARemovedKeyIsGone(t *testing.T) {
	for name, lookups := range map[string]time.Duration{
		"while tokens come all the time": time.Second,
		"after a pause":                  5 * time.Minute,
		"after a long pause":             time.Hour,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				old, fresh := newKey(t, "old"), newKey(t, "new")
				issuer := newRemote(old, fresh)
				s := issuer.source(t)
				found(t, s, "old")
				issuer.publish(fresh)
				for range 5 * time.Minute / lookups {
					time.Sleep(lookups)
					found(t, s, "new")
				}
				time.Sleep(lookups)
				missing(t, s, "old", durward.ErrTokenKey)
				found(t, s, "new")
			})
		})
	}
}

func TestASetIsRefreshedBeforeItGrowsOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newRemote(newKey(t, "a"))
		s := issuer.source(t)
		found(t, s, "a")
		issuer.fail(hang) // a fetch in the background delays nobody
		for range 600 {
			time.Sleep(time.Second)
			at := time.Now()
			found(t, s, "a")
			if waited := time.Since(at); waited != 0 {
				t.Fatalf("waited %v for a key that is there", waited)
			}
		}
		time.Sleep(5 * time.Second) // the fetch that may be under way
		// Within 600 s: one at 225 to 270 s, then one at least every 80 s, at most every 65.
		if n := issuer.fetches(); n < 4 || n > 8 {
			t.Errorf("got %d fetches in ten minutes with an issuer that hangs, want 4 to 8", n)
		}
	})
}

func TestTheIssuerSaysHowLongItsSetIsFresh(t *testing.T) {
	for name, c := range map[string]struct {
		header   http.Header
		from, to time.Duration // when the next fetch begins
	}{
		"nothing":               {nil, 225 * time.Second, 270 * time.Second},
		"max-age":               {http.Header{"Cache-Control": {"public, max-age=600"}}, 450 * time.Second, 540 * time.Second},
		"max-age, in two lines": {http.Header{"Cache-Control": {"public", "Max-Age=600"}}, 450 * time.Second, 540 * time.Second},
		"max-age, quoted":       {http.Header{"Cache-Control": {`max-age="600"`}}, 450 * time.Second, 540 * time.Second},
		"less what has passed":  {http.Header{"Cache-Control": {"max-age=900"}, "Age": {"300"}}, 450 * time.Second, 540 * time.Second},
		"too little":            {http.Header{"Cache-Control": {"max-age=0"}}, 45 * time.Second, 54 * time.Second},
		"too much":              {http.Header{"Cache-Control": {"max-age=86400"}}, 45 * time.Minute, 54 * time.Minute},
		"more than a number":    {http.Header{"Cache-Control": {"max-age=99999999999999999999"}}, 45 * time.Minute, 54 * time.Minute},
		"nonsense":              {http.Header{"Cache-Control": {"max-age=-5"}}, 225 * time.Second, 270 * time.Second},
		"a similar word":        {http.Header{"Cache-Control": {"s-maxage=600, x-max-age=600, max-age"}}, 225 * time.Second, 270 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				issuer := newRemote(newKey(t, "a"))
				issuer.header = c.header
				s := issuer.source(t)
				found(t, s, "a")
				time.Sleep(c.from - time.Nanosecond)
				found(t, s, "a")
				synctest.Wait()
				if n := issuer.fetches(); n != 1 {
					t.Errorf("got %d fetches before %v, want 1", n, c.from)
				}
				time.Sleep(c.to - c.from + time.Nanosecond)
				found(t, s, "a")
				synctest.Wait()
				if n := issuer.fetches(); n != 2 {
					t.Errorf("got %d fetches after %v, want 2", n, c.to)
				}
			})
		})
	}
}

func TestUnchangedKeysStayTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b, changed := newKey(t, "a"), newKey(t, "b"), newKey(t, "b")
		issuer := newRemote(a, b)
		s := issuer.source(t)
		firstA, firstB := found(t, s, "a"), found(t, s, "b")
		issuer.publish(newKey(t, "c"), changed, a)
		if err := s.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		if found(t, s, "a") != firstA {
			t.Error("the unchanged key is another object, want the same: its tokens are cached with it")
		}
		if found(t, s, "b") == firstB {
			t.Error("the changed key under the same id is the object of the old one")
		}
		found(t, s, "c")
	})
}

func TestAnUnchangedSetIsNotSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newRemote(newKey(t, "a"))
		issuer.header = http.Header{"Etag": {`"one"`}, "Cache-Control": {"max-age=120"}}
		s := issuer.source(t)
		first := found(t, s, "a")
		for range 3 {
			if err := s.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if found(t, s, "a") != first {
			t.Error("got another object for the unchanged key")
		}
		requests := issuer.to("/keys")
		for i, want := range []string{"", `"one"`, `"one"`, `"one"`} {
			if got := requests[i].Header.Get("If-None-Match"); got != want {
				t.Errorf("fetch %d: got If-None-Match %q, want %q", i, got, want)
			}
		}
		issuer.set(func() { issuer.header.Set("ETag", "unquoted\x7f") })
		for range 2 {
			if err := s.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if got := issuer.to("/keys")[5].Header.Get("If-None-Match"); got != "" {
			t.Errorf("got If-None-Match %q after a malformed ETag, want none", got)
		}
	})
}

func TestTheFetchDoesNotEndWithTheRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type key struct{}
		issuer := newRemote(newKey(t, "a"))
		issuer.fail(issuer.slow(time.Second))
		s := issuer.source(t)
		ctx, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "trace-1"))
		time.AfterFunc(100*time.Millisecond, cancel)
		at := time.Now()
		if _, err := s.Lookup(ctx, durward.ES256, "a"); !errors.Is(err, durward.ErrUnavailable) {
			t.Errorf("got %v for a request that has gone, want %v", err, durward.ErrUnavailable)
		}
		if waited := time.Since(at); waited != 100*time.Millisecond {
			t.Errorf("waited %v for a request that went after 100ms", waited)
		}
		found(t, s, "a") // from the fetch of the request that has gone
		requests := issuer.to("/keys")
		if len(requests) != 1 {
			t.Errorf("got %d fetches, want the one that was under way", len(requests))
		}
		if got := requests[0].Context().Value(key{}); got != "trace-1" {
			t.Errorf("got the value %v in the fetch's context, want trace-1", got)
		}
		if _, err := s.Lookup(canceled(t), durward.ES256, "a"); err != nil {
			t.Errorf("got %v for a known key and a request that has gone, want the key", err)
		}
	})
}

func TestRefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newRemote(newKey(t, "a"))
		issuer.fail(down)
		var told []jwks.Refresh
		s := issuer.source(t, func(c *jwks.Config) {
			c.OnRefresh = func(_ context.Context, r jwks.Refresh) { told = append(told, r) }
		})
		if err := s.Refresh(t.Context()); !errors.Is(err, durward.ErrUnavailable) || !errors.Is(err, errDown) {
			t.Errorf("got %v, want %v because of %v", err, durward.ErrUnavailable, errDown)
		}
		issuer.fail(issuer.slow(time.Second))
		if err := s.Refresh(t.Context()); err != nil {
			t.Errorf("got %v, want no cool-down for those who ask by name", err)
		}
		issuer.fail(hang)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.Refresh(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the end of the context", err)
		}
		if err := s.Refresh(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the outcome of the fetch under way", err)
		}
		found(t, s, "a")
		if n := issuer.fetches(); n != 3 {
			t.Errorf("got %d fetches, want 3", n)
		}
		for i, want := range []struct {
			keys   int
			failed bool
			took   time.Duration
		}{{0, true, 0}, {1, false, time.Second}, {1, true, 5 * time.Second}} {
			if got := told[i]; got.Keys != want.keys || (got.Err != nil) != want.failed || got.Took != want.took {
				t.Errorf("fetch %d: told %+v, want %+v", i, got, want)
			}
		}
	})
}

func TestTheClockOfTheConfiguration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Unix(1_700_000_000, 0)
		issuer := newRemote(newKey(t, "a"))
		s := issuer.source(t, func(c *jwks.Config) { c.Clock = func() time.Time { return now } })
		found(t, s, "a")
		time.Sleep(time.Hour)
		found(t, s, "a")
		now = now.Add(5 * time.Minute)
		issuer.publish(newKey(t, "b"))
		missing(t, s, "a", durward.ErrTokenKey)
		if n := issuer.fetches(); n != 2 {
			t.Errorf("got %d fetches, want one at the start and one after five minutes of the clock", n)
		}
	})
}
