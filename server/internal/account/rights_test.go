package account_test

import (
	"strings"
	"testing"

	"github.com/durward-auth/durward/server/internal/account"
)

func TestNewRolesAreInTheNextToken(t *testing.T) {
	o := open(t)
	u := o.user("alice", []string{"clerk"}, nil)
	g := o.login("alice")
	changed, err := o.SetRoles(t.Context(), u.ID, []string{"auditor", "auditor"}, account.Operator, cli)
	must(t, err)
	if strings.Join(changed.Roles, " ") != "auditor" || changed.Version != u.Version+1 {
		t.Errorf("SetRoles: got roles %v and version %d, want auditor and %d", changed.Roles, changed.Version, u.Version+1)
	}
	o.refused("the token with the old role", g)
	next, err := o.refresh(g)
	must(t, err)
	claims := o.accepted("the session lives on", next)
	if strings.Join(claims.Roles, " ") != "auditor" || claims.Version != changed.Version {
		t.Errorf("the next token: got roles %v and version %d, want auditor and %d", claims.Roles, claims.Version, changed.Version)
	}
	_, err = o.SetRoles(t.Context(), u.ID, nil, account.Operator, cli)
	must(t, err)
	o.refused("the token with the role that was taken", next)
	if claims := o.accepted("a login without roles", o.login("alice")); len(claims.Roles) != 0 {
		t.Errorf("a login without roles: got %v, want none", claims.Roles)
	}
}

func TestADisabledUserComesBackOnlyWhenEnabled(t *testing.T) {
	o := open(t)
	u := o.user("alice", nil, nil)
	disabled, err := o.Disable(t.Context(), u.ID, account.Operator, cli)
	must(t, err)
	if !disabled.Disabled() {
		t.Error("Disable: got an enabled user, want a disabled one")
	}
	_, err = o.try("alice", goodWord, home)
	wantError(t, "Login", err, account.ErrInvalidCredentials)
	_, err = o.IssueToken(t.Context(), disabled, "", account.Operator, cli)
	wantInput(t, "IssueToken", err, "invalid_request")
	// Read before the disabling, it is refused by the store.
	_, err = o.IssueToken(t.Context(), u, "", account.Operator, cli)
	wantError(t, "IssueToken with what was read before", err, account.ErrInvalidCredentials)

	must(t, o.ResetPassword(t.Context(), u.ID, newWord, account.Operator, cli))
	_, err = o.try("alice", newWord, home)
	wantError(t, "Login with a new password", err, account.ErrInvalidCredentials)
	enabled, err := o.Enable(t.Context(), u.ID, account.Operator, cli)
	must(t, err)
	if enabled.Disabled() {
		t.Error("Enable: got a disabled user, want an enabled one")
	}
	if _, err := o.try("alice", newWord, home); err != nil {
		t.Errorf("Login when enabled: got %v, want none", err)
	}
}

func TestADeletedNameIsAnotherUser(t *testing.T) {
	o := open(t)
	u := o.user("alice", []string{"clerk"}, nil)
	g := o.login("alice")
	must(t, o.DeleteUser(t.Context(), u.ID, account.Operator, cli))
	_, err := o.GetUser(t.Context(), u.ID)
	wantError(t, "GetUser", err, account.ErrUserNotFound)
	_, err = o.FindUser(t.Context(), "Alice")
	wantError(t, "FindUser", err, account.ErrUserNotFound)

	again := o.user("alice", nil, nil)
	if again.ID == u.ID {
		t.Error("the same name again: got the id of the deleted user, want another")
	}
	fresh := o.accepted("a login of the new user", o.login("alice"))
	if fresh.Subject != again.ID || len(fresh.Roles) != 0 {
		t.Errorf("a login of the new user: got the subject %q with roles %v, want %q without", fresh.Subject, fresh.Roles, again.ID)
	}
	o.refused("the deleted user's token", g)
	_, err = o.refresh(g)
	wantError(t, "the deleted user's session", err, account.ErrInvalidRefresh)
}

