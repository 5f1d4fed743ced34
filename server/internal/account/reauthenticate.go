package account

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/password"
)

// Access is an access token without a refresh token. It prints as "[secret]".
type Access struct {
	Token     string
	ExpiresIn time.Duration
	Scopes    []string
	SessionID string
}

// String returns "[secret]".
func (Access) String() string { return "[secret]" }

// GoString returns "[secret]".
func (Access) GoString() string { return "[secret]" }

// LogValue returns the session's id alone.
func (a Access) LogValue() slog.Value { return slog.StringValue("session " + a.SessionID) }

// Reauthenticate checks the actor's password and returns an access token of the actor's own session whose
// auth_time is now, for what asks for a fresh login (RFC 9470). Refreshes carry the new auth_time from then on;
// the session's id, limits and refresh token stay as they are: a token that another request is being answered with
// meanwhile keeps its place. The access token has the scopes that the actor's own has.
//
// Wrong passwords count and are recorded as failed sign-ins are; the refusals are ErrWrongPassword,
// durward.ErrTokenRevoked when the session has ended, and those of Login.
func (s *Service) Reauthenticate(ctx context.Context, by Actor, typed string, scopes []string, from audit.Origin) (Access, error) {
	typed, err := password.Normalise(typed)
	if err != nil || len(typed) > s.PasswordPolicy.MaxBytes {
		return Access{}, &InputError{"invalid_request", fmt.Sprintf("The password must be UTF-8 text of at most %d bytes.", s.PasswordPolicy.MaxBytes)}
	}
	u, hash, err := s.Store.CredentialsByID(ctx, by.UserID)
	if err != nil {
		return Access{}, fmt.Errorf("log in again: %w", err)
	}
	e := s.event(audit.SessionReauthenticate, by, from)
	e.SubjectID, e.SubjectName, e.Target = u.ID, u.Name, by.SessionID
	attempt, err := s.reserve(u.Canonical, e)
	if err != nil {
		return Access{}, err
	}
	defer attempt.Cancel()
	ok, weaker, err := s.Passwords.Verify(ctx, hash, typed)
	if err != nil {
		return Access{}, fmt.Errorf("log in again: %w", s.unanswered(e, s.hashing(err)))
	}
	if !ok {
		e.Reason = "wrong_password"
		if err := s.refuse(ctx, attempt, e); !errors.Is(err, ErrInvalidCredentials) {
			return Access{}, err
		}
		return Access{}, ErrWrongPassword
	}
	newHash := ""
	if weaker {
		newHash, _ = s.Passwords.HashTrusted(ctx, typed) // as at a login
	}
	now := s.Clock()
	expires, remembered := s.accessExpiry(now)
	place, err := s.place(ctx)
	if err != nil {
		return Access{}, fmt.Errorf("log in again: %w", err)
	}
	renewed, u, err := s.Store.Reauthenticate(ctx, Reauthentication{
		SessionID: by.SessionID, UserID: u.ID, CheckedHash: hash, NewHash: newHash, Clear: attempt.Succeed(), Now: now, AccessExpiresAt: remembered,
		StatusIndex: place,
	}, e)
	if err == nil && renewed.StatusIndex != place {
		s.spare(place)
	}
	switch err := s.unanswered(e, err); {
	case errors.Is(err, ErrInvalidCredentials):
		return Access{}, ErrWrongPassword
	case errors.Is(err, ErrSessionNotFound):
		return Access{}, durward.ErrTokenRevoked
	case err != nil:
		return Access{}, fmt.Errorf("log in again: %w", err)
	}
	g, err := s.grant(ctx, u, renewed, narrowed(scopes, narrowed(renewed.Scopes, u.Scopes)), now, expires)
	if err != nil {
		return Access{}, err
	}
	return Access{Token: g.AccessToken, ExpiresIn: g.ExpiresIn, Scopes: g.Scopes, SessionID: g.SessionID}, nil
}
