package session

import (
	"errors"
	"fmt"
)

// ErrRefused is the root of every reason for which a refresh token is
// refused; any other error means that the store could not answer.
var ErrRefused = errors.New("session: refresh token refused")

var (
	// ErrInvalid: the bytes are no refresh token of this key, or name a session
	// or a generation that the store does not know. No session is touched.
	ErrInvalid = fmt.Errorf("%w: invalid", ErrRefused)

	// ErrReused: a token that had been replaced was presented again, outside
	// the grace. The session has ended with it.
	ErrReused = fmt.Errorf("%w: reused", ErrRefused)

	// ErrEnded: the session had ended before.
	ErrEnded = fmt.Errorf("%w: session ended", ErrRefused)

	// ErrExpired: the session is past its idle or its absolute limit.
	ErrExpired = fmt.Errorf("%w: session expired", ErrRefused)
)

// ErrScope: a refresh asked for a scope that its session does not have. The
// token that was presented is as good as before (RFC 6749 section 5.2,
// invalid_scope).
var ErrScope = errors.New("session: scope is not part of the session's")

var (
	// ErrExists is returned by [Store.Open] for a session id that is taken.
	ErrExists = errors.New("session: id exists")

	// ErrFull is returned by [Memory.Open] when the memory holds as many live
	// sessions as it may.
	ErrFull = errors.New("session: memory is full")
)
