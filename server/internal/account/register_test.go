package account_test

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/audit"
)

func TestARegisteredUserHasNoRightsAndCanLogIn(t *testing.T) {
	o := open(t)
	u, err := o.Register(t.Context(), account.NewUser{
		Username: "Alice", Password: goodWord, Email: "alice@Example.org", Roles: []string{"admin"}, Scopes: []string{"write"},
		PasswordHash: "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", // of U*U
	}, home)
	must(t, err)
	if u.Name != "Alice" || u.Canonical != "alice" || u.Email != "alice@example.org" || len(u.Roles)+len(u.Scopes) != 0 || u.Version != 1 || !u.CreatedAt.Equal(o.clock.Now()) {
		t.Errorf("Register: got %+v, want Alice without roles and scopes, version 1", u)
	}
	stored, err := o.GetUser(t.Context(), u.ID)
	must(t, err)
	if len(stored.Roles)+len(stored.Scopes) != 0 {
		t.Errorf("stored user: got roles %v and scopes %v, want none", stored.Roles, stored.Scopes)
	}
	_, err = o.try("alice", "U*U", home)
	wantError(t, "login with the password of a hash that came along", err, account.ErrInvalidCredentials)
	for _, name := range []string{"alice", "ALICE", "\uff21lice"} {
		g, err := o.try(name, goodWord, home)
		must(t, err)
		if g.User.ID != u.ID {
			t.Errorf("login as %q: got the user %q, want %q", name, g.User.ID, u.ID)
		}
	}
}

func TestANameIsTakenOnceInAllItsSpellings(t *testing.T) {
	o := open(t)
	var made, taken atomic.Int64
	var done sync.WaitGroup
	for _, name := range []string{"alice", "Alice", "ALICE", "\uff41lice", "alice", "aLiCe"} {
		done.Go(func() {
			_, err := o.Register(t.Context(), account.NewUser{Username: name, Password: goodWord}, home)
			switch {
			case err == nil:
				made.Add(1)
			case errors.Is(err, account.ErrUsernameTaken):
				taken.Add(1)
			default:
				t.Errorf("Register(%q): %v", name, err)
			}
		})
	}
	done.Wait()
	if made.Load() != 1 || taken.Load() != 5 {
		t.Errorf("six spellings at once: got %d users and %d refusals, want 1 and 5", made.Load(), taken.Load())
	}
}

func TestRegistrationCanBeClosed(t *testing.T) {
	o := open(t, func(c *account.Config) { c.OpenRegistration = false })
	_, err := o.Register(t.Context(), account.NewUser{Username: "alice", Password: goodWord}, home)
	wantError(t, "Register", err, account.ErrRegistrationClosed)
	if _, err := o.FindUser(t.Context(), "alice"); !errors.Is(err, account.ErrUserNotFound) {
		t.Errorf("FindUser: got %v, want ErrUserNotFound", err)
	}
	o.user("alice", nil, nil) // by an administrator
	o.login("alice")
}

