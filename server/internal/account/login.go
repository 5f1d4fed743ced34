package account

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/limit"
	"github.com/durward-auth/durward/server/internal/password"
	"github.com/durward-auth/durward/server/internal/username"
)

// Credentials is what somebody types to log in.
type Credentials struct {
	Username string
	Password string
	Scope    string // space-separated; empty asks for all that the user has
	Device   string // a name for the session, shown to its user; may be empty
}

// Login checks a password and opens a session. An unknown name, a wrong password and a disabled account
// are the same ErrInvalidCredentials, at the same cost. Other refusals: ThrottledError,
// BusyError, InputError (a scope that was not granted, after the password was right).
func (s *Service) Login(ctx context.Context, c Credentials, from audit.Origin) (Grant, error) {
	typed, err := password.Normalise(c.Password)
	if err != nil || len(typed) > s.PasswordPolicy.MaxBytes {
		return Grant{}, &InputError{"invalid_request", fmt.Sprintf("The password must be UTF-8 text of at most %d bytes.", s.PasswordPolicy.MaxBytes)}
	}
	if err := checkDevice(c.Device); err != nil {
		return Grant{}, err
	}
	_, canonical, err := username.Canonical(c.Username)
	if err != nil {
		canonical = "" // no user has it
	}
	e := s.event(audit.SessionLogin, Actor{Name: clip(c.Username)}, from)
	attempt, err := s.reserve(counted(canonical, c.Username), e)
	if err != nil {
		return Grant{}, err
	}
	defer attempt.Cancel()

	u, hash, rehash, err := s.check(ctx, canonical, typed)
	switch {
	case errors.Is(err, ErrInvalidCredentials):
		e.Reason, e.ActorID, e.SubjectID = reason(u, hash), u.ID, u.ID
		return Grant{}, s.refuse(ctx, attempt, e)
	case err != nil:
		return Grant{}, fmt.Errorf("log in: %w", s.unanswered(e, err))
	}
	return s.open(ctx, c, u, hash, rehash, attempt, e)
}

// check compares the password at the same cost whether or not there is such a user. With
// ErrInvalidCredentials the user is returned too, for the audit log alone. newHash is set when the
// stored one is of a weaker kind than today's.
func (s *Service) check(ctx context.Context, canonical, typed string) (u User, hash, newHash string, err error) {
	u, hash, err = s.Store.Credentials(ctx, canonical)
	if errors.Is(err, ErrUserNotFound) {
		if err := s.Passwords.VerifyDummy(ctx, typed); err != nil {
			return User{}, "", "", s.hashing(err)
		}
		return User{}, "", "", ErrInvalidCredentials
	}
	if err != nil {
		return User{}, "", "", err
	}
	ok, weaker, err := s.Passwords.Verify(ctx, hash, typed)
	if err != nil {
		return User{}, "", "", s.hashing(err)
	}
	if !ok {
		return u, "", "", ErrInvalidCredentials
	}
	if u.Disabled() {
		return u, hash, "", ErrInvalidCredentials
	}
	if weaker {
		// A busy pool must not refuse a good login: the upgrade waits for the next one.
		newHash, _ = s.Passwords.HashTrusted(ctx, typed)
	}
	return u, hash, newHash, nil
}

// reason names a refused sign-in for the audit log. hash is set when the password was right.
func reason(u User, hash string) string {
	switch {
	case u.ID == "":
		return "unknown_user"
	case hash != "":
		return "disabled"
	default:
		return "wrong_password"
	}
}

func (s *Service) open(ctx context.Context, c Credentials, u User, hash, newHash string, attempt *limit.Attempt, e audit.Event) (Grant, error) {
	scopes, err := requested(c.Scope, u.Scopes, "this user")
	if err != nil {
		e.ActorID, e.SubjectID, e.SubjectName = u.ID, u.ID, u.Name
		return Grant{}, s.tally(e, "invalid_scope", err)
	}
	place, err := s.place(ctx)
	if err != nil {
		return Grant{}, fmt.Errorf("log in: %w", err)
	}
	now := s.Clock()
	expires, remembered := s.accessExpiry(now)
	opened := Session{
		State: s.Sessions.Start(u.ID, now), Scopes: scopes,
		Address: e.Address, UserAgent: e.UserAgent, Device: c.Device, AccessExpiresAt: remembered, StatusIndex: place,
	}
	e.ActorID, e.ActorName, e.SubjectID, e.SubjectName, e.Target = u.ID, u.Name, u.ID, u.Name, opened.ID
	current, err := s.Store.OpenSession(ctx, opened, hash, newHash, attempt.Succeed(), e)
	if err != nil {
		return Grant{}, fmt.Errorf("log in: %w", s.unanswered(e, err))
	}
	return s.grant(ctx, current, opened, narrowed(opened.Scopes, current.Scopes), now, expires)
}

// reserve takes a place among the attempts that are left for a name and an address.
func (s *Service) reserve(name string, e audit.Event) (*limit.Attempt, error) {
	attempt, retryAfter, ok := s.Limiter.Reserve(name, address(e.Origin))
	if !ok {
		return nil, s.tally(e, "too_many_attempts", &ThrottledError{RetryAfter: retryAfter})
	}
	return attempt, nil
}

// tally counts a refusal that changes nothing, and returns the error that it is answered with.
func (s *Service) tally(e audit.Event, reason string, err error) error {
	e.Outcome, e.Reason = audit.Refused, reason
	s.Tally.Add(e)
	return err
}

// unanswered tallies a sign-in that came to nothing although no password was found wrong, and returns err.
func (s *Service) unanswered(e audit.Event, err error) error {
	switch {
	case errors.Is(err, ErrInvalidCredentials):
		return s.tally(e, "changed_meanwhile", err) // replaced or disabled between the look at the password and the act
	case hindrance(err) != "":
		return s.tally(e, hindrance(err), err)
	}
	return err
}

// hindrance names for the audit log what kept the server from an act, "" when the error is another.
func hindrance(err error) string {
	switch {
	case errors.Is(err, ErrStorageFull):
		return "storage_full"
	case errors.Is(err, ErrOutcomeUnknown):
		return "outcome_unknown"
	case errors.Is(err, ErrBusy):
		return "busy"
	}
	return ""
}

// refuse counts and records a failed sign-in, and returns ErrInvalidCredentials.
func (s *Service) refuse(ctx context.Context, attempt *limit.Attempt, e audit.Event) error {
	e.Outcome = audit.Refused
	ctx, cancel := detached(ctx)
	defer cancel()
	if err := s.Store.RefuseSignIn(ctx, attempt.Fail(), e); err != nil {
		return fmt.Errorf("record a refused sign-in: %w", s.unanswered(e, err))
	}
	return ErrInvalidCredentials
}

// counted is the name under which attempts are counted: names that nobody can have count as they were typed.
func counted(canonical, typed string) string {
	if canonical != "" {
		return canonical
	}
	return "\x00" + clip(typed)
}

// clip bounds a text that came from outside before it is kept, and takes control characters out of it.
func clip(text string) string {
	const limit = 128
	if len(text) > limit {
		text = text[:limit]
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
}
