package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/durward-auth/durward/server"
	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/google/uuid"
)

// errNoData says that a directory holds no database.
var errNoData = errors.New("durward serve and durward user add make it, --data names another directory")

// withData opens the data for one command, beside a running server if there is one. It makes none: a
// misspelt --data must not answer with an empty list.
func withData(ctx context.Context, config server.Config, use func(*server.Data) error) error {
	if config.Database != "" {
		config.Existing = true
		return withNewData(ctx, config, use)
	}
	if _, err := os.Stat(server.DatabasePath(config.DataDir)); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no data in %s: %w", config.DataDir, errNoData)
	}
	config.Existing = true
	return withNewData(ctx, config, use)
}

// withNewData is withData, but fills an empty directory.
func withNewData(ctx context.Context, config server.Config, use func(*server.Data) error) (err error) {
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
	agent := "durward " + version()
	if user != "" {
		agent += " by " + user
	}
	return audit.Origin{Address: "cli", UserAgent: agent, RequestID: uuid.NewString()}
}

// find returns the user of a name, or a sentence that says what to do.
func find(ctx context.Context, data *server.Data, name string) (account.User, error) {
	u, err := data.Accounts.FindUser(ctx, name)
	if errors.Is(err, account.ErrUserNotFound) {
		return account.User{}, fmt.Errorf("there is no user %q (see durward user list)", name)
	}
	return u, err
}
