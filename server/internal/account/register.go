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
// ErrRegistrationClosed, ThrottledError or BusyError.
//
// What is refused as invalid says nothing about any account and costs nothing; every other attempt
// counts against the budget of its address before the name is looked up.
func (s *Service) Register(ctx context.Context, n NewUser, from audit.Origin) (User, error) {
	e := s.event(audit.UserCreate, Actor{Name: clip(n.Username)}, from)
	if !s.OpenRegistration {
		return User{}, s.tally(e, "registration_closed", ErrRegistrationClosed)
	}
	n.Roles, n.Scopes, n.PasswordHash = nil, nil, ""
	u, typed, err := s.newUser(n)
	if err != nil {
		return User{}, err
	}
	if retryAfter, ok := s.Limiter.Register(address(from)); !ok {
		return User{}, s.tally(e, "too_many_attempts", &ThrottledError{RetryAfter: retryAfter})
	}
	u, err = s.create(ctx, u, nil, from, func() (string, error) { return s.Passwords.Hash(ctx, typed) })
	switch {
	case errors.Is(err, ErrUsernameTaken):
		return User{}, s.tally(e, "username_taken", err)
	case hindrance(err) != "":
		return User{}, s.tally(e, hindrance(err), err)
	}
	return u, err
}

// CreateUser creates an account with roles and scopes, on behalf of an administrator. It has no budget, and
// its hash does not wait behind those of Register.
func (s *Service) CreateUser(ctx context.Context, n NewUser, by Actor, from audit.Origin) (User, error) {
	u, typed, err := s.newUser(n)
	if err != nil {
		return User{}, err
	}
	return s.create(ctx, u, &by, from, func() (string, error) {
		if n.PasswordHash != "" {
			return n.PasswordHash, nil
		}
		return s.Passwords.HashTrusted(ctx, typed)
	})
}

// create makes the account; without an actor, the new user is the actor.
func (s *Service) create(ctx context.Context, u User, by *Actor, from audit.Origin, hashed func() (string, error)) (User, error) {
	// Before the costly hash, so that a taken name is cheap to refuse; the store has the last word.
	if _, _, err := s.Store.Credentials(ctx, u.Canonical); err == nil {
		return User{}, ErrUsernameTaken
	} else if !errors.Is(err, ErrUserNotFound) {
		return User{}, fmt.Errorf("register: %w", err)
	}
	hash, err := hashed()
	if err != nil {
		return User{}, fmt.Errorf("hash password: %w", s.hashing(err))
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

// newUser checks all that was typed, and returns the password in its normal form unless there is a hash.
func (s *Service) newUser(n NewUser) (u User, typed string, err error) {
	display, canonical, err := username.Canonical(n.Username)
	if err != nil {
		return User{}, "", invalidName(err)
	}
	email, err := canonicalEmail(n.Email)
	if err != nil {
		return User{}, "", err
	}
	if err := errors.Join(checkNames("role", n.Roles), checkNames("scope", n.Scopes)); err != nil {
		return User{}, "", err
	}
	if n.PasswordHash == "" {
		typed, err = s.newPassword(n.Password, canonical)
	} else if err = password.KnownHash(n.PasswordHash); err != nil {
		err = &InputError{"invalid_request", sentence(err)}
	}
	if err != nil {
		return User{}, "", err
	}
	return User{
		Name: display, Canonical: canonical, Email: email,
		Roles: sortedSet(n.Roles), Scopes: sortedSet(n.Scopes),
	}, typed, nil
}

// newPassword checks a new password against the policy and returns its normal form.
func (s *Service) newPassword(typed, name string) (string, error) {
	normal, err := password.Normalise(typed)
	if err != nil {
		return "", &InputError{"weak_password", sentence(err)}
	}
	if err := s.PasswordPolicy.Check(normal, name); err != nil {
		return "", &InputError{"weak_password", sentence(err)}
	}
	return normal, nil
}

// hashNew checks the new password of somebody who has an account, and hashes it.
func (s *Service) hashNew(ctx context.Context, typed, name string) (string, error) {
	normal, err := s.newPassword(typed, name)
	if err != nil {
		return "", err
	}
	hash, err := s.Passwords.HashTrusted(ctx, normal)
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
