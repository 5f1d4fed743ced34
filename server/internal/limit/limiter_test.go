package limit_test

import (
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/durward-auth/durward/server/internal/limit"
)

var secret = []byte("0123456789abcdef0123456789abcdef")

// clock is a time that only a test moves.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time          { return c.now }
func (c *clock) Advance(d time.Duration) { c.now = c.now.Add(d) }

func newLimiter(t *testing.T, limits limit.Limits) (*limit.Limiter, *clock) {
	t.Helper()
	c := &clock{now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}
	l, err := limit.New(limits, secret, c.Now)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return l, c
}

func address(format string, args ...any) netip.Addr {
	return netip.MustParseAddr(fmt.Sprintf(format, args...))
}

// fail makes one failed attempt and says whether it was allowed.
func fail(l *limit.Limiter, name string, addr netip.Addr) bool {
	a, _, ok := l.Reserve(name, addr)
	if ok {
		a.Fail()
	}
	return ok
}

func succeed(t *testing.T, l *limit.Limiter, name string, addr netip.Addr) []string {
	t.Helper()
	a, wait, ok := l.Reserve(name, addr)
	if !ok {
		t.Fatalf("Reserve(%q, %v): got refused for %v, want allowed", name, addr, wait)
	}
	return a.Succeed()
}

func TestOnePersonHasTenAttempts(t *testing.T) {
	l, c := newLimiter(t, limit.DefaultLimits())
	home := address("192.0.2.1")
	for i := range 10 {
		if !fail(l, "alice", home) {
			t.Fatalf("attempt %d: got refused, want allowed", i+1)
		}
		c.Advance(time.Minute)
	}
	attempt, wait, ok := l.Reserve("alice", home)
	if ok || attempt != nil || wait != 5*time.Minute {
		t.Errorf("the 11th attempt: got %v, wait %v, want refused for 5m0s, when the first failure expires", ok, wait)
	}
	if !fail(l, "alice", address("192.0.2.2")) {
		t.Error("the same account from elsewhere: got refused, want allowed")
	}
	if !fail(l, "bob", home) {
		t.Error("another account from the same address: got refused, want allowed")
	}
	c.Advance(wait - time.Microsecond)
	if fail(l, "alice", home) {
		t.Error("just before the wait is over: got allowed, want refused")
	}
	c.Advance(time.Microsecond)
	if !fail(l, "alice", home) {
		t.Error("after the wait: got refused, want allowed")
	}
	if fail(l, "alice", home) {
		t.Error("the next one: got allowed, want refused until the second failure expires")
	}
}

// No stretch of time as long as the window may hold more failures than the budget, however
// the attempts are spaced.
func TestNoWindowExceedsTheBudget(t *testing.T) {
	limits := limit.Limits{Pair: 5, Account: 100, Address: 100, Window: time.Minute}
	l, c := newLimiter(t, limits)
	var allowed []time.Time
	for i := range 2000 {
		if fail(l, "alice", address("192.0.2.1")) {
			allowed = append(allowed, c.Now())
		}
		c.Advance(time.Duration(1+i*7919%13_000) * time.Millisecond)
	}
	for i := limits.Pair; i < len(allowed); i++ {
		if gap := allowed[i].Sub(allowed[i-limits.Pair]); gap < limits.Window {
			t.Fatalf("failures %d to %d: got %v apart, want at least %v", i-limits.Pair, i, gap, limits.Window)
		}
	}
	if len(allowed) < 500 {
		t.Errorf("allowed attempts: got %d, want at least 500: the budget is given back", len(allowed))
	}
}

func TestOneAccountIsGuardedAgainstManyAddresses(t *testing.T) {
	l, c := newLimiter(t, limit.DefaultLimits())
	evaluated := 0
	for i := range 1000 {
		if fail(l, "alice", address("198.51.%d.%d", i/250, i%250)) {
			evaluated++
		}
	}
	if evaluated != 100 {
		t.Errorf("failures for one account from 1,000 addresses: got %d, want 100", evaluated)
	}
	c.Advance(15 * time.Minute)
	if !fail(l, "alice", address("192.0.2.1")) {
		t.Error("after the window: got refused, want allowed: no lock is permanent")
	}
}

func TestOneAddressIsGuardedOverManyAccounts(t *testing.T) {
	l, _ := newLimiter(t, limit.DefaultLimits())
	evaluated := 0
	for i := range 10_000 {
		if fail(l, fmt.Sprintf("user%d", i), address("192.0.2.1")) {
			evaluated++
		}
	}
	if evaluated != 50 {
		t.Errorf("failures from one address over 10,000 accounts: got %d, want 50", evaluated)
	}
}

