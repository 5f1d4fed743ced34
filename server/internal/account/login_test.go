package account_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/password"
)

// nobodies are logins that must look alike from outside.
func (o *office) nobodies() map[string]account.Credentials {
	o.t.Helper()
	o.user("alice", nil, nil)
	off := o.user("bob", nil, nil)
	gone := o.user("carol", nil, nil)
	_, err := o.Disable(o.t.Context(), off.ID, account.Operator, cli)
	must(o.t, err)
	must(o.t, o.DeleteUser(o.t.Context(), gone.ID, account.Operator, cli))
	return map[string]account.Credentials{
		"a wrong password":                  {Username: "alice", Password: "wrong horse battery"},
		"a disabled user":                   {Username: "bob", Password: goodWord},
		"a disabled user, a wrong password": {Username: "bob", Password: "wrong horse battery"},
		"a deleted user":                    {Username: "carol", Password: goodWord},
		"an unknown name":                   {Username: "nobody", Password: goodWord},
		"a name that nobody can have":       {Username: "no\nbody", Password: goodWord},
		"an empty name":                     {Password: goodWord},
		"an empty password":                 {Username: "alice"},
		"a scope that the user has not":     {Username: "alice", Password: "wrong horse battery", Scope: "write"},
	}
}

func TestAllFailedLoginsLookAlike(t *testing.T) {
	o := open(t)
	for name, c := range o.nobodies() {
		t.Run(name, func(t *testing.T) {
			g, err := o.Login(t.Context(), c, home)
			if err != account.ErrInvalidCredentials || g.AccessToken != "" || g.RefreshToken != "" || g.User.ID != "" { // the very value
				t.Errorf("Login: got %v and a grant of %q, want ErrInvalidCredentials and none", err, g.User.ID)
			}
		})
	}
}

// A pool in which there is no time left refuses everybody: the password of an unknown name is
// hashed like any other.
func TestAFullPoolRefusesKnownAndUnknownNamesAlike(t *testing.T) {
	o := open(t)
	logins := o.nobodies()
	logins["the right password"] = account.Credentials{Username: "alice", Password: goodWord}
	// Takes some second a hash until it has measured one, which it never does here.
	slow := newPool(t, password.Params{MemoryKiB: 64 * 1024, Iterations: 16, Parallelism: 1})
	busy := o.with(func(c *account.Config) { c.Passwords = slow })
	before := len(o.events())
	for name, c := range logins {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
			defer cancel()
			_, err := busy.Login(ctx, c, home)
			var full *account.BusyError
			if !errors.As(err, &full) || !errors.Is(err, account.ErrBusy) || full.RetryAfter < time.Second {
				t.Errorf("Login: got %v, want a BusyError with at least a second", err)
			}
		})
	}
	if after := len(o.events()); after != before {
		t.Errorf("audit log: got %d new events, want none: no password was looked at", after-before)
	}
	// Refused like this they did not count: all the attempts from here are left.
	for range 10 {
		_, err := o.try("alice", "wrong horse battery", home)
		wantError(t, "a wrong password afterwards", err, account.ErrInvalidCredentials)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	_, err := busy.Register(ctx, account.NewUser{Username: "dora", Password: goodWord}, home)
	wantError(t, "Register in a full pool", err, account.ErrBusy)
}

func TestALoginOpensASessionOfItsOwn(t *testing.T) {
	o := open(t)
	u := o.user("alice", nil, nil)
	first := o.login("alice")
	o.clock.Advance(time.Minute)
	second, err := o.try("alice", goodWord, away)
	must(t, err)
	if first.SessionID == second.SessionID || first.RefreshToken == second.RefreshToken || first.AccessToken == second.AccessToken {
		t.Error("two logins: got something in common, want two sessions")
	}
	sessions, err := o.ListSessions(t.Context(), u.ID)
	must(t, err)
	if len(sessions) != 2 || sessions[0].ID != second.SessionID || sessions[0].Address != away.Address || sessions[0].UserAgent != away.UserAgent {
		t.Errorf("ListSessions: got %+v, want both, the last used first", sessions)
	}
	if first.ExpiresIn != 15*time.Minute || first.RefreshExpiresIn != 30*24*time.Hour {
		t.Errorf("lifetimes: got %v and %v, want 15 minutes and 30 days", first.ExpiresIn, first.RefreshExpiresIn)
	}
}

