package account_test

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/durwardtest"
	"github.com/durward-auth/durward/revocation"
	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/limit"
	"github.com/durward-auth/durward/server/internal/password"
	"github.com/durward-auth/durward/server/internal/store"
	"github.com/durward-auth/durward/session"
)

const (
	issuer   = "https://id.example.org"
	goodWord = "correct horse battery staple"
	newWord  = "several other plain words"
)

var (
	home = audit.Origin{Address: "192.0.2.7", UserAgent: "curl/8", RequestID: "r1"}
	away = audit.Origin{Address: "198.51.100.9", UserAgent: "firefox", RequestID: "r2"}
	cli  = audit.Origin{Address: "cli"}
)

// office is the rules over a real store, with a clock that stands still.
type office struct {
	*account.Service
	t        testing.TB
	db       *store.DB
	clock    *durwardtest.Clock
	verifier *durward.Verifier
	config   account.Config
}

// open starts an office; changes are applied to its configuration.
func open(t testing.TB, changes ...func(*account.Config)) *office {
	t.Helper()
	clock := durwardtest.NewClock(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC))
	db, err := store.Open(t.Context(), store.Config{Path: filepath.Join(t.TempDir(), "durward.db"), Clock: clock.Now})
	must(t, err)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close the store: %v", err)
		}
	})
	key, err := durward.GenerateKey(durward.ES256)
	must(t, err)
	signer, err := durward.NewSigner(durward.SignerConfig{Issuer: issuer, Audience: issuer, Key: key, Clock: clock.Now})
	must(t, err)
	codec, err := session.NewCodec(bytes.Repeat([]byte("k"), session.MinKeyLen))
	must(t, err)
	revoked := revocation.NewSet(clock.Now)
	o := &office{t: t, db: db, clock: clock, config: account.Config{
		Store: db, Clients: db, Signer: signer, Audience: []string{issuer}, Codec: codec, Sessions: session.DefaultPolicy(), Revoked: revoked,
		Passwords:        newPool(t, password.Params{MemoryKiB: 8, Iterations: 1, Parallelism: 1}),
		PasswordPolicy:   password.Policy{MinLength: 8, MaxBytes: password.MaxBytes},
		Limiter:          newLimiter(t, clock),
		ClientLimiter:    newLimiter(t, clock),
		Tally:            audit.NewTally(1000, clock.Now),
		OpenRegistration: true, Clock: clock.Now,
	}}
	for _, change := range changes {
		change(&o.config)
	}
	o.Service, err = account.New(o.config)
	must(t, err)
	keys, err := durward.NewKeySet(key.Public())
	must(t, err)
	o.verifier, err = durward.NewVerifier(durward.Config{
		Issuer: issuer, Audience: issuer, Keys: keys, Revocation: durward.RevokedIn(revoked), Clock: clock.Now,
	})
	must(t, err)
	return o
}

func newPool(t testing.TB, params password.Params) *password.Pool {
	t.Helper()
	pool, err := password.NewPool(password.PoolConfig{Params: params})
	must(t, err)
	return pool
}

func newLimiter(t testing.TB, clock *durwardtest.Clock) *limit.Limiter {
	t.Helper()
	limiter, err := limit.New(limit.DefaultLimits(), bytes.Repeat([]byte("l"), 16), clock.Now)
	must(t, err)
	return limiter
}

// with is the same office with another configuration over the same store.
func (o *office) with(change func(*account.Config)) *office {
	o.t.Helper()
	other := *o
	change(&other.config)
	var err error
	other.Service, err = account.New(other.config)
	must(o.t, err)
	return &other
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// user creates a user with the good password.
func (o *office) user(name string, roles, scopes []string) account.User {
	o.t.Helper()
	u, err := o.CreateUser(o.t.Context(), account.NewUser{Username: name, Password: goodWord, Roles: roles, Scopes: scopes}, account.Operator, cli)
	must(o.t, err)
	return u
}

func (o *office) try(name, word string, from audit.Origin) (account.Grant, error) {
	return o.Login(o.t.Context(), account.Credentials{Username: name, Password: word}, from)
}

func (o *office) login(name string) account.Grant {
	o.t.Helper()
	g, err := o.try(name, goodWord, home)
	must(o.t, err)
	return g
}

// actor is who presents the access token of a grant.
func actor(g account.Grant) account.Actor {
	return account.Actor{UserID: g.User.ID, Name: g.User.Name, SessionID: g.SessionID}
}

func (o *office) verify(g account.Grant) (durward.Claims, error) {
	return o.verifier.Verify(o.t.Context(), g.AccessToken)
}

// accepted and refused say what becomes of an access token at this moment.
func (o *office) accepted(what string, g account.Grant) durward.Claims {
	o.t.Helper()
	claims, err := o.verify(g)
	if err != nil {
		o.t.Errorf("%s: got %v, want the access token accepted", what, err)
	}
	return claims
}

func (o *office) refused(what string, g account.Grant) {
	o.t.Helper()
	if _, err := o.verify(g); !errors.Is(err, durward.ErrTokenRevoked) {
		o.t.Errorf("%s: got %v, want the access token revoked", what, err)
	}
}

func (o *office) refresh(g account.Grant) (account.Grant, error) {
	return o.Refresh(o.t.Context(), g.RefreshToken, "", home)
}

// events returns the audit log, oldest first.
func (o *office) events() []audit.Event {
	o.t.Helper()
	events, err := o.db.Events(context.WithoutCancel(o.t.Context()), audit.Query{Limit: 1000})
	must(o.t, err)
	slices.Reverse(events)
	return events
}

func wantError(t testing.TB, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func wantInput(t testing.TB, what string, err error, code string) {
	t.Helper()
	var input *account.InputError
	if !errors.As(err, &input) || input.Code != code {
		t.Errorf("%s: got %v, want an InputError %s", what, err, code)
		return
	}
	if input.Detail == "" {
		t.Errorf("%s: got no detail, want a sentence", what)
	}
}
