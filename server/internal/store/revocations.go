package store

import (
	"context"
	"fmt"
	"time"

	"github.com/durward-auth/durward/revocation"
	"github.com/durward-auth/durward/server/internal/audit"
)

// An entry that is stored again keeps the later expiry and the higher version, and counts as new.
const insertRevocation = `
	INSERT INTO revocations (kind, id, below, stored_at, expires_at) VALUES ($1, $2, $3, $4, $5)
	ON CONFLICT (kind, id) DO UPDATE SET
		below = CASE WHEN excluded.below > revocations.below THEN excluded.below ELSE revocations.below END,
		stored_at = CASE WHEN excluded.stored_at > revocations.stored_at THEN excluded.stored_at ELSE revocations.stored_at END,
		expires_at = CASE WHEN excluded.expires_at > revocations.expires_at THEN excluded.expires_at ELSE revocations.expires_at END`

// revoke stores the entries that can still match a token at now, and returns them.
func (t *tx) revoke(ctx context.Context, now time.Time, entries ...revocation.Entry) ([]revocation.Entry, error) {
	var stored []revocation.Entry
	for _, e := range entries {
		if !e.ExpiresAt.After(now) {
			continue
		}
		if _, err := t.exec(ctx, insertRevocation, e.Kind.String(), e.ID, e.Below, micros(now), micros(e.ExpiresAt)); err != nil {
			return nil, fmt.Errorf("store revocation: %w", err)
		}
		stored = append(stored, e)
	}
	return stored, nil
}

// RevokeToken implements account.Store.
func (db *DB) RevokeToken(ctx context.Context, entry revocation.Entry, now time.Time, e audit.Event) ([]revocation.Entry, error) {
	var entries []revocation.Entry
	err := db.write(ctx, "revoke token", func(ctx context.Context, tx *tx) error {
		var err error
		if entries, err = tx.revoke(ctx, now, entry); err != nil {
			return err
		}
		return tx.record(ctx, e)
	})
	if err != nil {
		return nil, err
	}
	return entries, nil
}

const selectRevocations = `
	SELECT kind, id, below, expires_at FROM revocations
	WHERE stored_at >= $1 AND expires_at > $2
	ORDER BY stored_at`

// Revocations implements account.Store. An entry becomes visible a moment after the
// time that it is stored under, so since must reach back over that moment.
func (db *DB) Revocations(ctx context.Context, since, now time.Time) ([]revocation.Entry, error) {
	entries, err := all(ctx, db.reader, scanRevocation, selectRevocations, micros(since), micros(now))
	if err != nil {
		return nil, fmt.Errorf("list revocations: %w", translate(err))
	}
	return entries, nil
}

func scanRevocation(row scanner) (revocation.Entry, error) {
	var e revocation.Entry
	var kind string
	var expires int64
	if err := row.Scan(&kind, &e.ID, &e.Below, &expires); err != nil {
		return revocation.Entry{}, err
	}
	if err := e.Kind.UnmarshalText([]byte(kind)); err != nil {
		return revocation.Entry{}, fmt.Errorf("revocation of %q: %w", kind, err)
	}
	e.ExpiresAt = fromMicros(expires)
	return e, nil
}
