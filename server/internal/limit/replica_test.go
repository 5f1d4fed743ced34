package limit_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/durward-auth/durward/server/internal/limit"
)

func TestFailuresOfAllReplicasCountTogether(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	limits := limit.DefaultLimits()
	from := netip.MustParseAddr("192.0.2.7")
	secret := []byte("0123456789abcdef")
	var replicas []*limit.Limiter
	for _, name := range []string{"one", "two", "three"} {
		l, err := limit.New(limits, secret, clock)
		if err != nil {
			t.Fatal(err)
		}
		l.Replicate(name)
		replicas = append(replicas, l)
	}
	stored := map[string]limit.Counter{}
	allowed := 0
	for i := range 3 * limits.Pair {
		l := replicas[i%len(replicas)]
		attempt, _, ok := l.Reserve("ada", from)
		if !ok {
			continue
		}
		allowed++
		for _, c := range attempt.Fail() {
			stored[c.Key] = c
		}
		for _, other := range replicas {
			for _, c := range stored {
				other.Load([]limit.Counter{c})
			}
		}
	}
	if allowed != limits.Pair {
		t.Errorf("got %d attempts on three replicas, want %d", allowed, limits.Pair)
	}
	for i, l := range replicas {
		if _, retryAfter, ok := l.Reserve("ada", from); ok || retryAfter <= time.Second {
			t.Errorf("replica %d: got allowed %v and retry after %v, want a refusal until the failures expire", i, ok, retryAfter)
		}
	}
	now = now.Add(limits.Window + time.Second)
	for i, l := range replicas {
		l.Sweep()
		if _, _, ok := l.Reserve("ada", from); !ok {
			t.Errorf("replica %d still refuses after the window", i)
		}
	}
}
