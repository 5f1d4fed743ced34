package account_test

import (
	"testing"

	"github.com/durward-auth/durward/server/internal/account"
)

// F05, F06, F22: after each of these the session is gone at once: its access token is refused by the time the call
// has returned, and its refresh token for good.
func TestWhatEndsASession(t *testing.T) {
	for name, tt := range map[string]struct {
		end func(o *office, own, other account.Grant) error
		// othersLive says that another session of the same user lives on.
		othersLive bool
	}{
		"a logout": {func(o *office, own, _ account.Grant) error {
			return o.Logout(o.t.Context(), actor(own), home)
		}, true},
		"a logout by the refresh token": {func(o *office, own, _ account.Grant) error {
			return o.LogoutByRefresh(o.t.Context(), own.RefreshToken, home)
		}, true},
		"an end from another session": {func(o *office, own, other account.Grant) error {
			return o.EndSession(o.t.Context(), actor(other), own.SessionID, home)
		}, true},
		"a logout everywhere": {func(o *office, own, _ account.Grant) error {
			return o.LogoutAll(o.t.Context(), actor(own), home)
		}, false},
		"a reset of the password": {func(o *office, own, _ account.Grant) error {
			return o.ResetPassword(o.t.Context(), own.User.ID, newWord, account.Operator, cli)
		}, false},
		"a disabling": {func(o *office, own, _ account.Grant) error {
			_, err := o.Disable(o.t.Context(), own.User.ID, account.Operator, cli)
			return err
		}, false},
		"a disabling that was taken back": {func(o *office, own, _ account.Grant) error {
			if _, err := o.Disable(o.t.Context(), own.User.ID, account.Operator, cli); err != nil {
				return err
			}
			_, err := o.Enable(o.t.Context(), own.User.ID, account.Operator, cli)
			return err
		}, false},
		"a revocation": {func(o *office, own, _ account.Grant) error {
			return o.RevokeUser(o.t.Context(), own.User.ID, account.Operator, cli)
		}, false},
		"a deletion": {func(o *office, own, _ account.Grant) error {
			return o.DeleteUser(o.t.Context(), own.User.ID, account.Operator, cli)
		}, false},
		"a deletion by the user": {func(o *office, own, _ account.Grant) error {
			return o.DeleteAccount(o.t.Context(), actor(own), home)
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			o := open(t)
			o.user("alice", nil, nil)
			o.user("bob", nil, nil)
			own, other, stranger := o.login("alice"), o.login("alice"), o.login("bob")
			o.accepted("before", own)
			must(t, tt.end(o, own, other))

			o.refused("own session", own)
			_, err := o.refresh(own)
			wantError(t, "own session, refreshed", err, account.ErrInvalidRefresh)
			if tt.othersLive {
				o.accepted("another session", other)
				if _, err := o.refresh(other); err != nil {
					t.Errorf("another session, refreshed: got %v, want none", err)
				}
			} else {
				o.refused("another session", other)
				_, err := o.refresh(other)
				wantError(t, "another session, refreshed", err, account.ErrInvalidRefresh)
			}
			o.accepted("somebody else's session", stranger)
			if _, err := o.refresh(stranger); err != nil {
				t.Errorf("somebody else's session, refreshed: got %v, want none", err)
			}
		})
	}
}

// F07.
func TestLogoutMayBeRepeated(t *testing.T) {
	o := open(t)
	o.user("alice", nil, nil)
	g := o.login("alice")
	for range 2 {
		must(t, o.Logout(t.Context(), actor(g), home))
		must(t, o.LogoutByRefresh(t.Context(), g.RefreshToken, home))
	}
	wantError(t, "LogoutByRefresh of a token from elsewhere", o.LogoutByRefresh(t.Context(), g.RefreshToken+"A", home), account.ErrInvalidRefresh)
	o.login("alice")
}

// F21.
func TestOnlyOwnSessionsCanBeEnded(t *testing.T) {
	o := open(t)
	o.user("alice", nil, nil)
	o.user("bob", nil, nil)
	alice, bob := o.login("alice"), o.login("bob")
	wantError(t, "EndSession of somebody else's", o.EndSession(t.Context(), actor(bob), alice.SessionID, home), account.ErrSessionNotFound)
	wantError(t, "EndSession of an unknown one", o.EndSession(t.Context(), actor(bob), "unknown", home), account.ErrSessionNotFound)
	forged := actor(bob)
	forged.SessionID = alice.SessionID
	must(t, o.Logout(t.Context(), forged, home))
	o.accepted("somebody else's session", alice)
	if _, err := o.refresh(alice); err != nil {
		t.Errorf("somebody else's session, refreshed: got %v, want none", err)
	}
}

func TestAPasswordChangeKeepsOnlyTheOwnSession(t *testing.T) {
	o := open(t)
	o.user("alice", nil, nil)
	own, other := o.login("alice"), o.login("alice")
	wantError(t, "ChangePassword with a wrong one", o.ChangePassword(t.Context(), actor(own), "wrong horse battery", newWord, home), account.ErrWrongPassword)
	o.accepted("after a wrong one", own)
	must(t, o.ChangePassword(t.Context(), actor(own), goodWord, newWord, home))

	o.refused("own access token", own)
	o.refused("the other's access token", other)
	next, err := o.refresh(own)
	must(t, err)
	o.accepted("own session, refreshed", next)
	_, err = o.refresh(other)
	wantError(t, "the other session, refreshed", err, account.ErrInvalidRefresh)
	_, err = o.try("alice", goodWord, home)
	wantError(t, "the old password", err, account.ErrInvalidCredentials)
	if _, err := o.try("alice", newWord, home); err != nil {
		t.Errorf("the new password: got %v, want none", err)
	}
}