func TestTheLastAdministratorStays(t *testing.T) {
	o := open(t)
	first, second := o.user("root", []string{"admin"}, nil), o.user("toor", []string{"admin"}, nil)
	// A disabled administrator is none.
	_, err := o.Disable(t.Context(), second.ID, account.Operator, cli)
	must(t, err)
	g := o.login("root")
	for name, act := range map[string]func() error{
		"losing the role": func() error {
			_, err := o.SetRoles(t.Context(), first.ID, []string{"clerk"}, actor(g), home)
			return err
		},
		"disabling": func() error {
			_, err := o.Disable(t.Context(), first.ID, actor(g), home)
			return err
		},
		"a deletion":              func() error { return o.DeleteUser(t.Context(), first.ID, account.Operator, cli) },
		"a deletion by the admin": func() error { return o.DeleteAccount(t.Context(), actor(g), home) },
	} {
		before := len(o.events())
		wantError(t, name, act(), account.ErrLastAdmin)
		o.accepted(name, g)
		if rows := len(o.events()) - before; rows != 0 {
			t.Errorf("%s: got %d audit rows, want none for what did not happen", name, rows)
		}
	}
	if _, err := o.SetRoles(t.Context(), first.ID, []string{"admin", "clerk"}, actor(g), home); err != nil {
		t.Errorf("another role beside admin: got %v, want none", err)
	}
	_, err = o.Enable(t.Context(), second.ID, account.Operator, cli)
	must(t, err)
	must(t, o.DeleteUser(t.Context(), first.ID, account.Operator, cli))
}

func TestUnknownUsersAreNotFound(t *testing.T) {
	o := open(t)
	nobody := account.Actor{UserID: "unknown", Name: "nobody", SessionID: "unknown"}
	ctx := t.Context()
	for name, act := range map[string]func() error{
		"GetUser":         func() error { _, err := o.GetUser(ctx, "unknown"); return err },
		"FindUser":        func() error { _, err := o.FindUser(ctx, "nobody"); return err },
		"FindUser of \\n": func() error { _, err := o.FindUser(ctx, "\n"); return err },
		"SetRoles":        func() error { _, err := o.SetRoles(ctx, "unknown", nil, account.Operator, cli); return err },
		"SetScopes":       func() error { _, err := o.SetScopes(ctx, "unknown", nil, account.Operator, cli); return err },
		"Disable":         func() error { _, err := o.Disable(ctx, "unknown", account.Operator, cli); return err },
		"Enable":          func() error { _, err := o.Enable(ctx, "unknown", account.Operator, cli); return err },
		"RevokeUser":      func() error { return o.RevokeUser(ctx, "unknown", account.Operator, cli) },
		"DeleteUser":      func() error { return o.DeleteUser(ctx, "unknown", account.Operator, cli) },
		"ResetPassword":   func() error { return o.ResetPassword(ctx, "unknown", newWord, account.Operator, cli) },
		"ChangePassword":  func() error { return o.ChangePassword(ctx, nobody, goodWord, newWord, home) },
		"ChangeEmail":     func() error { _, err := o.ChangeEmail(ctx, nobody, "a@example.org", home); return err },
		"LogoutAll":       func() error { return o.LogoutAll(ctx, nobody, home) },
		"IssueToken": func() error {
			_, err := o.IssueToken(ctx, account.User{ID: "unknown"}, "", account.Operator, cli)
			return err
		},
	} {
		wantError(t, name, act(), account.ErrUserNotFound)
	}
	if events := o.events(); len(events) != 0 {
		t.Errorf("audit log: got %+v, want nothing", events)
	}
}

func TestUsersAreListedAndFound(t *testing.T) {
	o := open(t)
	for _, name := range []string{"carol", "Alice", "bob"} {
		o.user(name, nil, nil)
	}
	page, err := o.ListUsers(t.Context(), account.Page{Limit: 2})
	must(t, err)
	rest, err := o.ListUsers(t.Context(), account.Page{After: page[len(page)-1].Canonical, Limit: 2})
	must(t, err)
	var names []string
	for _, u := range append(page, rest...) {
		names = append(names, u.Name)
	}
	if got := strings.Join(names, " "); got != "Alice bob carol" || len(page) != 2 {
		t.Errorf("ListUsers: got %q, two of them on the first page %v, want Alice bob carol", got, len(page) == 2)
	}
	found, err := o.FindUser(t.Context(), "ALICE")
	must(t, err)
	if found.Name != "Alice" {
		t.Errorf("FindUser: got %q, want Alice", found.Name)
	}
}

func TestAnEmailAddressCanBeChangedAndRemoved(t *testing.T) {
	o := open(t)
	o.user("alice", nil, nil)
	g := o.login("alice")
	for email, want := range map[string]string{"Alice@EXAMPLE.org": "Alice@example.org", "": ""} {
		u, err := o.ChangeEmail(t.Context(), actor(g), email, home)
		must(t, err)
		if u.Email != want {
			t.Errorf("ChangeEmail to %q: got %q, want %q", email, u.Email, want)
		}
	}
	o.accepted("after a change of the e-mail address", g)
}
