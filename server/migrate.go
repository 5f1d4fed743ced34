package server

import (
	"context"
	"errors"
	"fmt"

	"github.com/durward-auth/durward/server/internal/store"
)

// Schema returns the version of the database's schema, 0 for an empty one, and that of this program, and changes nothing. It returns an
// error that wraps store.ErrNewerSchema when this program is too old.
func Schema(ctx context.Context, c Config) (has, known int64, err error) {
	setDefaults(&c)
	has, known, err = store.Versions(ctx, c.where())
	if err != nil {
		return 0, 0, fmt.Errorf("read the schema: %w", err)
	}
	return has, known, nil
}

// Migrate brings the schema of the database to that of this program, and returns its version.
func Migrate(ctx context.Context, c Config) (int64, error) {
	setDefaults(&c)
	db, err := store.Open(ctx, c.where())
	if err != nil {
		return 0, fmt.Errorf("migrate: %w", err)
	}
	version, err := db.SchemaVersion(ctx)
	if err := errors.Join(err, db.Close()); err != nil {
		return 0, fmt.Errorf("migrate: %w", err)
	}
	return version, nil
}
