package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/examples/internal/passwords"
)

// users keeps who has registered, in memory. It is safe for concurrent use.
type users struct {
	hasher *passwords.Hasher

	mu     sync.Mutex
	byName map[string]user
}

type user struct {
	role     string
	password passwords.Hash
}

var errTaken = errors.New("the name is taken")

func newUsers() *users {
	return &users{hasher: passwords.New(), byName: map[string]user{}}
}

// addAdmin adds the user "admin" and returns a random password for it, which is kept nowhere.
func (u *users) addAdmin() (password string, err error) {
	password = rand.Text()
	if err := u.add(context.Background(), "admin", password, "admin"); err != nil {
		return "", fmt.Errorf("add the administrator: %w", err)
	}
	return password, nil
}

func (u *users) add(ctx context.Context, name, password, role string) error {
	if _, taken := u.find(name); taken {
		return errTaken
	}
	hash, err := u.hasher.Hash(ctx, password)
	if err != nil {
		return err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if _, taken := u.byName[name]; taken {
		return errTaken
	}
	u.byName[name] = user{role, hash}
	return nil
}

func (u *users) find(name string) (user, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	found, ok := u.byName[name]
	return found, ok
}

// authenticate is the callback of the login handler. An unknown name costs as much time as a wrong password.
func (u *users) authenticate(ctx context.Context, name, password string) (durward.Identity, error) {
	found, _ := u.find(name)
	right, err := u.hasher.Verify(ctx, found.password, password)
	if err != nil {
		return durward.Identity{}, err
	}
	if !right {
		return durward.Identity{}, durward.ErrInvalidCredentials
	}
	return durward.Identity{
		Subject: name, Username: name, Roles: []string{found.role},
		Private: map[string]string{"role": found.role},
	}, nil
}

// register answers POST /register. Everybody who registers gets the role "user".
func (u *users) register(w http.ResponseWriter, r *http.Request) {
	var in struct{ Username, Password string }
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10))
	decoder.DisallowUnknownFields()
	switch err := decoder.Decode(&in); {
	case err != nil || decoder.More():
		reply(w, http.StatusBadRequest, "message", "Send one JSON object with username and password")
		return
	case in.Username == "" || len(in.Username) > 64 || in.Password == "" || len(in.Password) > 1024:
		reply(w, http.StatusBadRequest, "message", "Give a username of at most 64 bytes and a password of at most 1024")
		return
	}
	switch err := u.add(r.Context(), in.Username, in.Password, "user"); {
	case errors.Is(err, errTaken):
		reply(w, http.StatusConflict, "message", "Username is already taken")
	case err != nil:
		reply(w, http.StatusServiceUnavailable, "message", "Registering is not possible now")
	default:
		reply(w, http.StatusCreated, "message", "User registered successfully")
	}
}
