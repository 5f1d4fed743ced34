package limit_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/durward-auth/durward/server/internal/limit"
)

func registrations(budget int) limit.Limits {
	limits := limit.DefaultLimits()
	limits.Registrations = budget
	return limits
}

func TestRegistrationsOfAnAddressHaveABudget(t *testing.T) {
	for name, tt := range map[string]struct{ set, want int }{
		"by default, also when it is not set": {0, 10000},
		"as it is set":                        {3, 3},
		"raised":                              {2500, 2500},
	} {
		t.Run(name, func(t *testing.T) {
			l, c := newLimiter(t, registrations(tt.set))
			home := address("192.0.2.1")
			for i := range tt.want {
				if wait, ok := l.Register(home); !ok || wait != 0 {
					t.Fatalf("registration %d: got %v, wait %v, want allowed", i+1, ok, wait)
				}
				if i == 0 {
					c.Advance(5 * time.Minute)
				}
			}
			wait, ok := l.Register(home)
			if ok || wait != 10*time.Minute {
				t.Errorf("registration %d: got %v, wait %v, want refused for 10m0s, when the first expires", tt.want+1, ok, wait)
			}
			if _, ok := l.Register(address("192.0.2.2")); !ok {
				t.Error("from elsewhere: got refused, want allowed")
			}
			if !fail(l, "alice", home) {
				t.Error("a sign-in from there: got refused, want allowed: registrations count apart")
			}
			c.Advance(wait)
			if _, ok := l.Register(home); !ok {
				t.Error("after the wait: got refused, want allowed")
			}
			if _, ok := l.Register(home); ok {
				t.Error("the next one: got allowed, want refused until the second expires")
			}
		})
	}
	if got := limit.DefaultLimits().Registrations; got != 10000 {
		t.Errorf("DefaultLimits: got %d registrations, want 10000", got)
	}
}

func TestRegistrationsCountByTheAddressRuleOfSignIns(t *testing.T) {
	l, _ := newLimiter(t, registrations(1))
	for _, tt := range []struct {
		from string
		ok   bool
	}{
		{"2001:db8::1", true}, {"2001:db8::ffff:0:0:2", false}, {"2001:db8:0:1::1", true},
		{"192.0.2.1", true}, {"::ffff:192.0.2.1", false},
	} {
		if _, ok := l.Register(address("%s", tt.from)); ok != tt.ok {
			t.Errorf("Register(%s): got %v, want %v", tt.from, ok, tt.ok)
		}
	}
}

func TestParallelRegistrationsCannotExceedTheBudget(t *testing.T) {
	l, _ := newLimiter(t, registrations(10))
	var allowed atomic.Int64
	var done sync.WaitGroup
	for range 200 {
		done.Go(func() {
			if _, ok := l.Register(address("192.0.2.1")); ok {
				allowed.Add(1)
			}
		})
	}
	done.Wait()
	if allowed.Load() != 10 {
		t.Errorf("200 parallel registrations: got %d allowed, want 10", allowed.Load())
	}
}

func TestRegistrationsDisplaceNoFailures(t *testing.T) {
	limits := registrations(1)
	limits.Pair, limits.MaxKeys = 1, 16
	l, c := newLimiter(t, limits)
	home := address("192.0.2.1")
	fail(l, "alice", home)
	tracked := limit.Tracked(l)
	for i := range 1000 {
		l.Register(address("198.51.%d.%d", i/250, i%250))
	}
	if fail(l, "alice", home) {
		t.Error("a throttled sign-in after registrations from 1,000 addresses: got allowed, want refused")
	}
	if got := limit.Tracked(l) - tracked; got != 16 {
		t.Errorf("counters of registrations: got %d, want no more than MaxKeys, 16", got)
	}
	c.Advance(limits.Window)
	l.Sweep()
	if got := limit.Tracked(l); got != 0 {
		t.Errorf("counters after the window: got %d, want none", got)
	}
}

func TestNewRefusesABudgetOfRegistrations(t *testing.T) {
	for _, budget := range []int{-1, 1_000_001} {
		if _, err := limit.New(registrations(budget), secret, time.Now); err == nil {
			t.Errorf("New with %d registrations: got no error, want one", budget)
		} else if want := fmt.Sprintf("registrations by address must be 1 to 1000000, or 0 for 10000, not %d", budget); err.Error() != want {
			t.Errorf("New: got %q, want %q", err, want)
		}
	}
}
