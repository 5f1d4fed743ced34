package account

import (
	"context"
	"time"

	"github.com/durward-auth/durward/revocation"
	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/limit"
	"github.com/durward-auth/durward/session"
)

// Session is a session as it is stored.
type Session struct {
	session.State
	Scopes    []string // granted at the login
	Address   string
	UserAgent string
	Device    string // the name that the client gave to itself at the login; may be empty
	// AccessExpiresAt is when the last access token issued in this session expires:
	// until then its revocation must be remembered.
	AccessExpiresAt time.Time
	// StatusIndex is the place of the session's access tokens in the status lists; 0 for none.
	StatusIndex int64
}

// Store keeps users and sessions. Each method is one atomic business act: the change,
// its audit events and the revocations that follow from it are committed together or
// not at all. Times come from the caller, never from the database.
//
// Methods that end sessions or raise a user's version return the revocation entries
// that they stored, for the caller's in-memory set.
type Store interface {
	// CreateUser returns ErrUsernameTaken when the canonical name exists.
	CreateUser(ctx context.Context, u User, passwordHash string, e audit.Event) error

	// Credentials returns the user and the password hash for a canonical name, or ErrUserNotFound.
	Credentials(ctx context.Context, canonical string) (User, string, error)
	// CredentialsByID is Credentials by the user's id.
	CredentialsByID(ctx context.Context, id string) (User, string, error)
	User(ctx context.Context, id string) (User, error)
	Users(ctx context.Context, p Page) ([]User, error)

	// OpenSession stores a session of the user, if the user is still enabled and still has
	// the password hash that was checked; otherwise ErrInvalidCredentials. It returns the
	// user as of the same moment, for the token's claims. newHash, when not empty,
	// replaces the password hash; clear lists failure counters to delete.
	OpenSession(ctx context.Context, s Session, checkedHash, newHash string, clear []string, e audit.Event) (User, error)

	// Reauthenticate moves the session's AuthTime to now, never back, and extends AccessExpiresAt; its
	// generation and its limits stay. Credentials are checked and replaced as by OpenSession. ErrSessionNotFound
	// when the user has no live session with this id.
	Reauthenticate(ctx context.Context, r Reauthentication, e audit.Event) (Session, User, error)

	// RotateSession takes one step of session.Policy.Decide atomically. What would be granted but for
	// Rotation.Granted fails with that error, and nothing is stored. On Rotated it moves
	// the session on and extends AccessExpiresAt to accessExpiresAt; on Repeated it only
	// extends AccessExpiresAt; on Reused it ends the session. The event is stored
	// with its action and outcome set by what happened (SessionRefresh, SessionReuse);
	// nothing is stored for Ended, Expired and Unknown. A session of a disabled user counts as Ended.
	RotateSession(ctx context.Context, r Rotation, e audit.Event) (Rotated, error)

	// LiveSession returns a session that has neither ended nor expired, and its user, or ErrSessionNotFound.
	LiveSession(ctx context.Context, id string, now time.Time) (Session, User, error)
	// RevokeToken stores the revocation of one access token.
	RevokeToken(ctx context.Context, entry revocation.Entry, now time.Time, e audit.Event) ([]revocation.Entry, error)

	// EndSession ends one session of a user (userID empty: of anybody) and returns
	// ErrSessionNotFound when there is no live one with this id.
	EndSession(ctx context.Context, id, userID string, now time.Time, e audit.Event) ([]revocation.Entry, error)
	// EndSessions ends every live session of a user but the one named except.
	EndSessions(ctx context.Context, userID, except string, now time.Time, e audit.Event) ([]revocation.Entry, error)
	// Sessions lists the live sessions of a user, the last used first, MaxListed at most.
	Sessions(ctx context.Context, userID string, now time.Time) ([]Session, error)
	// SessionsPage lists live sessions, of everybody or of one user, the newest first.
	SessionsPage(ctx context.Context, p SessionsPage) ([]OwnedSession, error)

	// SetPassword replaces the password hash, raises the version and ends every session but keep.
	// When checkedHash is not empty and the stored hash differs, ErrWrongPassword.
	SetPassword(ctx context.Context, userID, checkedHash, newHash, keep string, now time.Time, e audit.Event) ([]revocation.Entry, error)
	// SetRoles and SetScopes replace the list and raise the version; sessions live on.
	// SetRoles returns ErrLastAdmin when no enabled administrator would be left.
	SetRoles(ctx context.Context, userID string, roles []string, now time.Time, e audit.Event) (User, []revocation.Entry, error)
	SetScopes(ctx context.Context, userID string, scopes []string, now time.Time, e audit.Event) (User, []revocation.Entry, error)
	SetEmail(ctx context.Context, userID, email string, now time.Time, e audit.Event) (User, error)
	// Disable raises the version and ends every session; ErrLastAdmin as in SetRoles. Disabling twice changes nothing.
	Disable(ctx context.Context, userID string, now time.Time, e audit.Event) (User, []revocation.Entry, error)
	Enable(ctx context.Context, userID string, now time.Time, e audit.Event) (User, error)
	// RevokeUser raises the version and ends every session; the user may log in again.
	RevokeUser(ctx context.Context, userID string, now time.Time, e audit.Event) ([]revocation.Entry, error)
	// DeleteUser removes the user and every session; tokens already issued are revoked. ErrLastAdmin as in SetRoles.
	DeleteUser(ctx context.Context, userID string, now time.Time, e audit.Event) ([]revocation.Entry, error)

	// RefuseSignIn stores the event of a failed sign-in and the counters it raised.
	RefuseSignIn(ctx context.Context, counters []limit.Counter, e audit.Event) error
	// SignInFailures returns the counters that have not expired.
	SignInFailures(ctx context.Context, now time.Time) ([]limit.Counter, error)

	// RecordEvents stores events that change nothing else.
	RecordEvents(ctx context.Context, events []audit.Event) error
	// LeaseStatusIndexes gives the caller the places from first, before end, in the status lists: nobody else gets them.
	LeaseStatusIndexes(ctx context.Context) (first, end int64, err error)
}