func TestAnAttackerDoesNotLockTheVictimOut(t *testing.T) {
	l, c := newLimiter(t, limit.DefaultLimits())
	home := address("192.0.2.1")
	succeed(t, l, "victim", home)
	for i := range 1000 {
		fail(l, "victim", address("198.51.%d.%d", i/250, i%250))
		fail(l, fmt.Sprintf("other%d", i), home)
	}
	if fail(l, "victim", address("203.0.113.7")) {
		t.Fatal("from an address never seen: got allowed, want refused: the account's budget is used up")
	}
	if fail(l, "other", home) {
		t.Fatal("another account from the victim's address: got allowed, want refused: the address's budget is used up")
	}
	succeed(t, l, "victim", home)

	allowed := 0
	for range 100 {
		if fail(l, "victim", home) {
			allowed++
		}
	}
	if allowed != 10 {
		t.Errorf("failures from the victim's own address: got %d, want 10: it has a budget too", allowed)
	}

	c.Advance(31 * 24 * time.Hour)
	for i := range 1000 {
		fail(l, "victim", address("198.51.%d.%d", i/250, i%250))
	}
	if fail(l, "victim", home) {
		t.Error("a month after the last sign-in: got allowed, want refused like from any address")
	}
}

func TestWhatCountsAsOneAddress(t *testing.T) {
	tests := map[string]struct {
		a, b netip.Addr
		one  bool
	}{
		"two addresses of one /64":                 {address("2001:db8::1"), address("2001:db8::ffff:0:0:2"), true},
		"two /64 networks":                         {address("2001:db8::1"), address("2001:db8:0:1::1"), false},
		"an IPv4 address, mapped and plain":        {address("192.0.2.1"), address("::ffff:192.0.2.1"), true},
		"two IPv4 addresses":                       {address("192.0.2.1"), address("192.0.2.2"), false},
		"two IPv4 addresses, mapped":               {address("::ffff:192.0.2.1"), address("::ffff:192.0.2.2"), false},
		"one link-local network on two interfaces": {address("fe80::1%%eth0"), address("fe80::2%%eth1"), true},
		"no address and no address":                {netip.Addr{}, netip.Addr{}, true},
		"no address and the unspecified one":       {netip.Addr{}, address("0.0.0.0"), false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			l, _ := newLimiter(t, limit.Limits{Pair: 1, Account: 10, Address: 10, Window: time.Minute})
			if !fail(l, "alice", tt.a) {
				t.Fatal("the first attempt: got refused, want allowed")
			}
			if one := !fail(l, "alice", tt.b); one != tt.one {
				t.Errorf("%v and %v count as one: got %v, want %v", tt.a, tt.b, one, tt.one)
			}
		})
	}
}

func TestParallelAttemptsCannotExceedTheBudget(t *testing.T) {
	l, _ := newLimiter(t, limit.DefaultLimits())
	var evaluated, highest atomic.Int64
	var start, done sync.WaitGroup
	start.Add(1)
	for range 200 {
		done.Go(func() {
			start.Wait()
			a, wait, ok := l.Reserve("alice", address("192.0.2.1"))
			if !ok {
				if wait < time.Second {
					t.Errorf("retry after: got %v, want at least a second", wait)
				}
				return
			}
			defer a.Cancel()
			evaluated.Add(1)
			counters := a.Fail()
			for n := int64(counters[0].Count); ; {
				if old := highest.Load(); n <= old || highest.CompareAndSwap(old, n) {
					break
				}
			}
		})
	}
	start.Done()
	done.Wait()
	if evaluated.Load() != 10 || highest.Load() != 10 {
		t.Errorf("200 parallel wrong passwords: got %d evaluated and a count of %d, want 10 and 10", evaluated.Load(), highest.Load())
	}
}

func TestPlacesUnderWayCountUntilTheyAreGivenBack(t *testing.T) {
	l, _ := newLimiter(t, limit.Limits{Pair: 2, Account: 10, Address: 10, Window: time.Minute})
	home := address("192.0.2.1")
	first, _, _ := l.Reserve("alice", home)
	second, _, _ := l.Reserve("alice", home)
	if _, wait, ok := l.Reserve("alice", home); ok || wait != time.Second {
		t.Errorf("a third attempt beside two: got %v, wait %v, want refused for 1s", ok, wait)
	}
	first.Cancel()
	first.Cancel()
	third, _, ok := l.Reserve("alice", home)
	if !ok {
		t.Fatal("after one was cancelled: got refused, want allowed")
	}
	if _, _, ok := l.Reserve("alice", home); ok {
		t.Error("cancelled twice: got two places back, want one")
	}
	if counters := second.Fail(); counters[0].Count != 1 {
		t.Errorf("count after the first failure: got %d, want 1", counters[0].Count)
	}
	third.Cancel()
	if !fail(l, "alice", home) {
		t.Error("the second failure: got refused, want allowed")
	}
	if fail(l, "alice", home) {
		t.Error("a third failure: got allowed, want refused")
	}
}

