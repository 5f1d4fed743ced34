package session_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/durward-auth/durward/session"
)

const day = 24 * time.Hour

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// The session of this table was opened at start, and rotated to generation 5
// ten days later.
func TestDecide(t *testing.T) {
	policy := session.DefaultPolicy()
	rotated := start.Add(10 * day)
	s := policy.Start("alice", start)
	s.Generation = 4
	s = policy.Next(s, rotated)
	ended := s.End(rotated.Add(time.Hour))
	idle := rotated.Add(30 * day)
	old := s // refreshed daily, up to its absolute limit
	old.IdleExpiresAt = old.ExpiresAt

	tests := map[string]struct {
		state     session.State
		presented int64
		now       time.Time
		want      session.Outcome
	}{
		"the current token rotates":                                {s, 5, rotated.Add(day), session.Rotated},
		"the current token rotates at once":                        {s, 5, rotated, session.Rotated},
		"the current token rotates when the clock was set back":    {s, 5, start.Add(-100 * day), session.Rotated},
		"the current token rotates just before the idle limit":     {s, 5, idle.Add(-time.Microsecond), session.Rotated},
		"the idle limit itself is too late":                        {s, 5, idle, session.Expired},
		"after the idle limit is too late":                         {s, 5, idle.Add(day), session.Expired},
		"the current token rotates just before the absolute limit": {old, 5, old.ExpiresAt.Add(-time.Microsecond), session.Rotated},
		"the absolute limit itself is too late":                    {old, 5, old.ExpiresAt, session.Expired},
		"the replaced token is repeated at once":                   {s, 4, rotated, session.Repeated},
		"the replaced token is repeated at the end of the grace":   {s, 4, rotated.Add(10 * time.Second), session.Repeated},
		"a replaced token after the grace is reuse":                {s, 4, rotated.Add(10*time.Second + time.Microsecond), session.Reused},
		"a clock behind by the grace repeats":                      {s, 4, rotated.Add(-10 * time.Second), session.Repeated},
		"a clock behind by more than the grace does not repeat":    {s, 4, rotated.Add(-10*time.Second - time.Microsecond), session.Reused},
		"a clock set back by a year does not repeat":               {s, 4, rotated.Add(-365 * day), session.Reused},
		"a clock set back by a thousand years does not repeat":     {s, 4, rotated.AddDate(-1000, 0, 0), session.Reused},
		"the token before the replaced one is reuse, even at once": {s, 3, rotated, session.Reused},
		"the first token is reuse":                                 {s, 0, rotated.Add(day), session.Reused},
		"the next token is not issued yet":                         {s, 6, rotated, session.Unknown},
		"a token from far ahead was never issued":                  {s, math.MaxInt64, rotated, session.Unknown},
		"a negative generation was never issued":                   {s, -1, rotated, session.Unknown},
		"the lowest generation was never issued":                   {s, math.MinInt64, rotated, session.Unknown},
		"an ended session refuses its current token":               {ended, 5, rotated.Add(2 * time.Hour), session.Ended},
		"an ended session refuses its replaced token in the grace": {ended, 4, rotated, session.Ended},
		"reuse on an ended session is no second event":             {ended, 0, rotated.Add(2 * time.Hour), session.Ended},
		"an unknown generation of an ended session is ended":       {ended, 9, rotated.Add(2 * time.Hour), session.Ended},
		"an ended session stays ended when the clock was set back": {ended, 5, start, session.Ended},
		"an ended session past its limits is ended":                {ended, 5, idle.Add(day), session.Ended},
		"reuse past the limits is expired, nothing is left to end": {s, 0, idle, session.Expired},
		"an unknown generation past the limits is expired":         {s, 9, idle, session.Expired},
		"the zero state is expired":                                {session.State{}, 0, start, session.Expired},
		"a new session's first token rotates":                      {policy.Start("alice", start), 0, start, session.Rotated},
		"a new session has no token before its first":              {policy.Start("alice", start), -1, start, session.Unknown},
		"nanoseconds past the grace are not kept and do not count": {s, 4, rotated.Add(10*time.Second + 999), session.Repeated},
		"a nanosecond before the limit is in time":                 {s, 5, idle.Add(-1), session.Rotated},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			before := tt.state
			if got := policy.Decide(tt.state, tt.presented, tt.now); got != tt.want {
				t.Errorf("Decide: got %v, want %v", got, tt.want)
			}
			after, outcome := policy.Apply(tt.state, tt.presented, tt.now)
			if outcome != tt.want {
				t.Errorf("Apply: got %v, want %v", outcome, tt.want)
			}
			want := before
			switch tt.want {
			case session.Rotated:
				want = policy.Next(before, tt.now)
			case session.Reused:
				want.EndedAt = tt.now
			}
			if after != want {
				t.Errorf("Apply: got state %+v, want %+v", after, want)
			}
		})
	}
}

func TestDecideWithoutGrace(t *testing.T) {
	policy := session.Policy{Idle: day, Absolute: day}
	s := policy.Next(policy.Start("alice", start), start.Add(time.Hour))
	if got := policy.Decide(s, 0, s.RotatedAt.Add(time.Microsecond)); got != session.Reused {
		t.Errorf("a microsecond after the rotation: got %v, want reused", got)
	}
}

