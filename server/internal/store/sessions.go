package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/durward-auth/durward/revocation"
	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/audit"
)

// Writing the row, even unchanged, makes a database with several writers wait for whoever
// disables the user or replaces the password at the same moment, and then look again.
const confirmUser = `
	UPDATE users SET password_hash = $3
	WHERE id = $1 AND password_hash = $2 AND disabled_at = 0
	RETURNING ` + userColumns

const insertSession = `
	INSERT INTO sessions (id, user_id, generation, scopes, address, user_agent, created_at, auth_time, rotated_at,
		last_used_at, idle_expires_at, expires_at, access_expires_at, ended_at, device, status_index)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`

// OpenSession implements account.Store.
func (db *DB) OpenSession(ctx context.Context, s account.Session, checkedHash, newHash string, clear []string, e audit.Event) (account.User, error) {
	if newHash == "" {
		newHash = checkedHash
	}
	var u account.User
	err := db.write(ctx, "open session", func(ctx context.Context, tx *tx) error {
		scopes, err := joinNames(s.Scopes)
		if err != nil {
			return err
		}
		u, err = tx.updateUser(ctx, confirmUser, s.UserID, checkedHash, newHash)
		if errors.Is(err, account.ErrUserNotFound) {
			return account.ErrInvalidCredentials
		}
		if err != nil {
			return err
		}
		_, err = tx.exec(ctx, insertSession, s.ID, s.UserID, s.Generation, scopes, s.Address, s.UserAgent,
			micros(s.CreatedAt), micros(s.AuthTime), micros(s.RotatedAt), micros(s.LastUsedAt),
			micros(s.IdleExpiresAt), micros(s.ExpiresAt), micros(s.AccessExpiresAt), micros(s.EndedAt), s.Device, s.StatusIndex)
		if err != nil {
			return err
		}
		if err := tx.clearCounters(ctx, clear); err != nil {
			return err
		}
		return tx.record(ctx, e)
	})
	if err != nil {
		return account.User{}, err
	}
	return u, nil
}

const sessionColumns = `id, user_id, generation, scopes, address, user_agent, created_at, auth_time, rotated_at,
	last_used_at, idle_expires_at, expires_at, access_expires_at, ended_at, device, status_index`

const liveSessions = `
	SELECT ` + sessionColumns + ` FROM sessions
	WHERE user_id = $1 AND ended_at = 0 AND idle_expires_at > $2 AND expires_at > $2
	ORDER BY last_used_at DESC, id DESC LIMIT $3`

// Sessions implements account.Store.
func (db *DB) Sessions(ctx context.Context, userID string, now time.Time) ([]account.Session, error) {
	sessions, err := all(ctx, db.reader, scanSession, liveSessions, userID, micros(now), account.MaxListed)
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", translate(err))
	}
	return sessions, nil
}

const liveSession = `
	SELECT ` + sessionColumns + ` FROM sessions
	WHERE id = $1 AND ended_at = 0 AND idle_expires_at > $2 AND expires_at > $2`

// LiveSession implements account.Store.
func (db *DB) LiveSession(ctx context.Context, id string, now time.Time) (account.Session, account.User, error) {
	s, found, err := one(ctx, db.reader, scanSession, liveSession, id, micros(now))
	if err != nil {
		return account.Session{}, account.User{}, fmt.Errorf("read session: %w", translate(err))
	}
	if !found {
		return account.Session{}, account.User{}, account.ErrSessionNotFound
	}
	u, err := findUser(ctx, db.reader, s.UserID)
	if errors.Is(err, account.ErrUserNotFound) { // deleted between the two
		return account.Session{}, account.User{}, account.ErrSessionNotFound
	}
	if err != nil {
		return account.Session{}, account.User{}, fmt.Errorf("read session: %w", translate(err))
	}
	return s, u, nil
}

// A session past its limits can be ended while an access token of it lives.
const endSession = `
	UPDATE sessions SET ended_at = $3
	WHERE id = $1 AND ($2 = '' OR user_id = $2) AND ended_at = 0
		AND ((idle_expires_at > $3 AND expires_at > $3) OR access_expires_at > $3)
	RETURNING ` + sessionColumns

