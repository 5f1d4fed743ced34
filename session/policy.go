package session

import (
	"errors"
	"fmt"
	"time"
)

// MaxGrace is the longest grace that [Policy.Check] allows.
const MaxGrace = time.Minute

// Policy holds the limits of sessions.
type Policy struct {
	// Idle is how long a session lives without a refresh.
	Idle time.Duration

	// Absolute is how long a session lives, however often it is refreshed.
	Absolute time.Duration

	// Grace is how long after a rotation the token that was replaced is still
	// answered, with the successor it already had. With a grace of 0 only
	// requests of the rotation's own microsecond are.
	Grace time.Duration
}

// DefaultPolicy returns an idle limit of 30 days, an absolute limit of 90 days
// and a grace of 10 seconds.
func DefaultPolicy() Policy {
	return Policy{Idle: 30 * 24 * time.Hour, Absolute: 90 * 24 * time.Hour, Grace: 10 * time.Second}
}

// Check returns every problem of the policy, joined.
func (p Policy) Check() error {
	var problems []error
	problem := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf("session policy: "+format, args...))
	}
	if p.Idle <= 0 {
		problem("idle limit %v is not positive", p.Idle)
	}
	if p.Absolute <= 0 {
		problem("absolute limit %v is not positive", p.Absolute)
	}
	if p.Idle > p.Absolute {
		problem("idle limit %v is longer than the absolute limit %v", p.Idle, p.Absolute)
	}
	if p.Grace < 0 || p.Grace > MaxGrace {
		problem("grace %v is not within 0s and %v", p.Grace, MaxGrace)
	}
	if p.Grace >= p.Idle && p.Idle > 0 {
		problem("grace %v is not shorter than the idle limit %v", p.Grace, p.Idle)
	}
	return errors.Join(problems...)
}

// Start returns the state of a new session of a user who logged in at now: a
// new id, generation 0. Its absolute limit is fixed here once and for all.
func (p Policy) Start(userID string, now time.Time) State {
	now = stamp(now)
	return State{
		ID:            NewID(),
		UserID:        userID,
		CreatedAt:     now,
		AuthTime:      now,
		RotatedAt:     now,
		LastUsedAt:    now,
		IdleExpiresAt: now.Add(min(p.Idle, p.Absolute)),
		ExpiresAt:     now.Add(p.Absolute),
	}
}

// Decide tells what presenting the refresh token of one generation at now
// means for a session. It is pure. With g the session's generation, the first
// row that applies decides:
//
//	session has ended                                      Ended
//	now ≥ IdleExpiresAt or now ≥ ExpiresAt                 Expired
//	presented > g or presented < 0                         Unknown
//	presented = g                                          Rotated
//	presented = g−1 and |now − RotatedAt| ≤ Grace          Repeated
//	presented = g−1 otherwise, or presented < g−1          Reused
//
// A session is valid strictly before its limits; the grace is inclusive.
//
// The clock decides only whether a session is answered at all, never with
// which token: the successor of g is g+1 at any time, so no clock makes a
// second one. A reading before RotatedAt, of a replica whose clock is behind
// or of a clock that was set back, counts by its distance, so that a clock set
// back by an hour does not make the grace an hour long.
func (p Policy) Decide(s State, presented int64, now time.Time) Outcome {
	now = stamp(now)
	switch {
	case !s.EndedAt.IsZero():
		return Ended
	case s.expired(now):
		return Expired
	case presented > s.Generation || presented < 0:
		return Unknown
	case presented == s.Generation:
		return Rotated
	case presented == s.Generation-1 && now.Sub(s.RotatedAt).Abs() <= p.Grace:
		return Repeated
	default:
		return Reused
	}
}

// Next returns the state after a rotation at now: the next generation, and an
// idle limit counted from now that is never past the absolute limit. It may
// only follow a decision of [Rotated].
func (p Policy) Next(s State, now time.Time) State {
	now = stamp(now)
	s.Generation++
	s.RotatedAt = now
	s.LastUsedAt = now
	s.IdleExpiresAt = earlier(now.Add(p.Idle), s.ExpiresAt)
	return s
}

// Apply decides and returns the state that a store must keep: rotated for
// [Rotated], ended for [Reused], and for every other outcome s itself, with
// nothing to write. It is pure; a store calls it on a row that it has locked.
func (p Policy) Apply(s State, presented int64, now time.Time) (State, Outcome) {
	switch outcome := p.Decide(s, presented, now); outcome {
	case Rotated:
		return p.Next(s, now), outcome
	case Reused:
		return s.End(now), outcome
	default:
		return s, outcome
	}
}