func TestScopesNarrow(t *testing.T) {
	o := open(t)
	u := o.user("alice", nil, []string{"orders:read", "orders:write"})
	for asked, want := range map[string]string{
		"":                                     "orders:read orders:write",
		"orders:read":                          "orders:read",
		"orders:write  orders:write":           "orders:write",
		"orders:write orders:read orders:read": "orders:write orders:read",
	} {
		g, err := o.Login(t.Context(), account.Credentials{Username: "alice", Password: goodWord, Scope: asked}, home)
		must(t, err)
		claims := o.accepted("login", g)
		if got := strings.Join(g.Scopes, " "); got != want || strings.Join(claims.Scopes, " ") != want {
			t.Errorf("scope %q: got %q in the grant and %v in the token, want %q", asked, got, claims.Scopes, want)
		}
	}
	_, err := o.Login(t.Context(), account.Credentials{Username: "alice", Password: goodWord, Scope: "orders:read admin"}, home)
	wantInput(t, "a scope beyond the user's", err, "invalid_scope")

	narrow, err := o.Login(t.Context(), account.Credentials{Username: "alice", Password: goodWord, Scope: "orders:read"}, home)
	must(t, err)
	whole := o.login("alice")
	_, err = o.SetScopes(t.Context(), u.ID, []string{"orders:read", "orders:audit"}, account.Operator, cli)
	must(t, err)
	o.refused("the token of before", whole)
	for _, tt := range []struct {
		what string
		g    account.Grant
	}{
		{"a session that asked for all", whole}, {"a session that asked for one", narrow},
	} {
		next, err := o.refresh(tt.g)
		must(t, err)
		if got := strings.Join(o.accepted(tt.what, next).Scopes, " "); got != "orders:read" {
			t.Errorf("%s, refreshed: got %q, want what it was granted and the user still has: orders:read", tt.what, got)
		}
	}
}

func TestAnImportedHashIsReplacedAtTheFirstLogin(t *testing.T) {
	for name, hash := range map[string]string{
		"bcrypt":          "$2b$05$abcdefghijklmnopqrstuuD3mHdCr44zlIZ.VZCaYRpfQhXMYnEo.",
		"Werkzeug scrypt": "scrypt:1024:8:1$ks9s2VoFyWQPZGxO$125ac3bae4a0890cad6a276a63ab90576e3c6308c7f22e232318c0f39ea067f34d4f8e8806b22a0ff64c57e43813c9018c120953fbf0a9c445ed1282f1966456",
		"Django PBKDF2":   "pbkdf2_sha256$1000$sMFX2KvUbtDdrKeRJcpqMW$nwqHvCva2GpSQYXzEWdKhWG98UixYP6gvnaYR11JQXk=",
	} {
		t.Run(name, func(t *testing.T) {
			o := open(t)
			const word = "correct horse battery"
			_, err := o.CreateUser(t.Context(), account.NewUser{Username: "alice", PasswordHash: hash}, account.Operator, cli)
			must(t, err)
			_, err = o.try("alice", "wrong horse battery", home)
			wantError(t, "a wrong password", err, account.ErrInvalidCredentials)
			if got := o.storedHash("alice"); got != hash {
				t.Error("the hash after a wrong password: got another one, want it untouched")
			}
			_, err = o.try("alice", word, home)
			must(t, err)
			replaced := o.storedHash("alice")
			if !strings.HasPrefix(replaced, "$argon2id$") {
				t.Errorf("the hash after the first login: got one that begins with %.8q, want Argon2id", replaced)
			}
			_, err = o.try("alice", word, home)
			must(t, err)
			if o.storedHash("alice") != replaced {
				t.Error("the hash after the second login: got another one, want it kept")
			}
		})
	}
}

func (o *office) storedHash(name string) string {
	o.t.Helper()
	_, hash, err := o.db.Credentials(o.t.Context(), name)
	must(o.t, err)
	return hash
}
