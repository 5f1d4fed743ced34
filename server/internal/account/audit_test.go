package account_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/audit"
)

// An act is described by what its one row of the audit log says.
type act struct {
	what string
	do   func() error
	want audit.Event
}

// acts are done in their order by alice, whose latest grant is g, and by the operator.
func acts(o *office, alice account.User, g *account.Grant) []act {
	ctx := o.t.Context()
	self := func(action audit.Action, outcome audit.Outcome, reason string) audit.Event {
		return audit.Event{Action: action, Outcome: outcome, Reason: reason, ActorID: alice.ID, ActorName: "alice", SubjectID: alice.ID, SubjectName: "alice", Origin: home}
	}
	operator := func(action audit.Action, reason string) audit.Event {
		return audit.Event{Action: action, Outcome: audit.Success, Reason: reason, ActorName: "operator", SubjectID: alice.ID, SubjectName: "alice", Origin: cli}
	}
	failed := func(reason, id, name string) audit.Event {
		return audit.Event{Action: audit.SessionLogin, Outcome: audit.Refused, Reason: reason, ActorID: id, ActorName: name, SubjectID: id, Origin: home}
	}
	wrong := func(name string) func() error {
		return func() error {
			_, err := o.try(name, "wrong horse battery", home)
			return refusedAs(err, account.ErrInvalidCredentials)
		}
	}
	return []act{
		{"a login", func() (err error) { *g, err = o.try("alice", goodWord, home); return err }, self(audit.SessionLogin, audit.Success, "")},
		{"a wrong password", wrong("ALICE"), failed("wrong_password", alice.ID, "ALICE")},
		{"an unknown name", wrong("nobody"), failed("unknown_user", "", "nobody")},
		{"a refresh", func() (err error) { *g, err = o.refresh(*g); return err }, self(audit.SessionRefresh, audit.Success, "")},
		{"an e-mail address", func() error { _, err := o.ChangeEmail(ctx, actor(*g), "alice@example.org", home); return err }, self(audit.UserUpdate, audit.Success, "email")},
		{"a wrong current password", func() error {
			return refusedAs(o.ChangePassword(ctx, actor(*g), "wrong horse battery", newWord, home), account.ErrWrongPassword)
		}, self(audit.UserPassword, audit.Refused, "wrong_password")},
		{"a new password", func() error { return o.ChangePassword(ctx, actor(*g), goodWord, newWord, home) }, self(audit.UserPassword, audit.Success, "")},
		{"a logout", func() error { return o.Logout(ctx, actor(*g), home) }, self(audit.SessionLogout, audit.Success, "")},
		{"a logout everywhere", func() error { return o.LogoutAll(ctx, actor(*g), home) }, self(audit.SessionEndAll, audit.Success, "")},
		{"an operator's token", func() (err error) { *g, err = o.IssueToken(ctx, alice, "", account.Operator, cli); return err }, operator(audit.TokenIssue, "")},
		{"the end of a session", func() error { return o.EndSession(ctx, actor(*g), g.SessionID, home) }, self(audit.SessionEnd, audit.Success, "")},
		{"roles", func() error {
			_, err := o.SetRoles(ctx, alice.ID, []string{"clerk"}, account.Operator, cli)
			return err
		}, operator(audit.UserRoles, "")},
		{"scopes", func() error {
			_, err := o.SetScopes(ctx, alice.ID, []string{"read"}, account.Operator, cli)
			return err
		}, operator(audit.UserScopes, "")},
		{"a reset password", func() error { return o.ResetPassword(ctx, alice.ID, goodWord, account.Operator, cli) }, operator(audit.UserPassword, "reset")},
		{"a revocation", func() error { return o.RevokeUser(ctx, alice.ID, account.Operator, cli) }, operator(audit.UserRevoke, "")},
		{"a disabling", func() error { _, err := o.Disable(ctx, alice.ID, account.Operator, cli); return err }, operator(audit.UserDisable, "")},
		{"a login while disabled", func() error {
			_, err := o.try("alice", goodWord, home)
			return refusedAs(err, account.ErrInvalidCredentials)
		}, failed("disabled", alice.ID, "alice")},
		{"an enabling", func() error { _, err := o.Enable(ctx, alice.ID, account.Operator, cli); return err }, operator(audit.UserEnable, "")},
		{"a deletion", func() error { return o.DeleteUser(ctx, alice.ID, account.Operator, cli) }, operator(audit.UserDelete, "")},
	}
}

