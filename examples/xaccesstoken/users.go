package main

import (
	"context"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/examples/internal/passwords"
)

// users knows who may log in. It is safe for concurrent use.
type users struct {
	hasher *passwords.Hasher
	byName map[string]passwords.Hash // never written to after newUsers
}

// newUsers knows one user.
func newUsers(name, password string) (*users, error) {
	hasher := passwords.New()
	hash, err := hasher.Hash(context.Background(), password)
	if err != nil {
		return nil, err
	}
	return &users{hasher, map[string]passwords.Hash{name: hash}}, nil
}

// authenticate is the callback of the login handler. An unknown name costs as much time as a wrong password.
func (u *users) authenticate(ctx context.Context, name, password string) (durward.Identity, error) {
	right, err := u.hasher.Verify(ctx, u.byName[name], password)
	if err != nil {
		return durward.Identity{}, err
	}
	if !right {
		return durward.Identity{}, durward.ErrInvalidCredentials
	}
	return durward.Identity{Subject: name, Private: map[string]string{"user": name}}, nil
}
