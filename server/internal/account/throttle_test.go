package account_test

import (
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/limit"
)

func origin(n int) audit.Origin {
	return audit.Origin{Address: netip.AddrFrom4([4]byte{203, 0, 113, byte(n)}).String()}
}

// outcomes logs in so often from one address and returns what each attempt was told.
func (o *office) outcomes(name, word string, from audit.Origin, times int) []string {
	var told []string
	for range times {
		_, err := o.try(name, word, from)
		var throttled *account.ThrottledError
		if errors.As(err, &throttled) {
			told = append(told, fmt.Sprintf("%v, %v", err, throttled.RetryAfter))
		} else {
			told = append(told, fmt.Sprint(err))
		}
		o.clock.Advance(time.Second)
	}
	return told
}

func TestAttemptsAreLimitedForKnownAndUnknownNamesAlike(t *testing.T) {
	o := open(t)
	o.user("alice", nil, nil)
	off := o.user("bob", nil, nil)
	_, err := o.Disable(t.Context(), off.ID, account.Operator, cli)
	must(t, err)
	want := o.outcomes("alice", "wrong horse battery", origin(1), 14)
	if want[9] != account.ErrInvalidCredentials.Error() || want[10] == want[9] {
		t.Fatalf("alice: got %q, want ten refusals and then throttling", want)
	}
	for i, name := range []string{"bob", "nobody", "no\nbody", ""} {
		got := o.outcomes(name, "wrong horse battery", origin(i+2), 14)
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%q: got\n%q, want the answers that alice got\n%q", name, got, want)
		}
	}
	for name, from := range map[string]audit.Origin{"ALICE": origin(1), "NoBody": origin(3)} {
		_, err = o.try(name, goodWord, from)
		var throttled *account.ThrottledError
		if !errors.As(err, &throttled) {
			t.Errorf("%s, a throttled name in another spelling: got %v, want a ThrottledError", name, err)
		}
	}
}

func TestThrottlingEndsWithTheWindow(t *testing.T) {
	o := open(t)
	o.user("alice", nil, nil)
	o.outcomes("alice", "wrong horse battery", home, 10)
	_, err := o.try("alice", goodWord, home)
	var throttled *account.ThrottledError
	if !errors.As(err, &throttled) {
		t.Fatalf("the right password after ten wrong ones: got %v, want a ThrottledError", err)
	}
	if _, err := o.try("alice", goodWord, away); err != nil {
		t.Errorf("the right password from elsewhere: got %v, want none", err)
	}
	o.clock.Advance(throttled.RetryAfter)
	if _, err := o.try("alice", goodWord, home); err != nil {
		t.Errorf("the right password after RetryAfter: got %v, want none", err)
	}
	// The login forgot the failures from this address.
	for _, told := range o.outcomes("alice", "wrong horse battery", home, 10) {
		if told != account.ErrInvalidCredentials.Error() {
			t.Errorf("a wrong password after a login: got %q, want it looked at", told)
		}
	}
}

func TestParallelGuessesCannotExceedTheLimit(t *testing.T) {
	for _, name := range []string{"alice", "nobody"} {
		t.Run(name, func(t *testing.T) {
			o := open(t)
			o.user("alice", nil, nil)
			before := len(o.events())
			var looked, throttled atomic.Int64
			var done sync.WaitGroup
			for i := range 200 {
				done.Go(func() {
					_, err := o.try(name, fmt.Sprintf("wrong horse battery %d", i), home)
					var full *account.ThrottledError
					switch {
					case errors.Is(err, account.ErrInvalidCredentials):
						looked.Add(1)
					case errors.As(err, &full):
						throttled.Add(1)
					default:
						t.Errorf("Login: %v", err)
					}
				})
			}
			done.Wait()
			if looked.Load() != 10 || throttled.Load() != 190 {
				t.Errorf("200 guesses at once: got %d looked at and %d throttled, want 10 and 190", looked.Load(), throttled.Load())
			}
			counters, err := o.db.SignInFailures(t.Context(), o.clock.Now())
			must(t, err)
			if len(counters) != 3 {
				t.Errorf("stored counters: got %d, want those of the account, the address and both", len(counters))
			}
			for _, c := range counters {
				if c.Count != 10 {
					t.Errorf("stored counter %.1s: got %d failures, want 10", c.Key, c.Count)
				}
			}
			if rows := len(o.events()) - before; rows != 10 {
				t.Errorf("audit log: got %d rows, want one for each guess that was looked at", rows)
			}
			tallied := o.Tally.Drain()
			if len(tallied) != 1 || tallied[0].Count != 190 || tallied[0].Action != audit.SessionLogin || tallied[0].Reason != "too_many_attempts" || tallied[0].Outcome != audit.Refused {
				t.Errorf("tally: got %+v, want one event that stands for 190", tallied)
			}
		})
	}
}

func TestStoredFailuresOutliveTheProcess(t *testing.T) {
	o := open(t)
	o.user("alice", nil, nil)
	o.outcomes("alice", "wrong horse battery", home, 10)
	counters, err := o.db.SignInFailures(t.Context(), o.clock.Now())
	must(t, err)
	var reloaded *limit.Limiter
	restarted := o.with(func(c *account.Config) {
		reloaded = newLimiter(t, o.clock)
		reloaded.Load(counters)
		c.Limiter = reloaded
	})
	_, err = restarted.try("alice", goodWord, home)
	var throttled *account.ThrottledError
	if !errors.As(err, &throttled) {
		t.Errorf("the right password after a restart: got %v, want a ThrottledError", err)
	}
}

func TestGuessesAtTheCurrentPasswordCount(t *testing.T) {
	o := open(t)
	o.user("alice", nil, nil)
	g := o.login("alice")
	for range 10 {
		wantError(t, "ChangePassword", o.ChangePassword(t.Context(), actor(g), "wrong horse battery", newWord, home), account.ErrWrongPassword)
	}
	err := o.ChangePassword(t.Context(), actor(g), goodWord, newWord, home)
	var throttled *account.ThrottledError
	if !errors.As(err, &throttled) {
		t.Errorf("ChangePassword after ten guesses: got %v, want a ThrottledError", err)
	}
	if _, err := o.try("alice", goodWord, home); !errors.As(err, &throttled) {
		t.Errorf("Login after ten guesses: got %v, want a ThrottledError", err)
	}
	o.accepted("after guesses", g)
}
