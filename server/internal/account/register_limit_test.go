package account_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/limit"
	"github.com/durward-auth/durward/server/internal/password"
)

// budget lets so many registrations from an address pass.
func budget(t *testing.T, registrations int) func(*account.Config) {
	return func(c *account.Config) {
		limits := limit.DefaultLimits()
		limits.Registrations = registrations
		var err error
		c.Limiter, err = limit.New(limits, bytes.Repeat([]byte("l"), 16), c.Clock)
		must(t, err)
	}
}

func (o *office) register(name string, from audit.Origin) error {
	_, err := o.Register(o.t.Context(), account.NewUser{Username: name, Password: goodWord}, from)
	return err
}

func TestRegistrationsFromAnAddressAreLimited(t *testing.T) {
	o := open(t, budget(t, 3))
	o.user("alice", nil, nil)
	for range 50 { // costs nothing, and tells taken names from free ones as little
		for _, name := range []string{"alice", "nobody"} {
			_, err := o.Register(t.Context(), account.NewUser{Username: name, Password: "kq7vzr2"}, home)
			wantInput(t, "Register with a weak password", err, "weak_password")
		}
		wantInput(t, "Register with a broken name", o.register("ali\x00ce", home), "invalid_username")
	}
	must(t, o.register("bob", home))
	wantError(t, "a taken name", o.register("alice", home), account.ErrUsernameTaken)
	wantError(t, "a taken name again", o.register("BOB", home), account.ErrUsernameTaken)
	for _, name := range []string{"alice", "carol"} {
		var throttled *account.ThrottledError
		if err := o.register(name, home); !errors.As(err, &throttled) || throttled.RetryAfter != 15*time.Minute {
			t.Errorf("the fourth attempt, for %s: got %v, want a ThrottledError for 15m0s", name, err)
		}
	}
	wantInput(t, "Register with a broken name beyond the budget", o.register("ali\x00ce", home), "invalid_username")
	must(t, o.register("carol", away))
	_, err := o.CreateUser(t.Context(), account.NewUser{Username: "dora", Password: goodWord}, account.Operator, home)
	must(t, err) // administrators have no budget
	_, err = o.try("alice", goodWord, home)
	must(t, err)
	o.clock.Advance(15 * time.Minute)
	must(t, o.register("erin", home))
}

func TestRefusedRegistrationsAreTallied(t *testing.T) {
	o := open(t, budget(t, 3))
	o.user("alice", nil, nil)
	for range 2 {
		wantError(t, "a taken name", o.register("ALICE", home), account.ErrUsernameTaken)
	}
	busy := o.with(func(c *account.Config) {
		c.Passwords = newPool(t, password.Params{MemoryKiB: 64 * 1024, Iterations: 10, Parallelism: 1})
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	_, err := busy.Register(ctx, account.NewUser{Username: "bob", Password: goodWord}, home)
	wantError(t, "no time to hash", err, account.ErrBusy)
	for range 5 {
		var throttled *account.ThrottledError
		if err := o.register("carol\n", home); err == nil || errors.As(err, &throttled) {
			t.Errorf("a broken name: got %v, want an InputError", err)
		}
		if err := o.register("carol", home); !errors.As(err, &throttled) {
			t.Errorf("beyond the budget: got %v, want a ThrottledError", err)
		}
	}
	closed := o.with(func(c *account.Config) { c.OpenRegistration = false })
	wantError(t, "closed", closed.register("dora\n", home), account.ErrRegistrationClosed)
	must(t, o.register("erin", away))

	want := map[string]string{
		"username_taken": "2 ALICE", "busy": "1 bob", "too_many_attempts": "5 carol", "registration_closed": "1 dora\ufffd",
	}
	for _, e := range o.config.Tally.Drain() {
		if got := fmt.Sprint(e.Count, " ", e.ActorName); got != want[e.Reason] {
			t.Errorf("refusals as %q: got %q, want %q", e.Reason, got, want[e.Reason])
		}
		if e.Action != audit.UserCreate || e.Outcome != audit.Refused || e.Origin != home || e.ActorID+e.SubjectID != "" {
			t.Errorf("refusals as %q: got %+v, want user.create refused for somebody unknown at home", e.Reason, e)
		}
		delete(want, e.Reason)
	}
	if len(want) != 0 {
		t.Errorf("refusals: got none as %v", want)
	}
}

func TestAFloodOfRegistrationsRefusesNoLogin(t *testing.T) {
	o := open(t, func(c *account.Config) {
		c.Passwords = newPool(t, password.Params{MemoryKiB: 1024, Iterations: 1, Parallelism: 1})
	})
	o.user("alice", nil, nil)
	var made, busy, throttled atomic.Int64
	var stop atomic.Bool
	var flood sync.WaitGroup
	for i := range 120 {
		flood.Go(func() {
			for n := 0; !stop.Load(); n++ {
				err := o.register(fmt.Sprintf("user-%d-%d", i, n), origin(i))
				var refused *account.ThrottledError
				switch {
				case err == nil:
					made.Add(1)
				case errors.Is(err, account.ErrBusy):
					busy.Add(1)
				case errors.As(err, &refused):
					throttled.Add(1)
				default:
					t.Errorf("Register: %v", err)
				}
			}
		})
	}
	for deadline := time.Now().Add(10 * time.Second); busy.Load() == 0 && time.Now().Before(deadline); {
		runtime.Gosched()
	}
	refused := 0
	for range 20 {
		if _, err := o.try("alice", goodWord, home); err != nil {
			t.Errorf("a login: %v", err)
			refused++
		}
	}
	stop.Store(true)
	flood.Wait()
	if refused != 0 || made.Load() == 0 || busy.Load() == 0 {
		t.Errorf("20 logins beside 120 registrations at once: got %d refused, with %d made and %d busy, want none refused and some of both",
			refused, made.Load(), busy.Load())
	}
	t.Logf("%d made, %d busy, %d throttled", made.Load(), busy.Load(), throttled.Load())
}
