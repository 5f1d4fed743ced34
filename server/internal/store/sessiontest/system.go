package sessiontest

import (
	"errors"
	"time"
)

// The ways in which a system refuses.
var (
	errInvalid     = errors.New("invalid refresh token")
	errReused      = errors.New("refresh token reused")
	errScope       = errors.New("invalid scope")
	errCredentials = errors.New("invalid credentials")
	errBusy        = errors.New("try again soon")
	errOver        = errors.New("the session is over")
	errNone        = errors.New("this system has no such act")
)

// answer is what a login or a refresh gives. Its lists are texts with single spaces.
type answer struct {
	session, refresh string
	scope, roles     string
	authTime         time.Time
	access           any // for system.accepts
}

// system is sessions with the users that they belong to. Refusals are the errors above; any other
// error is a defect.
type system interface {
	policy() (idle, absolute, grace time.Duration)
	now() time.Time
	pass(d time.Duration)
	add(user string) // enabled, with the scopes a, b and c, without roles

	login(user, scope string) (answer, error)
	refresh(token, scope string) (answer, error)
	reauthenticate(user, session string) (answer, error) // without a refresh token
	logout(user, session string) error
	endOthers(user, session string) error
	changePassword(user, session string) error
	disable(user string) error
	enable(user string) error
	setRoles(user, roles string) error
	setScopes(user, scopes string) error

	live(user string) ([]string, error) // ids of sessions
	accepts(access any) bool
}