func TestAnAttemptEndsOnce(t *testing.T) {
	l, _ := newLimiter(t, limit.DefaultLimits())
	a, _, _ := l.Reserve("alice", address("192.0.2.1"))
	if got := len(a.Fail()); got != 3 {
		t.Errorf("Fail: got %d counters, want 3", got)
	}
	a.Cancel()
	if got := a.Fail(); got != nil {
		t.Errorf("Fail again: got %v, want nothing", got)
	}
	if got := a.Succeed(); got != nil {
		t.Errorf("Succeed after Fail: got %v, want nothing", got)
	}
	b, _, _ := l.Reserve("alice", address("192.0.2.1"))
	if got := b.Fail(); got[0].Count != 2 {
		t.Errorf("count of the pair: got %d, want 2: one failure counts once", got[0].Count)
	}
}

func TestSuccessForgivesThePairAlone(t *testing.T) {
	l, _ := newLimiter(t, limit.Limits{Pair: 3, Account: 100, Address: 5, Window: time.Minute})
	office := address("192.0.2.1")
	fail(l, "alice", office)
	a, _, _ := l.Reserve("alice", office)
	pair := a.Fail()[0].Key
	if got := succeed(t, l, "alice", office); len(got) != 1 || got[0] != pair {
		t.Errorf("keys to delete: got %v, want only the pair's, %q", got, pair)
	}
	for i := range 3 {
		if !fail(l, "alice", office) {
			t.Errorf("failure %d after the success: got refused, want allowed", i+1)
		}
	}
	if fail(l, "bob", office) {
		t.Error("another account after five failures from the address: got allowed, want refused: a success does not clear the address")
	}
}

func TestKeysNameNobodyAndDependOnTheSecret(t *testing.T) {
	l, c := newLimiter(t, limit.DefaultLimits())
	other, err := limit.New(limit.DefaultLimits(), []byte(strings.Repeat("x", 32)), c.Now)
	if err != nil {
		t.Fatal(err)
	}
	a, _, _ := l.Reserve("alice", address("192.0.2.1"))
	b, _, _ := other.Reserve("alice", address("192.0.2.1"))
	mine, theirs := a.Fail(), b.Fail()
	seen := map[string]bool{}
	for i := range mine {
		if k := mine[i].Key; strings.Contains(k, "alice") || strings.Contains(k, "192") || seen[k] {
			t.Errorf("key %d: got %q, want one that names nobody and is its own", i, k)
		}
		seen[mine[i].Key] = true
		if mine[i].Key == theirs[i].Key {
			t.Errorf("key %d under two secrets: got %q both times, want two", i, mine[i].Key)
		}
		if want := c.Now().Add(15 * time.Minute); mine[i].Count != 1 || !mine[i].ExpiresAt.Equal(want) {
			t.Errorf("counter %d: got %d until %v, want 1 until %v", i, mine[i].Count, mine[i].ExpiresAt, want)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	good := limit.DefaultLimits()
	tests := map[string]struct {
		change func(*limit.Limits)
		says   string
	}{
		"no budget for a pair":                   {func(l *limit.Limits) { l.Pair = 0 }, "account and address"},
		"more than NIST allows for an account":   {func(l *limit.Limits) { l.Account = 101 }, "by account must"},
		"no budget for an address":               {func(l *limit.Limits) { l.Address = 0 }, "by address must"},
		"no window":                              {func(l *limit.Limits) { l.Window = 0 }, "window"},
		"a window of a year":                     {func(l *limit.Limits) { l.Window = 366 * 24 * time.Hour }, "window"},
		"memory for less than a few attempts":    {func(l *limit.Limits) { l.MaxKeys = 3 }, "memory"},
		"the second of two problems is told too": {func(l *limit.Limits) { l.Pair, l.Window = 0, 0 }, "window"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			limits := good
			tt.change(&limits)
			if l, err := limit.New(limits, secret, time.Now); err == nil || l != nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("New(%+v): got %v, want an error that says %q", limits, err, tt.says)
			}
		})
	}
	if _, err := limit.New(good, secret[:15], time.Now); err == nil {
		t.Error("New with a secret of 15 bytes: got no error, want one")
	}
	if _, err := limit.New(good, secret, nil); err == nil {
		t.Error("New without a clock: got no error, want one")
	}
}
