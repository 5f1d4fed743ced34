package store

import (
	"context"
	"time"

	"github.com/durward-auth/durward/revocation"
	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/audit"
)

const updateRoles = `
	UPDATE users SET roles = $2, administrator = $3, version = version + 1, updated_at = $4 WHERE id = $1
	RETURNING ` + userColumns

// SetRoles implements account.Store.
func (db *DB) SetRoles(ctx context.Context, userID string, roles []string, now time.Time, e audit.Event) (account.User, []revocation.Entry, error) {
	return db.raise(ctx, "set roles", now, e, false, func(ctx context.Context, tx *tx) (account.User, error) {
		list, err := joinNames(roles)
		if err != nil {
			return account.User{}, err
		}
		if !isAdministrator(roles) {
			if err := tx.keepAdministrator(ctx, userID); err != nil {
				return account.User{}, err
			}
		}
		return tx.updateUser(ctx, updateRoles, userID, list, flag(isAdministrator(roles)), micros(now))
	})
}

const updateScopes = `
	UPDATE users SET scopes = $2, version = version + 1, updated_at = $3 WHERE id = $1
	RETURNING ` + userColumns

// SetScopes implements account.Store.
func (db *DB) SetScopes(ctx context.Context, userID string, scopes []string, now time.Time, e audit.Event) (account.User, []revocation.Entry, error) {
	return db.raise(ctx, "set scopes", now, e, false, func(ctx context.Context, tx *tx) (account.User, error) {
		list, err := joinNames(scopes)
		if err != nil {
			return account.User{}, err
		}
		return tx.updateUser(ctx, updateScopes, userID, list, micros(now))
	})
}

const updatePassword = `
	UPDATE users SET password_hash = $3, version = version + 1, updated_at = $4
	WHERE id = $1 AND ($2 = '' OR password_hash = $2)
	RETURNING ` + userColumns

// SetPassword implements account.Store.
func (db *DB) SetPassword(ctx context.Context, userID, checkedHash, newHash, keep string, now time.Time, e audit.Event) ([]revocation.Entry, error) {
	var entries []revocation.Entry
	err := db.write(ctx, "set password", func(ctx context.Context, tx *tx) error {
		u, found, err := one(ctx, tx, scanUser, updatePassword, userID, checkedHash, newHash, micros(now))
		if err != nil {
			return err
		}
		if !found {
			if _, err := findUser(ctx, tx, userID); err != nil {
				return err
			}
			return account.ErrWrongPassword
		}
		if entries, err = tx.renew(ctx, u, keep, true, now); err != nil {
			return err
		}
		return tx.record(ctx, e)
	})
	if err != nil {
		return nil, err
	}
	return entries, nil
}

const updateVersion = `
	UPDATE users SET version = version + 1, updated_at = $2 WHERE id = $1
	RETURNING ` + userColumns

// RevokeUser implements account.Store.
func (db *DB) RevokeUser(ctx context.Context, userID string, now time.Time, e audit.Event) ([]revocation.Entry, error) {
	_, entries, err := db.raise(ctx, "revoke user", now, e, true, func(ctx context.Context, tx *tx) (account.User, error) {
		return tx.updateUser(ctx, updateVersion, userID, micros(now))
	})
	return entries, err
}

const disableUser = `
	UPDATE users SET disabled_at = $2, version = version + 1, updated_at = $2 WHERE id = $1 AND disabled_at = 0
	RETURNING ` + userColumns

// Disable implements account.Store. For a user who is disabled nothing is recorded either.
func (db *DB) Disable(ctx context.Context, userID string, now time.Time, e audit.Event) (account.User, []revocation.Entry, error) {
	var u account.User
	var entries []revocation.Entry
	err := db.write(ctx, "disable user", func(ctx context.Context, tx *tx) error {
		entries = nil
		if err := tx.keepAdministrator(ctx, userID); err != nil {
			return err
		}
		var changed bool
		var err error
		u, changed, err = one(ctx, tx, scanUser, disableUser, userID, micros(now))
		if err != nil {
			return err
		}
		if !changed {
			u, err = findUser(ctx, tx, userID)
			return err
		}
		if entries, err = tx.renew(ctx, u, "", true, now); err != nil {
			return err
		}
		return tx.recordAbout(ctx, u, e)
	})
	if err != nil {
		return account.User{}, nil, err
	}
	return u, entries, nil
}

// confirmEnabled is to a user who is enabled what confirmEnd is to a session that has ended.
const confirmEnabled = `
	UPDATE users SET disabled_at = disabled_at WHERE id = $1
	RETURNING ` + userColumns

const enableUser = `
	UPDATE users SET disabled_at = 0, updated_at = $2 WHERE id = $1 AND disabled_at > 0
	RETURNING ` + userColumns