func TestNextMovesTheIdleLimitNeverPastTheAbsoluteOne(t *testing.T) {
	policy := session.DefaultPolicy()
	s := policy.Start("alice", start)
	if got, want := s.IdleExpiresAt, start.Add(30*day); !got.Equal(want) {
		t.Errorf("idle limit of a new session: got %v, want %v", got, want)
	}
	days := 0 // F13: refreshed daily for 400 days
	for now := start; days < 400; days++ {
		now = now.Add(day)
		next, outcome := policy.Apply(s, s.Generation, now)
		if outcome != session.Rotated {
			if outcome != session.Expired || next != s {
				t.Errorf("day %d: got %v, want expired and the state as it was", days, outcome)
			}
			break
		}
		want := now.Add(30 * day)
		if limit := start.Add(90 * day); want.After(limit) {
			want = limit
		}
		if !next.IdleExpiresAt.Equal(want) || !next.ExpiresAt.Equal(start.Add(90*day)) {
			t.Fatalf("day %d: got limits %v and %v, want %v and %v", days, next.IdleExpiresAt, next.ExpiresAt, want, start.Add(90*day))
		}
		if next.Generation != s.Generation+1 || !next.RotatedAt.Equal(now) || !next.AuthTime.Equal(start) {
			t.Fatalf("day %d: got %+v after %+v", days, next, s)
		}
		s = next
	}
	if days != 89 {
		t.Errorf("got %d daily refreshes, want 89", days)
	}
}

func TestAClockSetBackExtendsNothing(t *testing.T) {
	policy := session.DefaultPolicy()
	s := policy.Next(policy.Start("alice", start), start.Add(20*day))
	back := policy.Next(s, start.Add(5*day))
	if back.IdleExpiresAt.After(s.IdleExpiresAt) || !back.ExpiresAt.Equal(s.ExpiresAt) {
		t.Errorf("got limits %v and %v, want none later than %v and %v", back.IdleExpiresAt, back.ExpiresAt, s.IdleExpiresAt, s.ExpiresAt)
	}
	if got := policy.Decide(back, 1, start.Add(5*day+11*time.Second)); got != session.Reused {
		t.Errorf("the replaced token after the grace of the new clock: got %v, want reused", got)
	}
}

func TestPolicyCheckReportsEveryProblem(t *testing.T) {
	tests := map[string]struct {
		policy session.Policy
		want   []string // none for a good policy
	}{
		"the default is good":                  {session.DefaultPolicy(), nil},
		"no grace is good":                     {session.Policy{Idle: day, Absolute: day}, nil},
		"the longest grace is good":            {session.Policy{Idle: day, Absolute: day, Grace: time.Minute}, nil},
		"the zero policy has no limits":        {session.Policy{}, []string{"idle limit 0s", "absolute limit 0s"}},
		"negative limits":                      {session.Policy{Idle: -1, Absolute: -2, Grace: -3}, []string{"idle limit -1ns is not", "absolute limit -2ns", "longer than", "grace -3ns"}},
		"an idle limit past the absolute":      {session.Policy{Idle: 2 * day, Absolute: day}, []string{"longer than the absolute limit"}},
		"a grace of more than a minute":        {session.Policy{Idle: day, Absolute: day, Grace: time.Minute + 1}, []string{"grace 1m0.000000001s"}},
		"a grace as long as the idle limit":    {session.Policy{Idle: time.Second, Absolute: day, Grace: time.Second}, []string{"not shorter than the idle limit"}},
		"a grace is no substitute for a limit": {session.Policy{Grace: time.Second}, []string{"idle limit", "absolute limit"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := tt.policy.Check()
			if len(tt.want) == 0 && err != nil {
				t.Fatalf("got %v, want none", err)
			}
			var lines []string
			if err != nil {
				lines = strings.Split(err.Error(), "\n")
			}
			if len(lines) != len(tt.want) {
				t.Fatalf("got %d problems %q, want %d", len(lines), lines, len(tt.want))
			}
			for i, want := range tt.want {
				if !strings.Contains(lines[i], want) {
					t.Errorf("problem %d: got %q, want %q in it", i, lines[i], want)
				}
			}
		})
	}
}

func TestOutcomeNamesAndErrors(t *testing.T) {
	tests := map[session.Outcome]struct {
		name    string
		granted bool
		err     error
	}{
		session.Unknown: {"unknown", false, session.ErrInvalid}, session.Rotated: {"rotated", true, nil},
		session.Repeated: {"repeated", true, nil}, session.Reused: {"reused", false, session.ErrReused},
		session.Ended: {"ended", false, session.ErrEnded}, session.Expired: {"expired", false, session.ErrExpired},
		200: {"unknown", false, session.ErrInvalid},
	}
	for outcome, want := range tests {
		if outcome.String() != want.name || outcome.Granted() != want.granted || outcome.Err() != want.err {
			t.Errorf("got %v, %v, %v; want %v, %v, %v", outcome, outcome.Granted(), outcome.Err(), want.name, want.granted, want.err)
		}
	}
	if zero := session.Outcome(0); zero.Granted() {
		t.Error("the zero outcome: got granted, want refused")
	}
}
