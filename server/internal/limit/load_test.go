package limit_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/durward-auth/durward/server/internal/limit"
)

// stored keeps counters as the store does: the latest value of each key.
type stored map[string]limit.Counter

func (s stored) write(counters []limit.Counter) {
	for _, c := range counters {
		s[c.Key] = c
	}
}

func (s stored) list() []limit.Counter {
	var list []limit.Counter
	for _, c := range s {
		list = append(list, c)
	}
	return list
}

func TestCountersSurviveARestart(t *testing.T) {
	home := address("192.0.2.1")
	before, c := newLimiter(t, limit.DefaultLimits())
	rows := stored{}
	for range 7 {
		a, _, _ := before.Reserve("alice", home)
		rows.write(a.Fail())
		c.Advance(time.Minute)
	}
	after, err := limit.New(limit.DefaultLimits(), secret, c.Now)
	if err != nil {
		t.Fatal(err)
	}
	after.Load(rows.list())
	after.Load(rows.list())
	allowed := 0
	for fail(after, "alice", home) {
		allowed++
	}
	if allowed != 3 {
		t.Errorf("attempts left after seven failures and a restart: got %d, want 3", allowed)
	}
	c.Advance(14 * time.Minute)
	if !fail(after, "alice", home) {
		t.Error("when the stored failures have expired: got refused, want allowed")
	}
}

func TestASuccessIsRememberedAcrossARestart(t *testing.T) {
	home := address("192.0.2.1")
	before, c := newLimiter(t, limit.DefaultLimits())
	rows := stored{}
	for range 9 {
		a, _, _ := before.Reserve("alice", home)
		rows.write(a.Fail())
	}
	for _, key := range succeed(t, before, "alice", home) {
		delete(rows, key)
	}
	after, err := limit.New(limit.DefaultLimits(), secret, c.Now)
	if err != nil {
		t.Fatal(err)
	}
	after.Load(rows.list())
	for i := range 10 {
		if !fail(after, "alice", home) {
			t.Fatalf("attempt %d: got refused, want allowed: the success cleared the pair", i+1)
		}
	}
}

func TestLoadPassesOverWhatDoesNotCount(t *testing.T) {
	limits := limit.Limits{Pair: 1, Account: 1, Address: 1, Window: time.Minute}
	l, c := newLimiter(t, limits)
	a, _, _ := l.Reserve("alice", address("192.0.2.1"))
	keys := a.Fail()
	for name, tt := range map[string]struct {
		counter limit.Counter
		refused bool
	}{
		"a counter that counts": {limit.Counter{Key: keys[1].Key, Count: 1, ExpiresAt: c.Now().Add(time.Second)}, true},
		"an absurd count":       {limit.Counter{Key: keys[1].Key, Count: 1 << 40, ExpiresAt: c.Now().Add(time.Second)}, true},
		"an expired counter":    {limit.Counter{Key: keys[1].Key, Count: 1, ExpiresAt: c.Now()}, false},
		"a count of nothing":    {limit.Counter{Key: keys[1].Key, ExpiresAt: c.Now().Add(time.Second)}, false},
		"a negative count":      {limit.Counter{Key: keys[1].Key, Count: -1, ExpiresAt: c.Now().Add(time.Second)}, false},
		"a key of another kind": {limit.Counter{Key: "x" + keys[1].Key[1:], Count: 1, ExpiresAt: c.Now().Add(time.Second)}, false},
		"an empty key":          {limit.Counter{Count: 1, ExpiresAt: c.Now().Add(time.Second)}, false},
	} {
		t.Run(name, func(t *testing.T) {
			l, _ := newLimiter(t, limits)
			l.Load([]limit.Counter{tt.counter})
			if refused := !fail(l, "alice", address("192.0.2.2")); refused != tt.refused {
				t.Errorf("an attempt after Load: got refused %v, want %v", refused, tt.refused)
			}
		})
	}
}