// confirmEnd writes the row of a session that has ended as it is. Where a commit waits for a standby, a transaction that only
// reads does not wait for what it has read: the end of a session whose first answer was lost could be lost itself, after it
// was confirmed.
const confirmEnd = `UPDATE sessions SET ended_at = ended_at WHERE id = $1 AND ($2 = '' OR user_id = $2) AND ended_at > 0`

// EndSession implements account.Store. An event without a subject or a target gets them
// from the session.
func (db *DB) EndSession(ctx context.Context, id, userID string, now time.Time, e audit.Event) ([]revocation.Entry, error) {
	var entries []revocation.Entry
	var found bool
	err := db.write(ctx, "end session", func(ctx context.Context, tx *tx) error {
		var s account.Session
		var err error
		if s, found, err = one(ctx, tx, scanSession, endSession, id, userID, micros(now)); err != nil {
			return err
		}
		if !found {
			_, err := tx.exec(ctx, confirmEnd, id, userID)
			return err
		}
		if entries, err = tx.revokeSessions(ctx, now, s); err != nil {
			return err
		}
		e := e
		if e.Target == "" {
			e.Target = s.ID
		}
		if e.SubjectID == "" {
			u, err := findUser(ctx, tx, s.UserID)
			if err != nil {
				return err
			}
			e.SubjectID, e.SubjectName = u.ID, u.Name
			if e.ActorID == "" && e.ActorName == "" { // whoever holds the session's refresh token is its user
				e.ActorID, e.ActorName = u.ID, u.Name
			}
		}
		return tx.record(ctx, e)
	})
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, fmt.Errorf("end session: %w", account.ErrSessionNotFound)
	}
	return entries, nil
}

// EndSessions implements account.Store. It returns account.ErrUserNotFound for an unknown user.
func (db *DB) EndSessions(ctx context.Context, userID, except string, now time.Time, e audit.Event) ([]revocation.Entry, error) {
	var entries []revocation.Entry
	err := db.write(ctx, "end sessions", func(ctx context.Context, tx *tx) error {
		if _, err := findUser(ctx, tx, userID); err != nil {
			return err
		}
		var err error
		if entries, err = tx.endSessions(ctx, userID, except, now); err != nil {
			return err
		}
		return tx.record(ctx, e)
	})
	if err != nil {
		return nil, err
	}
	return entries, nil
}

const endSessions = `
	UPDATE sessions SET ended_at = $3
	WHERE user_id = $1 AND id <> $2 AND ended_at = 0
		AND ((idle_expires_at > $3 AND expires_at > $3) OR access_expires_at > $3)
	RETURNING ` + sessionColumns

func (t *tx) endSessions(ctx context.Context, userID, except string, now time.Time) ([]revocation.Entry, error) {
	ended, err := all(ctx, t, scanSession, endSessions, userID, except, micros(now))
	if err != nil {
		return nil, err
	}
	return t.revokeSessions(ctx, now, ended...)
}

// revokeSessions revokes the access tokens of sessions that have ended.
func (t *tx) revokeSessions(ctx context.Context, now time.Time, ended ...account.Session) ([]revocation.Entry, error) {
	ends := make([]revocation.Entry, 0, len(ended))
	for _, s := range ended {
		if !s.AccessExpiresAt.After(now) {
			continue
		}
		if err := t.mark(ctx, s); err != nil {
			return nil, err
		}
		ends = append(ends, revocation.Entry{Kind: revocation.Session, ID: s.ID, ExpiresAt: s.AccessExpiresAt})
	}
	return t.revoke(ctx, now, ends...)
}

func scanSession(row scanner) (account.Session, error) {
	var s account.Session
	var scopes string
	var created, authenticated, rotated, used, idle, expires, access, ended int64
	err := row.Scan(&s.ID, &s.UserID, &s.Generation, &scopes, &s.Address, &s.UserAgent,
		&created, &authenticated, &rotated, &used, &idle, &expires, &access, &ended, &s.Device, &s.StatusIndex)
	if err != nil {
		return account.Session{}, err
	}
	s.Scopes = splitNames(scopes)
	s.CreatedAt, s.AuthTime, s.RotatedAt, s.LastUsedAt = fromMicros(created), fromMicros(authenticated), fromMicros(rotated), fromMicros(used)
	s.IdleExpiresAt, s.ExpiresAt, s.AccessExpiresAt, s.EndedAt = fromMicros(idle), fromMicros(expires), fromMicros(access), fromMicros(ended)
	return s, nil
}
