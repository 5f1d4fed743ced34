package httpapi

import (
	"errors"
	"net/http"
	"strings"

	"github.com/durward-auth/durward/server/internal/account"
)

const (
	clientGrant          = "client_credentials"
	codeUnsupportedGrant = "unsupported_grant_type"
)

// token is the token endpoint, for clients that act for themselves (RFC 6749 §4.4).
func (a *api) token(x *exchange, r *http.Request) error {
	form, err := x.form(r)
	if err != nil {
		return err
	}
	switch form["grant_type"] {
	case clientGrant:
	case "":
		return invalidRequest("The parameter grant_type is missing.")
	default:
		return &problem{status: http.StatusBadRequest, code: codeUnsupportedGrant, detail: "The grant type must be " + clientGrant + "."}
	}
	given, found, err := clientCredentials(r, form)
	if err != nil {
		return err
	}
	if !found {
		return account.ErrInvalidClient
	}
	grant, err := a.Accounts.IssueClientToken(r.Context(), given, form["scope"], x.origin())
	a.Metrics.clientToken(clientTokenOutcome(err))
	if err != nil {
		return err
	}
	x.userID = grant.Client.ID
	x.Header()["Pragma"] = []string{"no-cache"} // RFC 6749 §5.1
	return x.json(http.StatusOK, struct {
		AccessToken string `json:"access_token"`
		TokenType   string `json:"token_type"`
		ExpiresIn   int64  `json:"expires_in"`
		Scope       string `json:"scope,omitempty"`
	}{grant.AccessToken, "Bearer", seconds(grant.ExpiresIn), strings.Join(grant.Scopes, " ")})
}

var clientTokenOutcomes = []string{"success", "invalid_client", "invalid_scope", "throttled", "error"}

func clientTokenOutcome(err error) string {
	if err == nil {
		return "success"
	}
	if errors.Is(err, account.ErrInvalidClient) {
		return "invalid_client"
	}
	if _, ok := errors.AsType[*account.ThrottledError](err); ok {
		return "throttled"
	}
	if _, ok := errors.AsType[*account.InputError](err); ok {
		return "invalid_scope"
	}
	return "error"
}