func TestInputIsRefusedWithWhatToChange(t *testing.T) {
	o := open(t)
	admin := o.user("root", []string{"admin"}, nil)
	many := strings.Fields(strings.Repeat("role ", 33))
	for name, tt := range map[string]struct {
		user account.NewUser
		code string
	}{
		"no name":                          {account.NewUser{Password: goodWord}, "invalid_username"},
		"a control character in the name":  {account.NewUser{Username: "ali\x00ce", Password: goodWord}, "invalid_username"},
		"a line break in the name":         {account.NewUser{Username: "alice\nroot", Password: goodWord}, "invalid_username"},
		"two scripts in the name":          {account.NewUser{Username: "\u0430lice", Password: goodWord}, "invalid_username"},
		"a megabyte of a name":             {account.NewUser{Username: strings.Repeat("a", 1<<20), Password: goodWord}, "invalid_username"},
		"a short password":                 {account.NewUser{Username: "alice", Password: "kq7vzr2"}, "weak_password"},
		"a common password":                {account.NewUser{Username: "alice", Password: "Password1!"}, "weak_password"},
		"the name in the password":         {account.NewUser{Username: "Alice", Password: "alice2026!"}, "weak_password"},
		"a password of a megabyte":         {account.NewUser{Username: "alice", Password: strings.Repeat("a", 1<<20)}, "weak_password"},
		"a password that is not UTF-8":     {account.NewUser{Username: "alice", Password: goodWord + "\xff"}, "weak_password"},
		"an e-mail address with two @":     {account.NewUser{Username: "alice", Password: goodWord, Email: "a@good.example@evil.example"}, "invalid_email"},
		"a line break in the e-mail":       {account.NewUser{Username: "alice", Password: goodWord, Email: "a@example.org\r\nBcc: b@example.org"}, "invalid_email"},
		"a hash of MD5":                    {account.NewUser{Username: "alice", PasswordHash: "md5$salt$67a1e09bb1f83f5007dc119c14d663aa"}, "invalid_request"},
		"a hash of cost 31":                {account.NewUser{Username: "alice", PasswordHash: "$2b$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"}, "invalid_request"},
		"a role with a space":              {account.NewUser{Username: "alice", Password: goodWord, Roles: []string{"a b"}}, "invalid_role"},
		"an empty role":                    {account.NewUser{Username: "alice", Password: goodWord, Roles: []string{""}}, "invalid_role"},
		"33 roles":                         {account.NewUser{Username: "alice", Password: goodWord, Roles: many}, "invalid_role"},
		"a scope with a quotation mark":    {account.NewUser{Username: "alice", Password: goodWord, Scopes: []string{`a"b`}}, "invalid_scope"},
		"a scope of 65 characters":         {account.NewUser{Username: "alice", Password: goodWord, Scopes: []string{strings.Repeat("a", 65)}}, "invalid_scope"},
		"a scope with a letter of another": {account.NewUser{Username: "alice", Password: goodWord, Scopes: []string{"\u00e9"}}, "invalid_scope"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := o.CreateUser(t.Context(), tt.user, account.Operator, cli)
			wantInput(t, "CreateUser", err, tt.code)
			if tt.user.Password != goodWord && tt.user.Password != "" && err != nil && strings.Contains(err.Error(), tt.user.Password) {
				t.Errorf("CreateUser: got %q, want no password in it", err)
			}
		})
	}
	_, err := o.SetRoles(t.Context(), admin.ID, []string{"admin", "a b"}, account.Operator, cli)
	wantInput(t, "SetRoles", err, "invalid_role")
	_, err = o.SetScopes(t.Context(), admin.ID, []string{"a b"}, account.Operator, cli)
	wantInput(t, "SetScopes", err, "invalid_scope")
	g := o.login("root")
	_, err = o.ChangeEmail(t.Context(), actor(g), "nobody", home)
	wantInput(t, "ChangeEmail", err, "invalid_email")
	wantInput(t, "ResetPassword", o.ResetPassword(t.Context(), admin.ID, "root1234", account.Operator, cli), "weak_password")
	wantInput(t, "ChangePassword to a weak one", o.ChangePassword(t.Context(), actor(g), goodWord, "12345678", home), "weak_password")
	wantInput(t, "ChangePassword from a broken one", o.ChangePassword(t.Context(), actor(g), "\xff", newWord, home), "invalid_request")
	_, err = o.try("root", strings.Repeat("a", 1025), home)
	wantInput(t, "Login with 1,025 bytes", err, "invalid_request")
	_, err = o.try("root", goodWord+"\xff", home)
	wantInput(t, "Login with a password that is not UTF-8", err, "invalid_request")

	// Nothing of this was stored or recorded.
	users, err := o.ListUsers(t.Context(), account.Page{Limit: 10})
	must(t, err)
	if len(users) != 1 {
		t.Errorf("users: got %d, want root alone", len(users))
	}
	if events := o.events(); len(events) != 2 || events[1].Action != audit.SessionLogin {
		t.Errorf("audit log: got %+v, want the creation and the login of root alone", events)
	}
	o.accepted("after refused changes", g)
}

func TestRolesAreASortedSet(t *testing.T) {
	o := open(t)
	u := o.user("alice", []string{"b", "a", "b"}, []string{"write", "read", "read"})
	if strings.Join(u.Roles, " ") != "a b" || strings.Join(u.Scopes, " ") != "read write" {
		t.Errorf("CreateUser: got %v and %v, want each once in order", u.Roles, u.Scopes)
	}
}

func TestAServiceNeedsAllItsParts(t *testing.T) {
	whole := open(t).config
	for name, change := range map[string]func(*account.Config){
		"no store":        func(c *account.Config) { c.Store = nil },
		"no signer":       func(c *account.Config) { c.Signer = nil },
		"no audience":     func(c *account.Config) { c.Audience = nil },
		"no codec":        func(c *account.Config) { c.Codec = nil },
		"no revocations":  func(c *account.Config) { c.Revoked = nil },
		"no passwords":    func(c *account.Config) { c.Passwords = nil },
		"no limiter":      func(c *account.Config) { c.Limiter = nil },
		"no tally":        func(c *account.Config) { c.Tally = nil },
		"no clock":        func(c *account.Config) { c.Clock = nil },
		"no idle limit":   func(c *account.Config) { c.Sessions.Idle = 0 },
		"a lax policy":    func(c *account.Config) { c.PasswordPolicy.MinLength = 1 },
		"a policy of 2 K": func(c *account.Config) { c.PasswordPolicy.MaxBytes = 2048 },
	} {
		c := whole
		change(&c)
		if s, err := account.New(c); err == nil || s != nil {
			t.Errorf("New with %s: got a service, want an error", name)
		}
	}
}