// refusedAs is nil for the refusal that an act is to meet.
func refusedAs(err, want error) error {
	if err != want {
		return fmt.Errorf("got %v, want %w", err, want)
	}
	return nil
}

func TestEachActLeavesOneRow(t *testing.T) {
	o := open(t)
	alice, err := o.Register(t.Context(), account.NewUser{Username: "alice", Password: goodWord}, home)
	must(t, err)
	events := o.events()
	if len(events) != 1 || events[0].Action != audit.UserCreate || events[0].ActorID != alice.ID || events[0].SubjectID != alice.ID || events[0].Origin != home {
		t.Fatalf("a registration: got %+v, want one row by alice", events)
	}
	before := len(events)
	var g account.Grant
	for _, tt := range acts(o, alice, &g) {
		if err := tt.do(); err != nil {
			t.Fatalf("%s: %v", tt.what, err)
		}
		events := o.events()
		if len(events) != before+1 {
			t.Fatalf("%s: got %d rows, want one", tt.what, len(events)-before)
		}
		before = len(events)
		got := events[before-1]
		if got.ID == "" || !got.Time.Equal(o.clock.Now()) || got.Count != 1 {
			t.Errorf("%s: got id %q at %v for %d, want an id, the clock's time and 1", tt.what, got.ID, got.Time, got.Count)
		}
		if session := strings.HasPrefix(string(got.Action), "session.") && got.Outcome == audit.Success && got.Action != audit.SessionEndAll || got.Action == audit.TokenIssue; session && got.Target != g.SessionID {
			t.Errorf("%s: got the target %q, want the session %q", tt.what, got.Target, g.SessionID)
		}
		got.ID, got.Time, got.Count, got.Target = tt.want.ID, tt.want.Time, tt.want.Count, tt.want.Target
		if got != tt.want {
			t.Errorf("%s: got %+v, want %+v", tt.what, got, tt.want)
		}
	}
}

func TestActsThatChangeNothingLeaveNoRow(t *testing.T) {
	o := open(t)
	u := o.user("alice", nil, nil)
	g := o.login("alice")
	must(t, o.Logout(t.Context(), actor(g), home))
	_, err := o.Disable(t.Context(), u.ID, account.Operator, cli)
	must(t, err)
	before := len(o.events())
	must(t, o.Logout(t.Context(), actor(g), home))
	_, err = o.Disable(t.Context(), u.ID, account.Operator, cli)
	must(t, err)
	_, err = o.Register(t.Context(), account.NewUser{Username: "Alice", Password: goodWord}, home)
	wantError(t, "Register", err, account.ErrUsernameTaken)
	if rows := len(o.events()) - before; rows != 0 {
		t.Errorf("a second logout, a second disabling and a taken name: got %d rows, want none", rows)
	}
}

// The log is read by people: what was typed is bounded, and neither passwords nor tokens are in it.
func TestTheLogHoldsNoSecrets(t *testing.T) {
	o := open(t)
	o.user("alice", nil, nil)
	g := o.login("alice")
	_, err := o.refresh(g)
	must(t, err)
	must(t, o.ChangePassword(t.Context(), actor(g), goodWord, newWord, home))
	_, err = o.try(strings.Repeat("\u00e9", 100_000), goodWord, home)
	wantError(t, "Login with a long name", err, account.ErrInvalidCredentials)
	_, hash, err := o.db.Credentials(t.Context(), "alice")
	must(t, err)
	log := fmt.Sprintf("%+v", o.events())
	for name, secret := range map[string]string{
		"a password": goodWord, "a new password": newWord, "an access token": g.AccessToken, "a refresh token": g.RefreshToken, "a hash": hash,
	} {
		if strings.Contains(log, secret) {
			t.Errorf("audit log: got %s in it, want none", name)
		}
	}
	if last := o.events()[len(o.events())-1]; len(last.ActorName) > 256 {
		t.Errorf("audit log: got a name of %d bytes, want at most 256", len(last.ActorName))
	}
}
