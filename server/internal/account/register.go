package account

import (
	"context"
	"errors"
	"fmt"

	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/password"
	"github.com/durward-auth/durward/server/internal/username"
	"github.com/google/uuid"
)

// NewUser is what somebody types to have an account.
type NewUser struct {
	Username string
	Password string
	Email    string   // optional
	Roles    []string // set by administrators only
	Scopes   []string // set by administrators only
	// PasswordHash, set by the operator only, takes the place of Password: a hash that another
	// program made, of a kind that password.KnownHash knows. The next login replaces it.
	PasswordHash string
}

// Register creates an account without roles. It returns an InputError, ErrUsernameTaken,
// ErrRegistrationClosed or ErrBusy.
func (s *Service) Register(ctx context.Context, n NewUser, from audit.Origin) (User, error) {
	if !s.OpenRegistration {
		return User{}, ErrRegistrationClosed
	}
	n.Roles, n.Scopes, n.PasswordHash = nil, nil, ""
	return s.create(ctx, n, nil, from)
}

// CreateUser creates an account with roles and scopes, on behalf of an administrator.
func (s *Service) CreateUser(ctx context.Context, n NewUser, by Actor, from audit.Origin) (User, error) {
	return s.create(ctx, n, &by, from)
}

// create makes the account; without an actor, the new user is the actor.
func (s *Service) create(ctx context.Context, n NewUser, by *Actor, from audit.Origin) (User, error) {
	u, err := newUser(n)
	if err != nil {
		return User{}, err
	}
	// Before the costly hash, so that a taken name is cheap to refuse; the store has the last word.
	if _, _, err := s.Store.Credentials(ctx, u.Canonical); err == nil {
		return User{}, ErrUsernameTaken
	} else if !errors.Is(err, ErrUserNotFound) {
		return User{}, fmt.Errorf("register: %w", err)
	}
	hash, err := s.hashOf(ctx, n, u.Canonical)
	if err != nil {
		return User{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return User{}, fmt.Errorf("register: %w", err)
	}
	u.ID = id.String()
	u.CreatedAt = s.Clock()
	u.UpdatedAt = u.CreatedAt
	u.Version = 1
	if by == nil {
		by = &Actor{UserID: u.ID, Name: u.Name}
	}
	e := s.event(audit.UserCreate, *by, from)
	e.SubjectID, e.SubjectName = u.ID, u.Name
	if err := s.Store.CreateUser(ctx, u, hash, e); err != nil {
		return User{}, fmt.Errorf("register: %w", err)
	}
	return u, nil
}

func newUser(n NewUser) (User, error) {
	display, canonical, err := username.Canonical(n.Username)
	if err != nil {
		return User{}, invalidName(err)
	}
	email, err := canonicalEmail(n.Email)
	if err != nil {
		return User{}, err
	}
	if err := errors.Join(checkNames("role", n.Roles), checkNames("scope", n.Scopes)); err != nil {
		return User{}, err
	}
	return User{
		Name: display, Canonical: canonical, Email: email,
		Roles: sortedSet(n.Roles), Scopes: sortedSet(n.Scopes),
	}, nil
}

func (s *Service) hashOf(ctx context.Context, n NewUser, name string) (string, error) {
	if n.PasswordHash == "" {
		return s.hashNew(ctx, n.Password, name)
	}
	if err := password.KnownHash(n.PasswordHash); err != nil {
		return "", &InputError{"invalid_request", sentence(err)}
	}
	return n.PasswordHash, nil
}

// hashNew checks a new password against the policy and hashes it.
func (s *Service) hashNew(ctx context.Context, typed, name string) (string, error) {
	normal, err := password.Normalise(typed)
	if err != nil {
		return "", &InputError{"weak_password", sentence(err)}
	}
	if err := s.PasswordPolicy.Check(normal, name); err != nil {
		return "", &InputError{"weak_password", sentence(err)}
	}
	hash, err := s.Passwords.Hash(ctx, normal)
	if err != nil {
		return "", fmt.Errorf("hash password: %w", s.hashing(err))
	}
	return hash, nil
}

func invalidName(err error) error { return &InputError{"invalid_username", sentence(err)} }

func canonicalEmail(email string) (string, error) {
	if email == "" {
		return "", nil
	}
	canonical, err := username.Email(email)
	if err != nil {
		return "", &InputError{"invalid_email", sentence(err)}
	}
	return canonical, nil
}
