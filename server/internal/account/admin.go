package account

import (
	"context"
	"fmt"
	"time"

	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/username"
)

// ListUsers returns a page of users in the order of their canonical names.
func (s *Service) ListUsers(ctx context.Context, p Page) ([]User, error) {
	users, err := s.Store.Users(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	return users, nil
}

// FindUser returns the user of a name as anybody may type it, or ErrUserNotFound.
func (s *Service) FindUser(ctx context.Context, name string) (User, error) {
	_, canonical, err := username.Canonical(name)
	if err != nil {
		return User{}, ErrUserNotFound
	}
	u, _, err := s.Store.Credentials(ctx, canonical)
	if err != nil {
		return User{}, fmt.Errorf("find user: %w", err)
	}
	return u, nil
}

// SetRoles replaces a user's roles. Access tokens issued so far are revoked, sessions live on.
func (s *Service) SetRoles(ctx context.Context, userID string, roles []string, by Actor, from audit.Origin) (User, error) {
	if err := checkNames("role", roles); err != nil {
		return User{}, err
	}
	e := s.about(audit.UserRoles, userID, by, from)
	u, entries, err := s.Store.SetRoles(ctx, userID, sortedSet(roles), e.Time, e)
	if err := s.revoke(entries, err); err != nil {
		return User{}, fmt.Errorf("set roles: %w", err)
	}
	return u, nil
}

// SetScopes replaces a user's scopes. Access tokens issued so far are revoked, sessions live on.
func (s *Service) SetScopes(ctx context.Context, userID string, scopes []string, by Actor, from audit.Origin) (User, error) {
	if err := checkNames("scope", scopes); err != nil {
		return User{}, err
	}
	e := s.about(audit.UserScopes, userID, by, from)
	u, entries, err := s.Store.SetScopes(ctx, userID, sortedSet(scopes), e.Time, e)
	if err := s.revoke(entries, err); err != nil {
		return User{}, fmt.Errorf("set scopes: %w", err)
	}
	return u, nil
}

// Disable ends a user's sessions, revokes the access tokens and refuses further logins.
func (s *Service) Disable(ctx context.Context, userID string, by Actor, from audit.Origin) (User, error) {
	e := s.about(audit.UserDisable, userID, by, from)
	u, entries, err := s.Store.Disable(ctx, userID, e.Time, e)
	if err := s.revoke(entries, err); err != nil {
		return User{}, fmt.Errorf("disable user: %w", err)
	}
	return u, nil
}

// Enable lets a disabled user log in again.
func (s *Service) Enable(ctx context.Context, userID string, by Actor, from audit.Origin) (User, error) {
	e := s.about(audit.UserEnable, userID, by, from)
	u, err := s.Store.Enable(ctx, userID, e.Time, e)
	if err != nil {
		return User{}, fmt.Errorf("enable user: %w", err)
	}
	return u, nil
}

// RevokeUser ends a user's sessions and revokes the access tokens; the user may log in again.
func (s *Service) RevokeUser(ctx context.Context, userID string, by Actor, from audit.Origin) error {
	e := s.about(audit.UserRevoke, userID, by, from)
	if err := s.revoke(s.Store.RevokeUser(ctx, userID, e.Time, e)); err != nil {
		return fmt.Errorf("revoke user: %w", err)
	}
	return nil
}

// DeleteUser removes a user. The id is never used again, and tokens already issued are revoked.
func (s *Service) DeleteUser(ctx context.Context, userID string, by Actor, from audit.Origin) error {
	e := s.about(audit.UserDelete, userID, by, from)
	if err := s.revoke(s.Store.DeleteUser(ctx, userID, e.Time, e)); err != nil {
		return fmt.Errorf("delete user: %w", err)
	}
	return nil
}

// ResetPassword sets a user's password without the current one: for the operator. Every session ends.
func (s *Service) ResetPassword(ctx context.Context, userID, replacement string, by Actor, from audit.Origin) error {
	u, err := s.Store.User(ctx, userID)
	if err != nil {
		return fmt.Errorf("reset password: %w", err)
	}
	hash, err := s.hashNew(ctx, replacement, u.Canonical)
	if err != nil {
		return err
	}
	e := s.about(audit.UserPassword, userID, by, from)
	e.SubjectName, e.Reason = u.Name, "reset"
	if err := s.revoke(s.Store.SetPassword(ctx, userID, "", hash, "", e.Time, e)); err != nil {
		return fmt.Errorf("reset password: %w", err)
	}
	return nil
}

// IssueToken opens a session for a user without a password, for the operator, and returns its tokens.
func (s *Service) IssueToken(ctx context.Context, u User, scope string, by Actor, from audit.Origin) (Grant, error) {
	if u.Disabled() {
		return Grant{}, &InputError{"invalid_request", "The user is disabled."}
	}
	_, hash, err := s.Store.CredentialsByID(ctx, u.ID)
	if err != nil {
		return Grant{}, fmt.Errorf("issue token: %w", err)
	}
	scopes, err := requested(scope, u.Scopes, "this user")
	if err != nil {
		return Grant{}, err
	}
	now := s.Clock()
	expires, remembered := s.accessExpiry(now)
	opened := Session{State: s.Sessions.Start(u.ID, now), Scopes: scopes, Address: from.Address, UserAgent: from.UserAgent, AccessExpiresAt: remembered}
	opened.AuthTime = time.Time{} // nobody gave a password: no route that asks for a fresh login lets it in
	e := s.about(audit.TokenIssue, u.ID, by, from)
	e.SubjectName, e.Target = u.Name, opened.ID
	current, err := s.Store.OpenSession(ctx, opened, hash, "", nil, e)
	if err != nil {
		return Grant{}, fmt.Errorf("issue token: %w", err)
	}
	return s.grant(ctx, current, opened, narrowed(opened.Scopes, current.Scopes), now, expires)
}

func (s *Service) about(action audit.Action, userID string, by Actor, from audit.Origin) audit.Event {
	e := s.event(action, by, from)
	e.SubjectID = clip(userID)
	return e
}

// AllSessions returns a page of live sessions, the newest first: for administrators.
func (s *Service) AllSessions(ctx context.Context, p SessionsPage) ([]OwnedSession, error) {
	p.Now = s.Clock()
	sessions, err := s.Store.SessionsPage(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	return sessions, nil
}

// EndAnySession ends a session of anybody, or returns ErrSessionNotFound.
func (s *Service) EndAnySession(ctx context.Context, id string, by Actor, from audit.Origin) error {
	e := s.event(audit.SessionEnd, by, from)
	e.Target = clip(id)
	if err := s.revoke(s.Store.EndSession(ctx, id, "", e.Time, e)); err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	return nil
}
