package store

import (
	"context"
	"fmt"
	"time"

	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/keyring"
)

const selectKeys = `
	SELECT kid, algorithm, state, sealed, created_at, activated_at, retired_at, expires_at FROM signing_keys
	WHERE expires_at = 0 OR expires_at > $1
	ORDER BY created_at, kid`

// Keys implements keyring.Store.
func (db *DB) Keys(ctx context.Context, now time.Time) ([]keyring.Record, error) {
	keys, err := all(ctx, db.reader, scanKey, selectKeys, micros(now))
	if err != nil {
		return nil, fmt.Errorf("list keys: %w", translate(err))
	}
	return keys, nil
}

const anyKey = `SELECT kid FROM signing_keys LIMIT 1`

// InstallKeys implements keyring.Store.
func (db *DB) InstallKeys(ctx context.Context, keys []keyring.Record, e audit.Event) error {
	return db.write(ctx, "install keys", func(ctx context.Context, tx *tx) error {
		_, exists, err := one(ctx, tx, value[string], anyKey)
		if err != nil {
			return err
		}
		if exists {
			return keyring.ErrConflict
		}
		for _, key := range keys {
			if err := tx.addKey(ctx, key); err != nil {
				return err
			}
		}
		return tx.record(ctx, e)
	})
}

const retireKey = `
	UPDATE signing_keys SET state = 'retired', retired_at = $2, expires_at = $3
	WHERE kid = $1 AND state = 'active'`

const activateKey = `
	UPDATE signing_keys SET state = 'active', activated_at = $2
	WHERE kid = $1 AND state = 'next'`

// RotateKeys implements keyring.Store.
func (db *DB) RotateKeys(ctx context.Context, r keyring.Rotation, e audit.Event) error {
	return db.write(ctx, "rotate keys", func(ctx context.Context, tx *tx) error {
		if err := tx.exactlyOneKey(ctx, retireKey, r.Retire, micros(r.Now), micros(r.RetiredUntil)); err != nil {
			return err
		}
		if err := tx.exactlyOneKey(ctx, activateKey, r.Activate, micros(r.Now)); err != nil {
			return err
		}
		if err := tx.addKey(ctx, r.Add); err != nil {
			return err
		}
		return tx.record(ctx, e)
	})
}

// At most one key is active and at most one is next: two unique indexes say so, and
// whoever comes second inserts nothing.
const insertKey = `
	INSERT INTO signing_keys (kid, algorithm, state, sealed, created_at, activated_at, retired_at, expires_at)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
	ON CONFLICT DO NOTHING`

func (t *tx) addKey(ctx context.Context, r keyring.Record) error {
	return t.exactlyOneKey(ctx, insertKey, r.KeyID, r.Algorithm, string(r.State), r.Sealed,
		micros(r.CreatedAt), micros(r.ActivatedAt), micros(r.RetiredAt), micros(r.ExpiresAt))
}

// exactlyOneKey runs a statement that changes one row unless somebody else was first.
func (t *tx) exactlyOneKey(ctx context.Context, query string, args ...any) error {
	n, err := t.exec(ctx, query, args...)
	if err != nil {
		return err
	}
	if n != 1 {
		return keyring.ErrConflict
	}
	return nil
}

func scanKey(row scanner) (keyring.Record, error) {
	var r keyring.Record
	var created, activated, retired, expires int64
	err := row.Scan(&r.KeyID, &r.Algorithm, &r.State, &r.Sealed, &created, &activated, &retired, &expires)
	r.CreatedAt, r.ActivatedAt = fromMicros(created), fromMicros(activated)
	r.RetiredAt, r.ExpiresAt = fromMicros(retired), fromMicros(expires)
	return r, err
}