// Enable implements account.Store. For a user who is enabled nothing is recorded either.
func (db *DB) Enable(ctx context.Context, userID string, now time.Time, e audit.Event) (account.User, error) {
	var u account.User
	err := db.write(ctx, "enable user", func(ctx context.Context, tx *tx) error {
		var changed bool
		var err error
		u, changed, err = one(ctx, tx, scanUser, enableUser, userID, micros(now))
		if err != nil {
			return err
		}
		if !changed {
			u, err = tx.updateUser(ctx, confirmEnabled, userID)
			return err
		}
		return tx.recordAbout(ctx, u, e)
	})
	if err != nil {
		return account.User{}, err
	}
	return u, nil
}

const (
	deleteSessions = `DELETE FROM sessions WHERE user_id = $1`
	deleteUser     = `DELETE FROM users WHERE id = $1`
)

// DeleteUser implements account.Store.
func (db *DB) DeleteUser(ctx context.Context, userID string, now time.Time, e audit.Event) ([]revocation.Entry, error) {
	_, entries, err := db.raise(ctx, "delete user", now, e, true, func(ctx context.Context, tx *tx) (account.User, error) {
		if err := tx.keepAdministrator(ctx, userID); err != nil {
			return account.User{}, err
		}
		return tx.updateUser(ctx, updateVersion, userID, micros(now))
	}, deleteSessions, deleteUser)
	return entries, err
}

// raise makes a change that raises the user's version, revokes the tokens that are older
// and, when end is set, ends every session. The statements after it take the user's id.
func (db *DB) raise(ctx context.Context, op string, now time.Time, e audit.Event, end bool,
	change func(context.Context, *tx) (account.User, error), after ...string) (account.User, []revocation.Entry, error) {
	var u account.User
	var entries []revocation.Entry
	err := db.write(ctx, op, func(ctx context.Context, tx *tx) error {
		var err error
		if u, err = change(ctx, tx); err != nil {
			return err
		}
		if entries, err = tx.renew(ctx, u, "", end, now); err != nil {
			return err
		}
		for _, query := range after {
			if _, err := tx.exec(ctx, query, u.ID); err != nil {
				return err
			}
		}
		return tx.recordAbout(ctx, u, e)
	})
	if err != nil {
		return account.User{}, nil, err
	}
	return u, entries, nil
}

// A place in the status lists cannot say which of a session's tokens are refused, so those that may still live are
// marked, and the session gets another place at its next refresh. Writing the rows also makes a database with several
// writers wait for a rotation that is under way, whose access token carries the old version and would
// otherwise outlive the entry.
const (
	livingSessions = `
	UPDATE sessions SET access_expires_at = access_expires_at
	WHERE user_id = $1 AND (ended_at = 0 OR access_expires_at > $2)
	RETURNING ` + sessionColumns

	clearPlaces = `UPDATE sessions SET status_index = 0 WHERE user_id = $1 AND status_index > 0 AND ended_at = 0`
)

// renew revokes the access tokens below the version that the user has now and, when
// end is set, ends every session but the one named keep.
func (t *tx) renew(ctx context.Context, u account.User, keep string, end bool, now time.Time) ([]revocation.Entry, error) {
	living, err := all(ctx, t, scanSession, livingSessions, u.ID, micros(now))
	if err != nil {
		return nil, err
	}
	var last time.Time
	for _, s := range living {
		if !s.AccessExpiresAt.After(now) {
			continue
		}
		if err := t.mark(ctx, s); err != nil {
			return nil, err
		}
		if s.AccessExpiresAt.After(last) {
			last = s.AccessExpiresAt
		}
	}
	var entries []revocation.Entry
	if !last.IsZero() {
		if _, err := t.exec(ctx, clearPlaces, u.ID); err != nil {
			return nil, err
		}
		if entries, err = t.revoke(ctx, now, revocation.Entry{Kind: revocation.Subject, ID: u.ID, Below: u.Version, ExpiresAt: last}); err != nil {
			return nil, err
		}
	}
	if !end {
		return entries, nil
	}
	ended, err := t.endSessions(ctx, u.ID, keep, now)
	if err != nil {
		return nil, err
	}
	return append(entries, ended...), nil
}

const takeTurn = `UPDATE turns SET turn = turn + 1 WHERE name = 'administrators'`

const (
	thisAdministrator  = `SELECT id FROM users WHERE id = $1 AND administrator = 1 AND disabled_at = 0`
	otherAdministrator = `SELECT id FROM users WHERE id <> $1 AND administrator = 1 AND disabled_at = 0 LIMIT 1`
)

// keepAdministrator returns account.ErrLastAdmin when the user is the last enabled
// administrator. Acts that take an administrator away take turns, so that two of
// them cannot each count on the other's.
func (t *tx) keepAdministrator(ctx context.Context, userID string) error {
	if _, err := t.exec(ctx, takeTurn); err != nil {
		return err
	}
	if _, is, err := one(ctx, t, value[string], thisAdministrator, userID); err != nil || !is {
		return err
	}
	_, others, err := one(ctx, t, value[string], otherAdministrator, userID)
	if err == nil && !others {
		err = account.ErrLastAdmin
	}
	return err
}
