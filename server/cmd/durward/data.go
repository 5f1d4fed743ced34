package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/durward-auth/durward/server"
	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/google/uuid"
)

// withData opens the data for one command, beside a running server if there is one.
func withData(ctx context.Context, config server.Config, use func(*server.Data) error) (err error) {
	data, err := server.OpenData(ctx, config)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, data.Close()) }()
	return use(data)
}

// origin is what the audit log says of a command.
func origin() audit.Origin {
	user := os.Getenv("SUDO_USER")
	if user == "" {
		user = os.Getenv("USER")
	}
	return audit.Origin{Address: "cli", UserAgent: "durward " + version() + " by " + user, RequestID: uuid.NewString()}
}

// find returns the user of a name, or a sentence that says what to do.
func find(ctx context.Context, data *server.Data, name string) (account.User, error) {
	u, err := data.Accounts.FindUser(ctx, name)
	if errors.Is(err, account.ErrUserNotFound) {
		return account.User{}, fmt.Errorf("there is no user %q (see durward user list)", name)
	}
	return u, err
}