func TestAStoredCounterLastsNoLongerThanTheWindow(t *testing.T) {
	l, c := newLimiter(t, limit.Limits{Pair: 1, Account: 1, Address: 1, Window: time.Minute})
	a, _, _ := l.Reserve("alice", address("192.0.2.1"))
	rows := a.Fail()
	for i := range rows {
		rows[i].ExpiresAt = c.Now().Add(1000 * time.Hour)
	}
	fresh, c := newLimiter(t, limit.Limits{Pair: 1, Account: 1, Address: 1, Window: time.Minute})
	fresh.Load(rows)
	if _, wait, ok := fresh.Reserve("alice", address("192.0.2.1")); ok || wait != time.Minute {
		t.Errorf("with a counter from the future: got %v, wait %v, want refused for 1m0s", ok, wait)
	}
	c.Advance(time.Minute)
	if !fail(fresh, "alice", address("192.0.2.1")) {
		t.Error("after the window: got refused, want allowed")
	}
}

func TestMemoryIsBounded(t *testing.T) {
	const maxKeys = 1000
	limits := limit.Limits{Pair: 3, Account: 100, Address: 10_000, Window: time.Hour, MaxKeys: maxKeys}
	l, c := newLimiter(t, limits)
	victim := address("192.0.2.1")
	for range 3 {
		fail(l, "victim", victim)
	}
	for i := range 9_000 {
		c.Advance(time.Millisecond)
		a, _, ok := l.Reserve(fmt.Sprintf("user%d", i), address("198.51.100.7"))
		if !ok {
			t.Fatalf("attempt %d on another account: got refused, want allowed", i)
		}
		a.Fail()
		if n := limit.Tracked(l); n > maxKeys {
			t.Fatalf("counters held after %d accounts: got %d, want at most %d", i+1, n, maxKeys)
		}
	}
	if fail(l, "victim", victim) {
		t.Error("a pair over its budget after a flood of names: got allowed, want refused: it is not evicted first")
	}
}

func TestAttemptsUnderWayAreNeverEvicted(t *testing.T) {
	l, _ := newLimiter(t, limit.Limits{Pair: 1, Account: 100, Address: 10_000, Window: time.Hour, MaxKeys: 16})
	var attempts []*limit.Attempt
	for i := range 100 {
		a, _, ok := l.Reserve(fmt.Sprintf("user%d", i), address("192.0.2.1"))
		if !ok {
			t.Fatalf("attempt %d: got refused, want allowed", i)
		}
		attempts = append(attempts, a)
	}
	for i := range 100 {
		if fail(l, fmt.Sprintf("user%d", i), address("192.0.2.1")) {
			t.Fatalf("a second attempt on account %d: got allowed, want refused while the first is under way", i)
		}
	}
	for _, a := range attempts {
		a.Cancel()
	}
	if n := limit.Tracked(l); n != 0 {
		t.Errorf("counters held after all were cancelled: got %d, want 0", n)
	}
}

func TestSweepDropsWhatHasExpired(t *testing.T) {
	l, c := newLimiter(t, limit.Limits{Pair: 2, Account: 2, Address: 100, Window: time.Minute})
	for i := range 20 {
		fail(l, fmt.Sprintf("user%d", i), address("192.0.2.1"))
		fail(l, fmt.Sprintf("user%d", i), address("192.0.2.1"))
	}
	c.Advance(30 * time.Second)
	fail(l, "late", address("192.0.2.9"))
	c.Advance(30 * time.Second)
	l.Sweep()
	if n := limit.Tracked(l); n != 3 {
		t.Errorf("counters held after the window: got %d, want the 3 of the late attempt", n)
	}
	c.Advance(30 * time.Second)
	l.Sweep()
	if n := limit.Tracked(l); n != 0 {
		t.Errorf("counters held when all have expired: got %d, want 0", n)
	}
}
