package store

import (
	"context"
	"errors"

	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/audit"
)

const reauthenticateSession = `
	UPDATE sessions SET auth_time = CASE WHEN auth_time > $3 THEN auth_time ELSE $3 END,
		last_used_at = CASE WHEN last_used_at > $3 THEN last_used_at ELSE $3 END,
		access_expires_at = CASE WHEN access_expires_at > $4 THEN access_expires_at ELSE $4 END,
		status_index = CASE WHEN status_index = 0 THEN $5 ELSE status_index END
	WHERE id = $1 AND user_id = $2 AND ended_at = 0 AND idle_expires_at > $3 AND expires_at > $3
	RETURNING ` + sessionColumns

// Reauthenticate implements account.Store.
func (db *DB) Reauthenticate(ctx context.Context, r account.Reauthentication, e audit.Event) (account.Session, account.User, error) {
	if r.NewHash == "" {
		r.NewHash = r.CheckedHash
	}
	var s account.Session
	var u account.User
	err := db.write(ctx, "reauthenticate", func(ctx context.Context, tx *tx) error {
		var err error
		u, err = tx.updateUser(ctx, confirmUser, r.UserID, r.CheckedHash, r.NewHash)
		if errors.Is(err, account.ErrUserNotFound) {
			return account.ErrInvalidCredentials
		}
		if err != nil {
			return err
		}
		found := false
		s, found, err = one(ctx, tx, scanSession, reauthenticateSession, r.SessionID, r.UserID, micros(r.Now), micros(r.AccessExpiresAt), r.StatusIndex)
		if err != nil {
			return err
		}
		if !found {
			return account.ErrSessionNotFound
		}
		if err := tx.clearCounters(ctx, r.Clear); err != nil {
			return err
		}
		return tx.record(ctx, e)
	})
	if err != nil {
		return account.Session{}, account.User{}, err
	}
	return s, u, nil
}
