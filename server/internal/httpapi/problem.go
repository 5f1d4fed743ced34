package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/keyring"
)

// problem is an answer of RFC 9457. As an error it is one that was made for the client.
type problem struct {
	status     int
	code       string // stable, snake_case
	detail     string // one sentence
	challenge  string // value of WWW-Authenticate
	retryAfter time.Duration
	cause      error // for the log alone
	expected   bool  // the operator asked for it: a 5xx that is no error in the log
}

func (p *problem) Error() string { return p.detail }
func (p *problem) Unwrap() error { return p.cause }

const (
	codeInternal       = "internal_error"
	codeInvalidRequest = "invalid_request"
	codeInvalidClient  = "invalid_client"
	codeBusy           = "busy"
	codeStorageFull    = "storage_full"
	codeOutcomeUnknown = "outcome_unknown"
	codeUnavailable    = "temporarily_unavailable"
	internalDetail     = "Something went wrong on the server. The request id finds it in the log."

	challengeNone    = "Bearer"
	challengeInvalid = `Bearer error="invalid_token"`
	challengeClient  = `Basic realm="durward", charset="UTF-8"`
)

// roomPatience is when a client may ask again whether the operator has made room.
const roomPatience = 10 * time.Second

func invalidRequest(detail string) *problem {
	return &problem{status: http.StatusBadRequest, code: codeInvalidRequest, detail: detail}
}

// refusals are the account's errors that say nothing but themselves.
var refusals = []struct {
	err error
	problem
}{
	{account.ErrInvalidCredentials, problem{status: http.StatusUnauthorized, code: "invalid_credentials", detail: "The user name or the password is wrong.", challenge: challengeNone}},
	{account.ErrUsernameTaken, problem{status: http.StatusConflict, code: "username_taken", detail: "This user name is taken: choose another."}},
	{account.ErrRegistrationClosed, problem{status: http.StatusForbidden, code: "registration_closed", detail: "Registration is closed on this server."}},
	{account.ErrInvalidRefresh, problem{status: http.StatusUnauthorized, code: "invalid_refresh_token", detail: "The refresh token is invalid, has expired or belongs to an ended session. Log in again.", challenge: challengeInvalid}},
	{account.ErrRefreshReused, problem{status: http.StatusUnauthorized, code: "refresh_token_reused", detail: "The refresh token was used before, so its session has been ended. Log in again.", challenge: challengeInvalid}},
	{account.ErrWrongPassword, problem{status: http.StatusForbidden, code: "wrong_password", detail: "The current password is wrong."}},
	{account.ErrSessionNotFound, problem{status: http.StatusNotFound, code: "session_not_found", detail: "There is no such session, or it is not yours."}},
	{account.ErrUserNotFound, problem{status: http.StatusNotFound, code: "user_not_found", detail: "There is no such user."}},
	{account.ErrInvalidClient, problem{status: http.StatusUnauthorized, code: codeInvalidClient, detail: "The client id or the client secret is wrong, or missing.", challenge: challengeClient}},
	{account.ErrClientNotFound, problem{status: http.StatusNotFound, code: "client_not_found", detail: "There is no such client."}},
	{account.ErrClientNameTaken, problem{status: http.StatusConflict, code: "client_name_taken", detail: "There is a client of this name: choose another name, or revoke that one."}},
	{account.ErrLastAdmin, problem{status: http.StatusConflict, code: "last_admin", detail: "This is the last enabled administrator: make another one first."}},
	{keyring.ErrKeyUnknown, problem{status: http.StatusNotFound, code: "key_not_found", detail: "There is no such signing key."}},
	{keyring.ErrKeyExpired, problem{status: http.StatusConflict, code: "key_expired", detail: "The signing key retired so long ago that it verifies nothing any more: there is nothing to revoke."}},
	{keyring.ErrTooManyKeys, problem{status: http.StatusConflict, code: "too_many_keys", detail: "As many signing keys as a key set may hold still verify: wait until a retired one has expired, or revoke one."}},
	{keyring.ErrConflict, problem{status: http.StatusConflict, code: "keys_changed", detail: "The signing keys were changed by somebody else at the same moment: look at them again."}},
	{keyring.ErrMasterReplaced, problem{status: http.StatusConflict, code: "master_key_replaced", detail: "The master key was replaced, and this server needs the new one before it can change signing keys: start it again with it."}},
	{durward.ErrTokenMissing, problem{status: http.StatusUnauthorized, code: "token_missing", detail: "This route needs an access token.", challenge: challengeNone}},
	{durward.ErrTokenRevoked, problem{status: http.StatusUnauthorized, code: "token_revoked", detail: "The access token has been revoked.", challenge: challengeInvalid}},
	{durward.ErrTokenExpired, problem{status: http.StatusUnauthorized, code: "token_expired", detail: "The access token has expired.", challenge: challengeInvalid}},
	{durward.ErrToken, problem{status: http.StatusUnauthorized, code: "token_invalid", detail: "The access token is invalid.", challenge: challengeInvalid}},
}

