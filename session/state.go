package session

import "time"

// State is what a store keeps of one session. Nothing in it can be presented
// as a token. The times are kept in UTC, to the microsecond.
type State struct {
	ID     string // as NewID makes it; see ValidID
	UserID string

	// Generation is the current one: its refresh token is the one to present
	// next. A new session has generation 0.
	Generation int64

	CreatedAt  time.Time
	AuthTime   time.Time // when the user last proved who they are (OpenID Connect Core, auth_time)
	RotatedAt  time.Time // when Generation became current
	LastUsedAt time.Time

	IdleExpiresAt time.Time // the session is valid before it; a rotation moves it
	ExpiresAt     time.Time // the session is valid before it; nothing moves it
	EndedAt       time.Time // zero while the session has not ended

	Scope     string // what the login granted, space-separated (RFC 6749 section 3.3)
	IP        string // of the login, for its owner to recognise it by
	UserAgent string // of the login
	Device    string // a name that the client gave at the login, or none
}

// Live reports whether the session has neither ended nor reached a limit.
func (s State) Live(now time.Time) bool {
	return s.EndedAt.IsZero() && !s.expired(now)
}

// End returns the state after the session ended at now. A session that has
// ended before is returned as it is.
func (s State) End(now time.Time) State {
	if s.EndedAt.IsZero() {
		s.EndedAt = stamp(now)
	}
	return s
}

// Reauthenticate returns the state after the user proved again who they are:
// AuthTime moves to now, never back. The generation and the limits stay.
func (s State) Reauthenticate(now time.Time) State {
	now = stamp(now)
	s.AuthTime, s.LastUsedAt = later(s.AuthTime, now), later(s.LastUsedAt, now)
	return s
}

func (s State) expired(now time.Time) bool {
	return !now.Before(s.IdleExpiresAt) || !now.Before(s.ExpiresAt)
}

// stamp makes a time that a store gives back unchanged: UTC, without a
// monotonic reading, to the microsecond.
func stamp(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
