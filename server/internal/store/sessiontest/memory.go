package sessiontest

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/revocation"
	"github.com/durward-auth/durward/session"
)

// memory is the library's sessions as a program uses them, with users of its own.
type memory struct {
	clock   *clock
	manager *session.Manager
	revoked *revocation.Set
	users   map[string]*modelUser // what the program knows of its users
}

func newMemory(t *testing.T) *memory {
	t.Helper()
	m := &memory{clock: newClock(), users: map[string]*modelUser{}}
	m.revoked = revocation.NewSet(m.clock.Now)
	codec, err := session.NewCodec(bytes.Repeat([]byte("k"), session.MinKeyLen))
	if err != nil {
		t.Fatal(err)
	}
	m.manager, err = session.NewManager(session.Config{
		Store: session.NewMemory(), Codec: codec, Clock: m.clock.Now,
		OnEnd: func(_ context.Context, s session.State, _ session.Reason) {
			m.revoked.Add(revocation.Entry{Kind: revocation.Session, ID: s.ID, ExpiresAt: m.clock.Now().Add(accessLifetime)})
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func (m *memory) policy() (idle, absolute, grace time.Duration) {
	p := session.DefaultPolicy()
	return p.Idle, p.Absolute, p.Grace
}
func (m *memory) now() time.Time       { return m.clock.Now() }
func (m *memory) pass(d time.Duration) { m.clock.Advance(d) }
func (m *memory) add(user string)      { m.users[user] = &modelUser{name: user, scopes: "a b c"} }

func (m *memory) answer(u *modelUser, s session.State, refresh, scope string) answer {
	claims := durward.Claims{
		Subject: u.name, SessionID: s.ID, Version: int64(u.version), ExpiresAt: m.now().Add(accessLifetime).Truncate(time.Second),
	}
	return answer{session: s.ID, refresh: refresh, scope: scope, roles: u.roles, authTime: s.AuthTime.Truncate(time.Second), access: claims}
}

func (m *memory) login(user, scope string) (answer, error) {
	u := m.users[user]
	if u.disabled {
		return answer{}, errCredentials
	}
	scope, err := session.Narrow(u.scopes, scope)
	if err != nil {
		return answer{}, errScope
	}
	g, err := m.manager.Open(context.Background(), session.Login{UserID: user, Scope: scope})
	if err != nil {
		return answer{}, err
	}
	return m.answer(u, g.Session, g.Token.Reveal(), g.Scope), nil
}

func (m *memory) refresh(token, scope string) (answer, error) {
	g, err := m.manager.RefreshScope(context.Background(), token, scope)
	switch {
	case errors.Is(err, session.ErrScope):
		return answer{}, errScope
	case errors.Is(err, session.ErrReused):
		return answer{}, errReused
	case errors.Is(err, session.ErrRefused):
		return answer{}, errInvalid
	case err != nil:
		return answer{}, err
	}
	u := m.users[g.Session.UserID]
	return m.answer(u, g.Session, g.Token.Reveal(), both(g.Scope, u.scopes)), nil
}

func (m *memory) reauthenticate(user, id string) (answer, error) {
	u := m.users[user]
	if u.disabled {
		return answer{}, errCredentials
	}
	s, err := m.manager.Reauthenticate(context.Background(), id, user)
	if errors.Is(err, session.ErrEnded) {
		return answer{}, errOver
	}
	if err != nil {
		return answer{}, err
	}
	return m.answer(u, s, "", both(s.Scope, u.scopes)), nil
}

func (m *memory) logout(_, id string) error {
	_, err := m.manager.End(context.Background(), id)
	return err
}

func (m *memory) endOthers(user, id string) error {
	_, err := m.manager.EndAll(context.Background(), user, id)
	return err
}

func (m *memory) changePassword(user, id string) error {
	m.raise(m.users[user])
	return m.endOthers(user, id)
}

func (m *memory) disable(user string) error {
	m.users[user].disabled = true
	m.raise(m.users[user])
	return m.endOthers(user, "")
}

func (m *memory) enable(user string) error {
	m.users[user].disabled = false
	return nil
}

func (m *memory) setRoles(user, roles string) error {
	m.users[user].roles = roles
	m.raise(m.users[user])
	return nil
}

// setScopes is nothing that a session.Manager knows of: what a user may have is the program's to look up.
func (m *memory) setScopes(string, string) error { return errNone }

func (m *memory) raise(u *modelUser) {
	u.version++
	m.revoked.Add(revocation.Entry{Kind: revocation.Subject, ID: u.name, Below: int64(u.version), ExpiresAt: m.now().Add(accessLifetime)})
}

func (m *memory) live(user string) ([]string, error) {
	sessions, err := m.manager.List(context.Background(), user)
	var ids []string
	for _, s := range sessions {
		ids = append(ids, s.ID)
	}
	return ids, err
}

func (m *memory) accepts(access any) bool {
	c := access.(durward.Claims)
	_, revoked := m.revoked.Revoked("", c.SessionID, "", c.Subject, c.Version)
	return m.now().Before(c.ExpiresAt) && !revoked
}
