package store

import (
	"context"
	"fmt"
	"math"

	"github.com/durward-auth/durward/server/internal/account"
)

const pageColumns = `sessions.id, user_id, generation, sessions.scopes, address, user_agent, sessions.created_at, auth_time, rotated_at,
	last_used_at, idle_expires_at, expires_at, access_expires_at, ended_at, device, status_index, users.name`

const newestSessions = `
	SELECT ` + pageColumns + ` FROM sessions JOIN users ON users.id = sessions.user_id
	WHERE (sessions.created_at, sessions.id) < ($2, $3) AND ended_at = 0 AND idle_expires_at > $1 AND expires_at > $1
	ORDER BY sessions.created_at DESC, sessions.id DESC LIMIT $4`

const newestSessionsOfUser = `
	SELECT ` + pageColumns + ` FROM sessions JOIN users ON users.id = sessions.user_id
	WHERE user_id = $5 AND (sessions.created_at, sessions.id) < ($2, $3) AND ended_at = 0 AND idle_expires_at > $1 AND expires_at > $1
	ORDER BY sessions.created_at DESC, sessions.id DESC LIMIT $4`

// SessionsPage implements account.Store.
func (db *DB) SessionsPage(ctx context.Context, p account.SessionsPage) ([]account.OwnedSession, error) {
	after := int64(math.MaxInt64)
	if !p.After.IsZero() {
		after = micros(p.After)
	}
	query, args := newestSessions, []any{micros(p.Now), after, p.AfterID, p.Limit}
	if p.UserID != "" {
		query, args = newestSessionsOfUser, append(args, p.UserID)
	}
	sessions, err := all(ctx, db.reader, scanOwnedSession, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", translate(err))
	}
	return sessions, nil
}

func scanOwnedSession(row scanner) (account.OwnedSession, error) {
	var owned account.OwnedSession
	var err error
	owned.Session, err = scanSession(&longerRow{row, &owned.Username})
	return owned, err
}

// longerRow is a row with one more column than its reader knows of.
type longerRow struct {
	scanner
	last any
}

func (r *longerRow) Scan(into ...any) error { return r.scanner.Scan(append(into, r.last)...) }
