package session

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Config is what a [Manager] is made of.
type Config struct {
	Store Store
	Codec *Codec

	// Policy is checked; the zero Policy stands for [DefaultPolicy].
	Policy Policy

	// Clock returns the current time; nil stands for [time.Now].
	Clock func() time.Time

	// OnEnd is called once for every session that this manager ends, after the
	// store has done so and before the caller is answered: the place to revoke
	// the session's access tokens. Its context is not cancelled with the
	// request's. Nil for none.
	OnEnd func(ctx context.Context, s State, why Reason)
}

// Reason is why a session ended.
type Reason uint8

const (
	// ByRequest: [Manager.End] or [Manager.EndAll] was called.
	ByRequest Reason = iota + 1

	// ByReuse: a replaced refresh token was presented.
	ByReuse
)

// String returns "request" or "reuse".
func (r Reason) String() string {
	if r == ByReuse {
		return "reuse"
	}
	return "request"
}

// Manager opens, refreshes and ends sessions. It is safe for concurrent use.
type Manager struct {
	store  Store
	codec  *Codec
	policy Policy
	clock  func() time.Time
	onEnd  func(context.Context, State, Reason)
}

// NewManager checks config and returns every problem that it has, joined.
func NewManager(config Config) (*Manager, error) {
	m := &Manager{config.Store, config.Codec, config.Policy, config.Clock, config.OnEnd}
	var problems []error
	if m.store == nil {
		problems = append(problems, errors.New("session: no store"))
	}
	if m.codec == nil {
		problems = append(problems, errors.New("session: no codec"))
	}
	if m.policy == (Policy{}) {
		m.policy = DefaultPolicy()
	}
	problems = append(problems, m.policy.Check())
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	if m.clock == nil {
		m.clock = time.Now
	}
	if m.onEnd == nil {
		m.onEnd = func(context.Context, State, Reason) {}
	}
	return m, nil
}

// Login is what a session is opened with. Only UserID is required.
type Login struct {
	UserID    string
	Scope     string
	IP        string
	UserAgent string
	Device    string
}

// Grant is a session and the refresh token to present next.
type Grant struct {
	Session State
	Token   RefreshToken

	// Scope is that of the access token to issue: the session's, or the part
	// of it that [Manager.RefreshScope] asked for.
	Scope string

	// Repeated tells that the presented token had been replaced within the
	// grace, and that Token was issued before.
	Repeated bool
}

// Open opens a session of a user who has just proved who they are. Every login
// has a session of its own, whatever tokens the client held before.
func (m *Manager) Open(ctx context.Context, login Login) (Grant, error) {
	now := m.clock()
	if login.UserID == "" || now.IsZero() {
		return Grant{}, errors.New("open session: no user or no time")
	}
	s := m.policy.Start(login.UserID, now)
	s.Scope, s.IP, s.UserAgent, s.Device = login.Scope, login.IP, login.UserAgent, login.Device
	if err := m.store.Open(ctx, s); err != nil {
		return Grant{}, fmt.Errorf("open session: %w", err)
	}
	return Grant{Session: s, Token: m.token(s), Scope: s.Scope}, nil
}

// Refresh exchanges a refresh token for its one successor. An error under
// [ErrRefused] is the client's to know; any other is the store's, and leaves
// the client free to try the same token again. The caller must look the user
// up again before it issues an access token.
func (m *Manager) Refresh(ctx context.Context, token string) (Grant, error) {
	return m.RefreshScope(ctx, token, "")
}

// RefreshScope is [Manager.Refresh] for an access token with a part of the
// session's scope; an empty scope is all of it. What is not part of it is
// [ErrScope], and the token that was presented stays good. The session keeps its
// scope, so that a later refresh may ask for another part (RFC 6749 section 6:
// the new refresh token has the scope of the one before).
func (m *Manager) RefreshScope(ctx context.Context, token, scope string) (Grant, error) {
	id, presented, err := m.codec.Parse(token)
	if err != nil {
		return Grant{}, err
	}
	s, outcome, err := m.store.Rotate(ctx, id, presented, scope, m.clock(), m.policy)
	if err != nil {
		return Grant{}, fmt.Errorf("rotate session: %w", err)
	}
	if outcome == Reused {
		m.onEnd(context.WithoutCancel(ctx), s, ByReuse)
	}
	if err := outcome.Err(); err != nil {
		return Grant{}, err
	}
	if s.ID != id || s.Generation-1 != presented {
		return Grant{}, fmt.Errorf("rotate session: the store answered generation %d to %d", s.Generation, presented)
	}
	scope, err = Narrow(s.Scope, scope)
	if err != nil {
		return Grant{}, fmt.Errorf("rotate session: the store granted what it should not: %w", err)
	}
	return Grant{Session: s, Token: m.token(s), Scope: scope, Repeated: outcome == Repeated}, nil
}

// Reauthenticate notes that the user of a live session has just proved again who
// they are, and returns the session with its new [State.AuthTime], for an access
// token that passes a guard for fresh logins. The session's id, limits and
// refresh token stay. It returns [ErrEnded] for a session that is over, not there
// or another user's. Checking the password, and how often it may be wrong, is
// for the caller.
func (m *Manager) Reauthenticate(ctx context.Context, id, userID string) (State, error) {
	s, found, err := m.store.Reauthenticate(ctx, id, userID, m.clock())
	if err != nil {
		return State{}, fmt.Errorf("reauthenticate session: %w", err)
	}
	if !found {
		return State{}, ErrEnded
	}
	return s, nil
}

// End ends a session and reports whether it had not ended before. An id that
// does not exist is no error. Whether the caller may end it, by its
// [State.UserID], is for the caller to check.
func (m *Manager) End(ctx context.Context, id string) (bool, error) {
	s, ended, err := m.store.End(ctx, id, m.clock())
	if err != nil {
		return false, fmt.Errorf("end session: %w", err)
	}
	if ended {
		m.onEnd(context.WithoutCancel(ctx), s, ByRequest)
	}
	return ended, nil
}

// EndAll ends every session of a user but for the one named exceptID, which is
// empty for none, and returns how many it ended.
func (m *Manager) EndAll(ctx context.Context, userID, exceptID string) (int, error) {
	ended, err := m.store.EndAll(ctx, userID, exceptID, m.clock())
	if err != nil {
		return 0, fmt.Errorf("end sessions: %w", err)
	}
	for _, s := range ended {
		m.onEnd(context.WithoutCancel(ctx), s, ByRequest)
	}
	return len(ended), nil
}

// List returns a user's live sessions, the newest first.
func (m *Manager) List(ctx context.Context, userID string) ([]State, error) {
	sessions, err := m.store.List(ctx, userID, m.clock())
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	return sessions, nil
}

func (m *Manager) token(s State) RefreshToken {
	return RefreshToken{m.codec.Token(s.ID, s.Generation)}
}