// MaxListed is how many sessions are listed to their user at once, so that one who has logged in for days on end cannot
// fill the memory by asking for them.
const MaxListed = 1000

// Rotation asks for one step of a session.
type Rotation struct {
	SessionID       string
	Presented       int64  // generation of the refresh token that was presented
	Scope           string // that the access token is to have, space-separated; empty for all of the session's
	Now             time.Time
	Policy          session.Policy
	AccessExpiresAt time.Time
	StatusIndex     int64 // for a session that has none
}

// Granted returns the scopes of the access token: those of the session that the user still has, or
// the part of them that was asked for (RFC 6749 §6). An InputError names one that is not among them.
func (r Rotation) Granted(s Session, u User) ([]string, error) {
	return requested(r.Scope, narrowed(s.Scopes, u.Scopes), "this session")
}

// Reauthentication asks to note that the user of a session gave the password again.
type Reauthentication struct {
	SessionID       string
	UserID          string
	CheckedHash     string   // the password hash that was checked
	NewHash         string   // replaces it, when not empty
	Clear           []string // failure counters to delete
	Now             time.Time
	AccessExpiresAt time.Time
	StatusIndex     int64 // for a session that has none
}

// SessionsPage asks for live sessions in the order of their creation, the newest first.
type SessionsPage struct {
	UserID string // empty for everybody's
	// After and AfterID are the CreatedAt and the ID of the last session of the page before; zero for the first.
	After   time.Time
	AfterID string
	Now     time.Time
	Limit   int // 1..1000
}

// OwnedSession is a session with the name of its user.
type OwnedSession struct {
	Session
	Username string
}

// Rotated is what came of it. Session and User are set for Rotated, Repeated and Reused.
type Rotated struct {
	Outcome session.Outcome
	Session Session
	User    User
	Scopes  []string           // of the access token, set for Rotated and Repeated
	Revoked []revocation.Entry // set for Reused
}
