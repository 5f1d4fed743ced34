package account

import (
	"context"
	"errors"
	"fmt"

	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/password"
)

// GetUser returns a user, or ErrUserNotFound.
func (s *Service) GetUser(ctx context.Context, id string) (User, error) {
	u, err := s.Store.User(ctx, id)
	if err != nil {
		return User{}, fmt.Errorf("read user: %w", err)
	}
	return u, nil
}

// ChangeEmail sets or, with an empty address, removes the actor's e-mail address.
func (s *Service) ChangeEmail(ctx context.Context, by Actor, email string, from audit.Origin) (User, error) {
	email, err := canonicalEmail(email)
	if err != nil {
		return User{}, err
	}
	e := s.event(audit.UserUpdate, by, from)
	e.SubjectID, e.SubjectName, e.Reason = by.UserID, by.Name, "email"
	u, err := s.Store.SetEmail(ctx, by.UserID, email, e.Time, e)
	if err != nil {
		return User{}, fmt.Errorf("change e-mail address: %w", err)
	}
	return u, nil
}

// ChangePassword replaces the actor's password. The current one is needed, and guesses at it
// count as failed sign-ins. Every other session ends, and every access token issued
// so far is revoked; the actor's own session lives on by its refresh token.
func (s *Service) ChangePassword(ctx context.Context, by Actor, current, replacement string, from audit.Origin) error {
	typed, err := password.Normalise(current)
	if err != nil || len(typed) > s.PasswordPolicy.MaxBytes {
		return &InputError{"invalid_request", "The current password must be UTF-8 text of a password's length."}
	}
	u, hash, err := s.Store.CredentialsByID(ctx, by.UserID)
	if err != nil {
		return fmt.Errorf("change password: %w", err)
	}
	e := s.event(audit.UserPassword, by, from)
	e.SubjectID, e.SubjectName = u.ID, u.Name
	attempt, err := s.reserve(u.Canonical, e)
	if err != nil {
		return err
	}
	defer attempt.Cancel()
	ok, _, err := s.Passwords.Verify(ctx, hash, typed)
	if err != nil {
		return fmt.Errorf("change password: %w", s.unanswered(e, s.hashing(err)))
	}
	if !ok {
		e.Reason = "wrong_password"
		if err := s.refuse(ctx, attempt, e); !errors.Is(err, ErrInvalidCredentials) {
			return err
		}
		return ErrWrongPassword
	}
	newHash, err := s.hashNew(ctx, replacement, u.Canonical)
	if err != nil {
		return err
	}
	if err := s.revoke(s.Store.SetPassword(ctx, u.ID, hash, newHash, by.SessionID, s.Clock(), e)); err != nil {
		return fmt.Errorf("change password: %w", s.unanswered(e, err))
	}
	return nil
}

// DeleteAccount removes the actor's own account; ErrLastAdmin for the last administrator.
func (s *Service) DeleteAccount(ctx context.Context, by Actor, from audit.Origin) error {
	return s.DeleteUser(ctx, by.UserID, by, from)
}
