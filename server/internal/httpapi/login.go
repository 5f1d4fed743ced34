package httpapi

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/durward-auth/durward/server/internal/account"
)

func (a *api) login(x *exchange, r *http.Request) error {
	var in struct {
		Username *string `json:"username"`
		Password *string `json:"password"`
		Scope    *string `json:"scope"`
		Device   *string `json:"device"`
	}
	if err := x.decode(r, &in); err != nil {
		return err
	}
	if err := required(member{"username", in.Username != nil}, member{"password", in.Password != nil}); err != nil {
		return err
	}
	grant, err := a.Accounts.Login(r.Context(), account.Credentials{
		Username: *in.Username, Password: *in.Password, Scope: text(in.Scope), Device: text(in.Device),
	}, x.origin())
	a.Metrics.signIn(signInOutcome(err))
	if err != nil {
		return err
	}
	return x.grant(grant)
}

func (a *api) refresh(x *exchange, r *http.Request) error {
	var in struct {
		RefreshToken *string `json:"refresh_token"`
		Scope        *string `json:"scope"`
	}
	if err := x.decode(r, &in); err != nil {
		return err
	}
	if err := required(member{"refresh_token", in.RefreshToken != nil}); err != nil {
		return err
	}
	grant, err := a.Accounts.Refresh(r.Context(), *in.RefreshToken, text(in.Scope), x.origin())
	a.Metrics.refresh(refreshOutcome(err))
	if err != nil {
		return err
	}
	return x.grant(grant)
}

// reauthenticate answers with an access token of the same session whose auth_time is now.
func (a *api) reauthenticate(x *exchange, r *http.Request) error {
	var in struct {
		Password *string `json:"password"`
	}
	if err := x.decode(r, &in); err != nil {
		return err
	}
	if err := required(member{"password", in.Password != nil}); err != nil {
		return err
	}
	access, err := a.Accounts.Reauthenticate(r.Context(), x.actor(), *in.Password, x.claims.Scopes, x.origin())
	a.Metrics.signIn(signInOutcome(err))
	if err != nil {
		return err
	}
	return x.json(http.StatusOK, struct {
		AccessToken string `json:"access_token"`
		TokenType   string `json:"token_type"`
		ExpiresIn   int64  `json:"expires_in"`
		Scope       string `json:"scope"`
		SessionID   string `json:"session_id"`
	}{access.Token, "Bearer", seconds(access.ExpiresIn), strings.Join(access.Scopes, " "), access.SessionID})
}

// grant answers with tokens (RFC 6749 §5.1).
func (x *exchange) grant(g account.Grant) error {
	x.userID = g.User.ID
	return x.json(http.StatusOK, struct {
		AccessToken      string `json:"access_token"`
		TokenType        string `json:"token_type"`
		ExpiresIn        int64  `json:"expires_in"`
		RefreshToken     string `json:"refresh_token"`
		RefreshExpiresIn int64  `json:"refresh_expires_in"`
		Scope            string `json:"scope"`
		SessionID        string `json:"session_id"`
	}{
		g.AccessToken, "Bearer", seconds(g.ExpiresIn), g.RefreshToken, seconds(g.RefreshExpiresIn),
		strings.Join(g.Scopes, " "), g.SessionID,
	})
}

// seconds are whole ones, rounded down: a client must not count on more.
func seconds(d time.Duration) int64 { return int64(d / time.Second) }

var signInOutcomes = []string{"success", "invalid_credentials", "invalid_request", "throttled", "busy", "error"}

func signInOutcome(err error) string {
	switch {
	case err == nil:
		return "success"
	case errors.Is(err, account.ErrInvalidCredentials), errors.Is(err, account.ErrWrongPassword):
		return "invalid_credentials"
	case errors.Is(err, account.ErrStorageFull), errors.Is(err, account.ErrOutcomeUnknown):
		return "error"
	case errors.Is(err, account.ErrBusy):
		return "busy"
	}
	if _, ok := errors.AsType[*account.ThrottledError](err); ok {
		return "throttled"
	}
	if _, ok := errors.AsType[*account.InputError](err); ok {
		return "invalid_request"
	}
	return "error"
}

var refreshOutcomes = []string{"success", "invalid", "reused", "invalid_scope", "error"}

func refreshOutcome(err error) string {
	switch {
	case err == nil:
		return "success"
	case errors.Is(err, account.ErrInvalidRefresh):
		return "invalid"
	case errors.Is(err, account.ErrRefreshReused):
		return "reused"
	}
	if _, ok := errors.AsType[*account.InputError](err); ok {
		return "invalid_scope"
	}
	return "error"
}
