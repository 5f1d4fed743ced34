package httpapi

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/server/internal/account"
)

// introspectScope lets a client ask about tokens. In the token of a user it means nothing: who may ask learns what everybody does.
const introspectScope = "introspect"

var inactive = []byte("{\"active\":false}\n")

// introspect says what a token stands for now (RFC 7662). It tells nothing of one that does not count, and changes nothing.
//
// Whoever may ask may ask about every token of this issuer: the answer has the audience, which the caller compares.
func (a *api) introspect(x *exchange, r *http.Request) error {
	form, err := x.form(r)
	if err != nil {
		return err
	}
	by, err := a.caller(x, r, form)
	if err != nil {
		return err
	}
	if by.nobody() {
		return account.ErrInvalidClient
	}
	if !by.admin && !(by.client && by.hasScope(introspectScope)) {
		return x.forbid(by, introspectScope)
	}
	token := form["token"]
	if token == "" {
		return invalidRequest("The parameter token is missing.")
	}
	if a.Accounts.IsRefreshToken(token) {
		return a.introspectRefresh(x, r, token)
	}
	claims, err := a.guard.Verifier().Verify(r.Context(), token)
	if errors.Is(err, durward.ErrUnavailable) {
		return err
	}
	if err != nil {
		return x.static(http.StatusOK, inactive)
	}
	return x.json(http.StatusOK, introspection{
		Active: true, Scope: strings.Join(claims.Scopes, " "), ClientID: claims.ClientID, Username: claims.Username, TokenType: "Bearer",
		ExpiresAt: claims.ExpiresAt.Unix(), IssuedAt: unix(claims.IssuedAt), NotBefore: unix(claims.NotBefore),
		Subject: claims.Subject, Audience: audience(claims.Audience), Issuer: claims.Issuer, ID: claims.ID, SessionID: claims.SessionID,
	})
}

// introspectRefresh leaves out scope and aud: a service that takes whatever is active for an access token finds nothing to go by.
func (a *api) introspectRefresh(x *exchange, r *http.Request, token string) error {
	state, err := a.Accounts.InspectRefresh(r.Context(), token)
	if errors.Is(err, account.ErrInvalidRefresh) {
		return x.static(http.StatusOK, inactive)
	}
	if err != nil {
		return err
	}
	return x.json(http.StatusOK, introspection{
		Active: true, ClientID: account.ClientID, Username: state.User.Name, TokenType: "refresh_token",
		ExpiresAt: state.ExpiresAt.Unix(), IssuedAt: state.Session.RotatedAt.Unix(),
		Subject: state.User.ID, Issuer: a.Issuer, SessionID: state.Session.ID,
	})
}

// introspection is the answer about an active token (RFC 7662 §2.2).
type introspection struct {
	Active    bool   `json:"active"`
	Scope     string `json:"scope,omitempty"`
	ClientID  string `json:"client_id,omitempty"`
	Username  string `json:"username,omitempty"`
	TokenType string `json:"token_type"`
	ExpiresAt int64  `json:"exp"`
	IssuedAt  int64  `json:"iat,omitempty"`
	NotBefore int64  `json:"nbf,omitempty"`
	Subject   string `json:"sub,omitempty"`
	Audience  any    `json:"aud,omitempty"`
	Issuer    string `json:"iss"`
	ID        string `json:"jti,omitempty"`
	SessionID string `json:"sid,omitempty"`
}

// audience is one name as a text and several as a list, as they stand in the token (RFC 7519 §4.1.3).
func audience(names []string) any {
	if len(names) == 1 {
		return names[0]
	}
	return names
}

func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

// revoke takes a token back (RFC 7009). Possession of it suffices: whoever has somebody else's token does least harm
// with this. Credentials, if there are any, must be good, and stand in the audit log.
func (a *api) revoke(x *exchange, r *http.Request) error {
	form, err := x.form(r)
	if err != nil {
		return err
	}
	by, err := a.caller(x, r, form)
	if err != nil {
		return err
	}
	token := form["token"]
	if token == "" {
		return invalidRequest("The parameter token is missing.")
	}
	if err := a.revokePresented(x, r, token, by); err != nil {
		return err
	}
	x.WriteHeader(http.StatusOK)
	return nil
}

func (a *api) revokePresented(x *exchange, r *http.Request, token string, by caller) error {
	if a.Accounts.IsRefreshToken(token) {
		return a.Accounts.RevokeRefresh(r.Context(), token, by.actor, x.origin())
	}
	claims, err := a.guard.Verifier().VerifyForLogout(r.Context(), token)
	if err == nil && claims.SessionID == "" { // it must still count, or there is nothing to take back
		claims, err = a.guard.Verifier().Verify(r.Context(), token)
	}
	if errors.Is(err, durward.ErrToken) {
		return nil // RFC 7009 §2.2: what counts for nothing is revoked
	}
	if err != nil {
		return err
	}
	return a.Accounts.RevokeAccess(r.Context(), claims, by.actor, x.origin())
}
