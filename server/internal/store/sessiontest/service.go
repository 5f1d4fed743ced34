package sessiontest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/revocation"
	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/limit"
	"github.com/durward-auth/durward/server/internal/password"
	"github.com/durward-auth/durward/session"
)

const issuer = "https://id.example.org"

// service is the server's rules over a store.
type service struct {
	*account.Service
	clock    *clock
	verifier *durward.Verifier
	users    map[string]*serviceUser
	from     audit.Origin
}

type serviceUser struct {
	account.User
	word    string
	changes int
}

// noClients stands where no client is ever asked for.
type noClients struct{ account.ClientStore }

// newService returns the rules over what open returns for a clock.
func newService(t *testing.T, clock *clock, open func(t *testing.T, clock func() time.Time) account.Store) *service {
	t.Helper()
	key, err1 := durward.GenerateKey(durward.EdDSA)
	codec, err2 := session.NewCodec(bytes.Repeat([]byte("k"), session.MinKeyLen))
	passwords, err3 := password.NewPool(password.PoolConfig{Params: password.Params{MemoryKiB: 8, Iterations: 1, Parallelism: 1}})
	limits := limit.DefaultLimits()
	limits.Pair, limits.Account, limits.Address = 100, 100, 10_000 // as many as there may be
	limiter, err4 := limit.New(limits, bytes.Repeat([]byte("l"), 16), clock.Now)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	signer, err1 := durward.NewSigner(durward.SignerConfig{Issuer: issuer, Audience: issuer, Key: key, TTL: accessLifetime, Clock: clock.Now})
	keys, err2 := durward.NewKeySet(key.Public())
	revoked := revocation.NewSet(clock.Now)
	verifier, err3 := durward.NewVerifier(durward.Config{
		Issuer: issuer, Audience: issuer, Keys: keys, Revocation: durward.RevokedIn(revoked), Clock: clock.Now,
	})
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	rules, err := account.New(account.Config{
		Store: open(t, clock.Now), Clients: noClients{}, Signer: signer, Audience: []string{issuer}, Codec: codec, Sessions: session.DefaultPolicy(), Revoked: revoked,
		Passwords: passwords, PasswordPolicy: password.Policy{MinLength: 8, MaxBytes: password.MaxBytes}, Limiter: limiter, ClientLimiter: limiter,
		Tally: audit.NewTally(1000, clock.Now), Clock: clock.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return &service{
		Service: rules, clock: clock, verifier: verifier, users: map[string]*serviceUser{},
		from: audit.Origin{Address: "192.0.2.7", UserAgent: "curl/8"},
	}
}

func (s *service) policy() (idle, absolute, grace time.Duration) {
	return s.Sessions.Idle, s.Sessions.Absolute, s.Sessions.Grace
}
func (s *service) now() time.Time       { return s.clock.Now() }
func (s *service) pass(d time.Duration) { s.clock.Advance(d) }

func (s *service) add(name string) {
	const word = "correct horse battery staple"
	u, err := s.CreateUser(context.Background(), account.NewUser{Username: name, Password: word, Scopes: []string{"a", "b", "c"}}, account.Operator, s.from)
	if err != nil {
		panic(err) // the store is broken: no history can begin
	}
	s.users[name] = &serviceUser{User: u, word: word}
}

// refused is an error of the rules in the words of this package.
func refused(err error) error {
	input, ok := errors.AsType[*account.InputError](err)
	switch {
	case ok && input.Code == "invalid_scope":
		return errScope
	case errors.Is(err, account.ErrInvalidRefresh):
		return errInvalid
	case errors.Is(err, account.ErrRefreshReused):
		return errReused
	case errors.Is(err, account.ErrInvalidCredentials), errors.Is(err, account.ErrWrongPassword):
		return errCredentials
	case errors.Is(err, durward.ErrTokenRevoked):
		return errOver
	case errors.Is(err, account.ErrBusy):
		return fmt.Errorf("%w: %w", errBusy, err)
	}
	return err
}

func (s *service) answer(access, refresh string) (answer, error) {
	c, err := s.verifier.Verify(context.Background(), access)
	if errors.Is(err, durward.ErrTokenRevoked) { // somebody else was quick to end the session
		return answer{refresh: refresh, access: access}, nil
	}
	if err != nil {
		return answer{}, fmt.Errorf("an access token that was just issued: %w", err)
	}
	return answer{c.SessionID, refresh, strings.Join(c.Scopes, " "), strings.Join(c.Roles, " "), c.AuthTime, access}, nil
}

func (s *service) login(user, scope string) (answer, error) {
	g, err := s.Login(context.Background(), account.Credentials{Username: user, Password: s.users[user].word, Scope: scope}, s.from)
	if err != nil {
		return answer{}, refused(err)
	}
	return s.answer(g.AccessToken, g.RefreshToken)
}

func (s *service) refresh(token, scope string) (answer, error) {
	g, err := s.Refresh(context.Background(), token, scope, s.from)
	if err != nil {
		return answer{}, refused(err)
	}
	return s.answer(g.AccessToken, g.RefreshToken)
}

func (s *service) by(user, id string) account.Actor {
	return account.Actor{UserID: s.users[user].ID, Name: user, SessionID: id}
}

func (s *service) reauthenticate(user, id string) (answer, error) {
	a, err := s.Reauthenticate(context.Background(), s.by(user, id), s.users[user].word, []string{"a", "b", "c"}, s.from)
	if err != nil {
		return answer{}, refused(err)
	}
	got, err := s.answer(a.Token, "")
	return got, err
}

func (s *service) logout(user, id string) error {
	return refused(s.Logout(context.Background(), s.by(user, id), s.from))
}

func (s *service) endOthers(user, id string) error {
	return s.LogoutOthers(context.Background(), s.by(user, id), s.from)
}

func (s *service) changePassword(user, id string) error {
	u := s.users[user]
	u.changes++
	next := fmt.Sprintf("the words of change %d", u.changes)
	err := s.ChangePassword(context.Background(), s.by(user, id), u.word, next, s.from)
	if err == nil {
		u.word = next
	}
	return err
}

func (s *service) disable(user string) error {
	_, err := s.Disable(context.Background(), s.users[user].ID, account.Operator, s.from)
	return err
}

func (s *service) enable(user string) error {
	_, err := s.Enable(context.Background(), s.users[user].ID, account.Operator, s.from)
	return err
}

func (s *service) setRoles(user, roles string) error {
	_, err := s.SetRoles(context.Background(), s.users[user].ID, strings.Fields(roles), account.Operator, s.from)
	return err
}

func (s *service) setScopes(user, scopes string) error {
	_, err := s.SetScopes(context.Background(), s.users[user].ID, strings.Fields(scopes), account.Operator, s.from)
	return err
}

func (s *service) live(user string) ([]string, error) {
	sessions, err := s.ListSessions(context.Background(), s.users[user].ID)
	var ids []string
	for _, one := range sessions {
		ids = append(ids, one.ID)
	}
	return ids, refused(err)
}

func (s *service) accepts(access any) bool {
	_, err := s.verifier.Verify(context.Background(), access.(string))
	return err == nil
}
