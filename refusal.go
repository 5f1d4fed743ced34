package durward

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
)

// A Refusal is why a request was turned away, in the form in which a client may see it.
type Refusal struct {
	Status    int    // 400, 401, 403 or 503; for a login also 405, 413, 415 or 500
	Code      string // stable, snake_case: token_missing, token_expired, insufficient_role, …
	Detail    string // one sentence
	Challenge string // value of WWW-Authenticate (RFC 6750 §3), or empty
	Err       error  // the exact reason, for logs and metrics; never for the client

	claims *Claims
}

// Error returns the detail.
func (r *Refusal) Error() string { return r.Detail }

// Unwrap returns the exact reason.
func (r *Refusal) Unwrap() error { return r.Err }

// Claims are those of the good token that a [Rule] refused, so that logs can say who it was; zero claims when the
// token itself was the reason.
func (r *Refusal) Claims() Claims {
	if r.claims == nil {
		return Claims{}
	}
	return *r.claims
}

// of returns the refusal with the claims that a rule refused. It copies: a program may answer many requests with one.
func (r *Refusal) of(c Claims) *Refusal {
	refusal := *r
	refusal.claims = &c
	return &refusal
}

const (
	codeMissing     = "token_missing"
	codeExpired     = "token_expired"
	codeRevoked     = "token_revoked"
	codeInvalid     = "token_invalid"
	codeRequest     = "invalid_request"
	codeCrossSite   = "cross_site_request"
	codeUnavailable = "temporarily_unavailable"
	codeRole        = "insufficient_role"
	codeScope       = "insufficient_scope"
	codeFreshness   = "insufficient_user_authentication"
	codeForbidden   = "access_denied"
)

// refusalFor turns an error of Verify, locate or Identify into what the client may know.
func refusalFor(err error) *Refusal {
	const invalid = `Bearer error="invalid_token"`
	switch {
	case errors.Is(err, errCredentials):
		return &Refusal{Status: http.StatusBadRequest, Code: codeRequest, Detail: "Send exactly one token, in one well-formed place.", Challenge: `Bearer error="invalid_request"`, Err: err}
	case errors.Is(err, ErrTokenMissing):
		return &Refusal{Status: http.StatusUnauthorized, Code: codeMissing, Detail: "This route needs an access token.", Challenge: "Bearer", Err: err}
	case errors.Is(err, ErrTokenExpired):
		return &Refusal{Status: http.StatusUnauthorized, Code: codeExpired, Detail: "The access token has expired.", Challenge: invalid, Err: err}
	case errors.Is(err, ErrTokenRevoked):
		return &Refusal{Status: http.StatusUnauthorized, Code: codeRevoked, Detail: "The access token has been revoked.", Challenge: invalid, Err: err}
	case errors.Is(err, ErrToken):
		return &Refusal{Status: http.StatusUnauthorized, Code: codeInvalid, Detail: "The access token is invalid.", Challenge: invalid, Err: err}
	default:
		return &Refusal{Status: http.StatusServiceUnavailable, Code: codeUnavailable, Detail: "Access tokens cannot be checked now. Try again soon.", Err: err}
	}
}

// WriteRefusal answers with application/problem+json (RFC 9457): type, title, status, detail and code. It
// sets WWW-Authenticate where there is a challenge, and Retry-After for 503.
func WriteRefusal(w http.ResponseWriter, _ *http.Request, r *Refusal) {
	header := w.Header()
	header.Set("Content-Type", "application/problem+json")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	if r.Challenge != "" {
		header.Set("WWW-Authenticate", r.Challenge)
	}
	if r.Status == http.StatusServiceUnavailable {
		header.Set("Retry-After", "1")
	}
	body, err := json.Marshal(struct {
		Type   string `json:"type"`
		Title  string `json:"title"`
		Status int    `json:"status"`
		Detail string `json:"detail"`
		Code   string `json:"code"`
	}{"about:blank", http.StatusText(r.Status), r.Status, r.Detail, r.Code})
	if err != nil {
		http.Error(w, http.StatusText(r.Status), r.Status)
		return
	}
	header.Set("Content-Length", strconv.Itoa(len(body)+1))
	w.WriteHeader(r.Status)
	_, _ = w.Write(append(body, '\n'))
}
