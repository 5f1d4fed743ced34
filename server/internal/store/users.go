package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/audit"
)

const insertUser = `
	INSERT INTO users (id, name, name_folded, canonical, email, email_folded, password_hash, roles, administrator, scopes,
		version, created_at, updated_at, disabled_at)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
	ON CONFLICT (canonical) DO NOTHING`

// CreateUser implements account.Store.
func (db *DB) CreateUser(ctx context.Context, u account.User, passwordHash string, e audit.Event) error {
	return db.write(ctx, "create user", func(ctx context.Context, tx *tx) error {
		roles, err := joinNames(u.Roles)
		if err != nil {
			return err
		}
		scopes, err := joinNames(u.Scopes)
		if err != nil {
			return err
		}
		n, err := tx.exec(ctx, insertUser, u.ID, u.Name, strings.ToLower(u.Name), u.Canonical, u.Email, strings.ToLower(u.Email),
			passwordHash, roles, flag(isAdministrator(u.Roles)), scopes,
			u.Version, micros(u.CreatedAt), micros(u.UpdatedAt), micros(u.DisabledAt))
		if err != nil {
			return err
		}
		if n == 0 {
			return account.ErrUsernameTaken
		}
		return tx.record(ctx, e)
	})
}

const userColumns = `id, name, canonical, email, roles, scopes, version, created_at, updated_at, disabled_at`

const (
	userByID             = `SELECT ` + userColumns + ` FROM users WHERE id = $1`
	credentialsByID      = `SELECT ` + userColumns + `, password_hash FROM users WHERE id = $1`
	credentialsCanonical = `SELECT ` + userColumns + `, password_hash FROM users WHERE canonical = $1`
)

// User returns the user, or account.ErrUserNotFound.
func (db *DB) User(ctx context.Context, id string) (account.User, error) {
	u, err := findUser(ctx, db.reader, id)
	if err != nil {
		return account.User{}, fmt.Errorf("read user: %w", translate(err))
	}
	return u, nil
}

// Credentials implements account.Store.
func (db *DB) Credentials(ctx context.Context, canonical string) (account.User, string, error) {
	return db.credentials(ctx, credentialsCanonical, canonical)
}

// CredentialsByID implements account.Store.
func (db *DB) CredentialsByID(ctx context.Context, id string) (account.User, string, error) {
	return db.credentials(ctx, credentialsByID, id)
}

func (db *DB) credentials(ctx context.Context, query, key string) (account.User, string, error) {
	var hash string
	u, found, err := one(ctx, db.reader, func(row scanner) (account.User, error) {
		return scanUserAnd(row, &hash)
	}, query, key)
	if err != nil {
		return account.User{}, "", fmt.Errorf("read credentials: %w", translate(err))
	}
	if !found {
		return account.User{}, "", account.ErrUserNotFound
	}
	return u, hash, nil
}

const selectUsers = `
	SELECT ` + userColumns + ` FROM users
	WHERE canonical > $1
		AND ($2 = '' OR name_folded LIKE $2 ESCAPE '!' OR canonical LIKE $2 ESCAPE '!' OR email_folded LIKE $2 ESCAPE '!')
	ORDER BY canonical LIMIT $3`

const (
	maxUsers  = 1000
	maxSearch = 1024 // bytes, longer than any name or address
)

// Users returns a page of users. A limit outside 1..1000 counts as 1000.
func (db *DB) Users(ctx context.Context, p account.Page) ([]account.User, error) {
	if p.Limit < 1 || p.Limit > maxUsers {
		p.Limit = maxUsers
	}
	if len(p.Search) > maxSearch {
		return nil, nil
	}
	users, err := all(ctx, db.reader, scanUser, selectUsers, p.After, pattern(p.Search), p.Limit)
	if err != nil {
		return nil, fmt.Errorf("list users: %w", translate(err))
	}
	return users, nil
}

// pattern finds a text anywhere, folded and taken literally; empty for all.
func pattern(search string) string {
	if search == "" {
		return ""
	}
	return "%" + strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(strings.ToLower(search)) + "%"
}

const updateEmail = `
	UPDATE users SET email = $2, email_folded = $3, updated_at = $4 WHERE id = $1
	RETURNING ` + userColumns

// SetEmail implements account.Store.
func (db *DB) SetEmail(ctx context.Context, userID, email string, now time.Time, e audit.Event) (account.User, error) {
	var u account.User
	err := db.write(ctx, "set email", func(ctx context.Context, tx *tx) error {
		var err error
		if u, err = tx.updateUser(ctx, updateEmail, userID, email, strings.ToLower(email), micros(now)); err != nil {
			return err
		}
		return tx.recordAbout(ctx, u, e)
	})
	if err != nil {
		return account.User{}, err
	}
	return u, nil
}

// updateUser runs a statement that returns the user it changed, or ErrUserNotFound.
func (t *tx) updateUser(ctx context.Context, query string, args ...any) (account.User, error) {
	u, found, err := one(ctx, t, scanUser, query, args...)
	if err == nil && !found {
		err = account.ErrUserNotFound
	}
	return u, err
}

func findUser(ctx context.Context, q querier, id string) (account.User, error) {
	u, found, err := one(ctx, q, scanUser, userByID, id)
	if err == nil && !found {
		err = account.ErrUserNotFound
	}
	return u, err
}

func scanUser(row scanner) (account.User, error) { return scanUserAnd(row) }

func scanUserAnd(row scanner, more ...any) (account.User, error) {
	var u account.User
	var roles, scopes string
	var created, updated, disabled int64
	err := row.Scan(append([]any{&u.ID, &u.Name, &u.Canonical, &u.Email, &roles, &scopes, &u.Version, &created, &updated, &disabled}, more...)...)
	if err != nil {
		return account.User{}, err
	}
	u.Roles, u.Scopes = splitNames(roles), splitNames(scopes)
	u.CreatedAt, u.UpdatedAt, u.DisabledAt = fromMicros(created), fromMicros(updated), fromMicros(disabled)
	return u, nil
}

func isAdministrator(roles []string) bool { return slices.Contains(roles, account.AdminRole) }
