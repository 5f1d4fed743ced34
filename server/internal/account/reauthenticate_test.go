package account_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/audit"
)

// A password given again makes the session fresh: the same sid, a new auth_time, and the refresh token as it was.
func TestAPasswordGivenAgainMakesTheSessionFresh(t *testing.T) {
	o := open(t)
	o.user("alice", []string{"clerk"}, []string{"read", "write"})
	g := o.login("alice")
	first := o.clock.Now()
	o.clock.Advance(time.Hour)
	renewed, err := o.Reauthenticate(t.Context(), actor(g), goodWord, []string{"read", "admin"}, home)
	must(t, err)
	claims, err := o.verifier.Verify(t.Context(), renewed.Token)
	must(t, err)
	if claims.SessionID != g.SessionID || renewed.SessionID != g.SessionID || !claims.AuthTime.Equal(o.clock.Now()) || !slices.Equal(claims.AMR, []string{"pwd"}) {
		t.Errorf("got sid %q, auth_time %v and amr %v, want %q, now and pwd", claims.SessionID, claims.AuthTime, claims.AMR, g.SessionID)
	}
	if !slices.Equal(claims.Scopes, []string{"read"}) || renewed.ExpiresIn != 15*time.Minute {
		t.Errorf("got the scopes %v for %v, want read alone for 15m: a narrow token stays narrow", claims.Scopes, renewed.ExpiresIn)
	}
	next, err := o.refresh(g)
	must(t, err)
	if got := o.accepted("the refresh token of before", next); !got.AuthTime.Equal(o.clock.Now()) || len(got.Scopes) != 2 {
		t.Errorf("a refresh afterwards: got auth_time %v and scopes %v, want now instead of %v, and both", got.AuthTime, got.Scopes, first)
	}
	events := o.events()
	last := events[len(events)-2]
	if last.Action != audit.SessionReauthenticate || last.Outcome != audit.Success || last.Target != g.SessionID || last.ActorName != "alice" {
		t.Errorf("audit log: got %+v, want alice's re-authentication of the session", last)
	}
	for _, text := range []string{fmt.Sprint(renewed), fmt.Sprintf("%#v", renewed)} {
		if strings.Contains(text, renewed.Token) {
			t.Errorf("got %q printed, want no token in it", text)
		}
	}
}

func TestAnOperatorsTokenBecomesFreshByThePassword(t *testing.T) {
	o := open(t)
	u := o.user("alice", nil, nil)
	g, err := o.IssueToken(t.Context(), u, "", account.Operator, cli)
	must(t, err)
	if claims := o.accepted("an operator's token", g); !claims.AuthTime.IsZero() || claims.AMR != nil {
		t.Errorf("got auth_time %v and amr %v, want neither: nobody gave a password", claims.AuthTime, claims.AMR)
	}
	renewed, err := o.Reauthenticate(t.Context(), actor(g), goodWord, nil, home)
	must(t, err)
	claims, err := o.verifier.Verify(t.Context(), renewed.Token)
	must(t, err)
	if !claims.AuthTime.Equal(o.clock.Now()) || len(claims.AMR) != 1 {
		t.Errorf("got auth_time %v and amr %v, want now and pwd", claims.AuthTime, claims.AMR)
	}
}

func TestWrongPasswordsGivenAgainCountAsSignIns(t *testing.T) {
	o := open(t)
	o.user("alice", nil, nil)
	g := o.login("alice")
	before := len(o.events())
	for range 10 {
		_, err := o.Reauthenticate(t.Context(), actor(g), "wrong horse battery", nil, home)
		wantError(t, "a wrong password", err, account.ErrWrongPassword)
	}
	for _, e := range o.events()[before:] {
		if e.Action != audit.SessionReauthenticate || e.Outcome != audit.Refused || e.Reason != "wrong_password" || e.SubjectName != "alice" {
			t.Errorf("audit log: got %+v, want a refused re-authentication", e)
		}
	}
	var throttled *account.ThrottledError
	if _, err := o.Reauthenticate(t.Context(), actor(g), goodWord, nil, home); !errors.As(err, &throttled) {
		t.Errorf("the right password after ten wrong ones: got %v, want a ThrottledError", err)
	}
	if _, err := o.try("alice", goodWord, home); !errors.As(err, &throttled) {
		t.Errorf("a login after ten wrong ones: got %v, want the same limit", err)
	}
	claims := o.accepted("the access token", g)
	if !claims.AuthTime.Equal(o.clock.Now()) {
		t.Errorf("got auth_time %v, want the login's", claims.AuthTime)
	}
	if _, err := o.refresh(g); err != nil {
		t.Errorf("the refresh token: got %v, want the session untouched", err)
	}
}

func TestAnEndedSessionIsNotRenewed(t *testing.T) {
	o := open(t)
	o.user("alice", nil, nil)
	g, other := o.login("alice"), o.login("alice")
	must(t, o.Logout(t.Context(), actor(g), home))
	renewed, err := o.Reauthenticate(t.Context(), actor(g), goodWord, nil, home)
	wantError(t, "an ended session", err, durward.ErrTokenRevoked)
	if renewed.Token != "" {
		t.Error("got a token beside the error, want none")
	}
	_, err = o.Reauthenticate(t.Context(), actor(other), strings.Repeat("a", 2000), nil, home)
	wantInput(t, "a password of 2000 bytes", err, "invalid_request")
	must(t, o.ResetPassword(t.Context(), g.User.ID, newWord, account.Operator, cli))
	_, err = o.Reauthenticate(t.Context(), actor(other), goodWord, nil, home)
	wantError(t, "the former password", err, account.ErrWrongPassword)
}
