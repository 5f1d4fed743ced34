package account

import (
	"errors"
	"time"
)

// The refusals of this package. Each is made for the client: none says more than the
// client may know.
var (
	// ErrInvalidCredentials stands for an unknown name, a wrong password and a disabled
	// account alike.
	ErrInvalidCredentials = errors.New("the user name or the password is wrong")
	ErrUsernameTaken      = errors.New("this user name is taken")
	ErrRegistrationClosed = errors.New("registration is closed on this server")
	ErrInvalidRefresh     = errors.New("the refresh token is invalid, expired or belongs to an ended session")
	ErrRefreshReused      = errors.New("the refresh token was used before: the session has been ended")
	ErrWrongPassword      = errors.New("the current password is wrong")
	ErrSessionNotFound    = errors.New("there is no such session")
	ErrUserNotFound       = errors.New("there is no such user")
	ErrInvalidClient      = errors.New("the client id or the client secret is wrong")
	ErrClientNotFound     = errors.New("there is no such client")
	ErrClientNameTaken    = errors.New("there is a client of this name")
	ErrLastAdmin          = errors.New("this is the last enabled administrator")
	ErrBusy               = errors.New("too many sign-ins are being processed at once")
	ErrStorageFull        = errors.New("the storage is full")
	// ErrOutcomeUnknown says that a change may have been made: the store did not confirm it in time.
	ErrOutcomeUnknown = errors.New("the change was not confirmed, and may have been made")
)

// InputError says which member of the input is wrong and what to change.
type InputError struct {
	Code   string // stable: invalid_username, weak_password, invalid_email, invalid_role, invalid_scope, invalid_request
	Detail string // one sentence for the person who typed it
}

func (e *InputError) Error() string { return e.Detail }

// ThrottledError says that too many sign-ins failed, or accounts were asked for, and when to try again.
type ThrottledError struct{ RetryAfter time.Duration }

func (e *ThrottledError) Error() string { return "too many attempts" }

// BusyError is ErrBusy with an estimate of when there is room again.
type BusyError struct{ RetryAfter time.Duration }

func (e *BusyError) Error() string { return ErrBusy.Error() }
func (e *BusyError) Unwrap() error { return ErrBusy }
