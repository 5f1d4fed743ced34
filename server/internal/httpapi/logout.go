package httpapi

import (
	"net/http"
	"strings"

	"github.com/durward-auth/durward"
)

// logout ends the session of a bearer token or of a refresh token. Neither needs to be current: a client
// that logs out again, or late, is told yes.
func (a *api) logout(x *exchange, r *http.Request) error {
	token, err := bearer(r)
	if err != nil {
		return err
	}
	var in struct {
		RefreshToken *string `json:"refresh_token"`
	}
	body, err := x.body(r)
	if err != nil {
		return err
	}
	if body != "" {
		if err := parse(body, &in); err != nil {
			return err
		}
	}
	switch {
	case token != "" && in.RefreshToken != nil:
		return invalidRequest("Send an access token or a refresh token, not both.")
	case token != "":
		return a.logoutBearer(x, r, token)
	case in.RefreshToken != nil:
		err = a.Accounts.LogoutByRefresh(r.Context(), *in.RefreshToken, x.origin())
	default:
		x.recordRefused(durward.ErrTokenMissing, "")
		return &problem{
			status: http.StatusUnauthorized, code: "token_missing", challenge: challengeNone,
			detail: "Send an access token, or a refresh token as {\"refresh_token\": …}.",
		}
	}
	if err != nil {
		return err
	}
	return x.noContent()
}

func (a *api) logoutBearer(x *exchange, r *http.Request, token string) error {
	claims, err := a.guard.Verifier().VerifyForLogout(r.Context(), token)
	if err != nil {
		x.recordRefused(err, "")
		return err
	}
	x.userID = claims.Subject
	if claims.SessionID == "" {
		x.turnAway(forbidden("user_required", "This token has no session to end. POST /revoke takes the token itself back.", "", claims))
		return nil
	}
	if err := a.Accounts.Logout(r.Context(), actorOf(claims), x.origin()); err != nil {
		return err
	}
	return x.noContent()
}

func (a *api) logoutAll(x *exchange, r *http.Request) error {
	if err := a.Accounts.LogoutAll(r.Context(), x.actor(), x.origin()); err != nil {
		return err
	}
	return x.noContent()
}

func (a *api) logoutOthers(x *exchange, r *http.Request) error {
	if err := a.Accounts.LogoutOthers(r.Context(), x.actor(), x.origin()); err != nil {
		return err
	}
	return x.noContent()
}

// bearer returns the token of the Authorization header (RFC 6750 §2.1), or "" where there is none. It is
// as strict as the guard of the other routes.
func bearer(r *http.Request) (string, error) {
	malformed := &problem{
		status: http.StatusBadRequest, code: codeInvalidRequest, challenge: `Bearer error="invalid_request"`,
		detail: "Send exactly one token, in one well-formed place.",
	}
	values := r.Header["Authorization"]
	if len(values) > 1 {
		return "", malformed
	}
	if len(values) == 0 {
		return "", nil
	}
	const scheme = "Bearer"
	value := values[0]
	if len(value) < len(scheme) || !strings.EqualFold(value[:len(scheme)], scheme) {
		return "", nil
	}
	token := value[len(scheme):]
	if token != "" && token[0] != ' ' && token[0] != '\t' {
		return "", nil // a longer scheme
	}
	if len(token) < 2 || token[0] != ' ' || strings.ContainsAny(token[1:], " \t,") {
		return "", malformed
	}
	return token[1:], nil
}