// problemOf is the one place where errors become answers. What it does not know is a plain 500.
func problemOf(err error) *problem {
	if p, ok := errors.AsType[*problem](err); ok {
		return p
	}
	if r, ok := errors.AsType[*durward.Refusal](err); ok {
		return refusalProblem(r)
	}
	if e, ok := errors.AsType[*account.InputError](err); ok {
		return &problem{status: inputStatus(e.Code), code: e.Code, detail: e.Detail}
	}
	if e, ok := errors.AsType[*account.ThrottledError](err); ok {
		return &problem{status: http.StatusTooManyRequests, code: "too_many_attempts", detail: "Too many attempts. Try again later.", retryAfter: max(e.RetryAfter, time.Second)}
	}
	if errors.Is(err, account.ErrStorageFull) {
		return &problem{status: http.StatusServiceUnavailable, code: codeStorageFull, detail: "The server's storage is full: nothing can be changed until the operator makes room.", retryAfter: roomPatience, cause: err}
	}
	if errors.Is(err, account.ErrOutcomeUnknown) {
		return &problem{status: http.StatusServiceUnavailable, code: codeOutcomeUnknown, detail: "The change may have been made: the database did not confirm it in time. Look whether it was before you ask for it again.", retryAfter: time.Second, cause: err}
	}
	if e, ok := errors.AsType[*account.BusyError](err); ok {
		return &problem{status: http.StatusServiceUnavailable, code: codeBusy, detail: "The server has too much to do at once. Try again soon.", retryAfter: max(e.RetryAfter, time.Second), cause: err}
	}
	for i := range refusals {
		if errors.Is(err, refusals[i].err) {
			known := refusals[i].problem
			return &known
		}
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, durward.ErrUnavailable) || errors.Is(err, account.ErrBusy) {
		return &problem{status: http.StatusServiceUnavailable, code: codeUnavailable, detail: "The server could not answer in time. Try again soon.", retryAfter: time.Second, cause: err}
	}
	return &problem{status: http.StatusInternalServerError, code: codeInternal, detail: internalDetail, cause: err}
}

// inputStatus is the status of an account.InputError.
func inputStatus(code string) int {
	switch code {
	case codeInvalidRequest, "invalid_scope":
		return http.StatusBadRequest
	default:
		return http.StatusUnprocessableEntity
	}
}

func refusalProblem(r *durward.Refusal) *problem {
	p := &problem{status: r.Status, code: r.Code, detail: r.Detail, challenge: r.Challenge}
	if r.Status >= http.StatusInternalServerError {
		p.retryAfter, p.cause = time.Second, r.Err
	}
	return p
}

// fail answers with the problem that an error is for the client.
func (x *exchange) fail(err error) {
	p := problemOf(err)
	x.refuse(p, x.api.headers.problem, func() ([]byte, error) {
		return json.Marshal(struct {
			Type      string `json:"type"`
			Title     string `json:"title"`
			Status    int    `json:"status"`
			Detail    string `json:"detail"`
			Code      string `json:"code"`
			RequestID string `json:"request_id"`
		}{"about:blank", http.StatusText(p.status), p.status, p.detail, p.code, x.id})
	})
}

// refuse answers with a problem in one form or another.
func (x *exchange) refuse(p *problem, contentType []string, form func() ([]byte, error)) {
	if p.status >= http.StatusInternalServerError {
		x.cause = p.cause
	}
	if x.status != 0 {
		return // too late to say anything
	}
	x.busy = p.code == codeBusy || p.expected
	header := x.Header()
	header["Content-Type"] = contentType
	header["Cache-Control"] = x.api.headers.noStore
	if p.challenge != "" {
		header["Www-Authenticate"] = []string{p.challenge}
	}
	if p.retryAfter > 0 {
		seconds := int64((p.retryAfter + time.Second - 1) / time.Second)
		header["Retry-After"] = []string{strconv.FormatInt(seconds, 10)}
	}
	body, err := form()
	if err != nil {
		x.cause = errors.Join(x.cause, err)
		x.WriteHeader(http.StatusInternalServerError)
		return
	}
	x.WriteHeader(p.status)
	_, _ = x.Write(append(body, '\n'))
}
