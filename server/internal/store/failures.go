package store

import (
	"context"
	"fmt"
	"time"

	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/limit"
)

// Counters of the same key may arrive out of order: the one that lasts longer is the later.
const raiseCounter = `
	INSERT INTO sign_in_failures (counter, failures, expires_at) VALUES ($1, $2, $3)
	ON CONFLICT (counter) DO UPDATE SET failures = excluded.failures, expires_at = excluded.expires_at
	WHERE excluded.expires_at > sign_in_failures.expires_at
		OR (excluded.expires_at = sign_in_failures.expires_at AND excluded.failures > sign_in_failures.failures)`

// RefuseSignIn implements account.Store.
func (db *DB) RefuseSignIn(ctx context.Context, counters []limit.Counter, e audit.Event) error {
	return db.write(ctx, "refuse sign-in", func(ctx context.Context, tx *tx) error {
		for _, c := range counters {
			if _, err := tx.exec(ctx, raiseCounter, c.Key, c.Count, micros(c.ExpiresAt)); err != nil {
				return fmt.Errorf("store counter: %w", err)
			}
		}
		return tx.record(ctx, e)
	})
}

// The key of a counter ends in "@" and the replica that counted, where there are several; "A" follows "@".
const clearCounter = `DELETE FROM sign_in_failures WHERE counter = $1 OR (counter >= $2 AND counter < $3)`

func (t *tx) clearCounters(ctx context.Context, keys []string) error {
	for _, key := range keys {
		if _, err := t.exec(ctx, clearCounter, key, key+"@", key+"A"); err != nil {
			return fmt.Errorf("clear counter: %w", err)
		}
	}
	return nil
}

const selectCounters = `SELECT counter, failures, expires_at FROM sign_in_failures WHERE expires_at > $1 ORDER BY expires_at`

// SignInFailures implements account.Store.
func (db *DB) SignInFailures(ctx context.Context, now time.Time) ([]limit.Counter, error) {
	counters, err := all(ctx, db.reader, func(row scanner) (limit.Counter, error) {
		var c limit.Counter
		var expires int64
		err := row.Scan(&c.Key, &c.Count, &expires)
		c.ExpiresAt = fromMicros(expires)
		return c, err
	}, selectCounters, micros(now))
	if err != nil {
		return nil, fmt.Errorf("list sign-in failures: %w", translate(err))
	}
	return counters, nil
}
