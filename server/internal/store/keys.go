package store

import (
	"context"
	"fmt"
	"time"

	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/keyring"
)

// What was erased has expired, also by a clock that went back since.
const selectKeys = `
	SELECT kid, algorithm, state, sealed, created_at, activated_at, retired_at, revoked_at, expires_at, token_life FROM signing_keys
	WHERE expires_at = 0 OR expires_at > $1 AND (sealed <> '' OR state = 'revoked')
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
		return tx.keysChanged(ctx, e)
	})
}

// What a key has signed may be accepted for the life of a token and a margin.
const retireKey = `
	UPDATE signing_keys SET state = 'retired', retired_at = $2,
		expires_at = $2 + CASE WHEN token_life + $3 > $4 THEN token_life + $3 ELSE $4 END
	WHERE kid = $1 AND state = 'active'`

const activateKey = `
	UPDATE signing_keys SET state = 'active', activated_at = $2
	WHERE kid = $1 AND state = 'next'`

const eraseExpired = `
	UPDATE signing_keys SET sealed = ''
	WHERE state = 'retired' AND expires_at <= $1 AND sealed <> ''`

// RotateKeys implements keyring.Store.
func (db *DB) RotateKeys(ctx context.Context, r keyring.Rotation, e audit.Event) error {
	return db.write(ctx, "rotate keys", func(ctx context.Context, tx *tx) error {
		if err := tx.holdMaster(ctx, r.MasterID); err != nil {
			return err
		}
		if err := tx.exactlyOneKey(ctx, retireKey, r.Retire, micros(r.Now), r.Margin.Microseconds(), r.Overlap.Microseconds()); err != nil {
			return err
		}
		if err := tx.exactlyOneKey(ctx, activateKey, r.Activate, micros(r.Now)); err != nil {
			return err
		}
		if err := tx.addKey(ctx, r.Add); err != nil {
			return err
		}
		if _, err := tx.exec(ctx, eraseExpired, micros(r.Now)); err != nil {
			return err
		}
		return tx.keysChanged(ctx, e)
	})
}

const dropNextKey = `DELETE FROM signing_keys WHERE kid = $1 AND state = 'next'`

// ReplaceNextKey implements keyring.Store.
func (db *DB) ReplaceNextKey(ctx context.Context, r keyring.Replacement, e audit.Event) error {
	return db.write(ctx, "replace next key", func(ctx context.Context, tx *tx) error {
		if err := tx.holdMaster(ctx, r.MasterID); err != nil {
			return err
		}
		if err := tx.exactlyOneKey(ctx, dropNextKey, r.Drop); err != nil {
			return err
		}
		if err := tx.addKey(ctx, r.Add); err != nil {
			return err
		}
		return tx.keysChanged(ctx, e)
	})
}

const raiseTokenLife = `
	UPDATE signing_keys SET token_life = $1
	WHERE state IN ('active', 'next') AND token_life < $1`

// RaiseTokenLife implements keyring.Store.
func (db *DB) RaiseTokenLife(ctx context.Context, life time.Duration) error {
	return db.write(ctx, "raise token life", func(ctx context.Context, tx *tx) error {
		n, err := tx.exec(ctx, raiseTokenLife, life.Microseconds())
		if err != nil || n == 0 {
			return err
		}
		return tx.keysChanged(ctx)
	})
}

// Changed of a PostgreSQL database compares the turn with the one that it read last.
const raiseKeysTurn = `
	INSERT INTO turns (name, turn) VALUES ('keys', 1)
	ON CONFLICT (name) DO UPDATE SET turn = turns.turn + 1`

// keysChanged ends an act that has changed the keys, and records its events.
func (t *tx) keysChanged(ctx context.Context, events ...audit.Event) error {
	if _, err := t.exec(ctx, raiseKeysTurn); err != nil {
		return err
	}
	for _, e := range events {
		if err := t.record(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

// At most one key is active and at most one is next: two unique indexes say so, and
// whoever comes second inserts nothing.
const insertKey = `
	INSERT INTO signing_keys (kid, algorithm, state, sealed, created_at, activated_at, retired_at, revoked_at, expires_at, token_life)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
	ON CONFLICT DO NOTHING`

func (t *tx) addKey(ctx context.Context, r keyring.Record) error {
	return t.exactlyOneKey(ctx, insertKey, r.KeyID, r.Algorithm, string(r.State), r.Sealed,
		micros(r.CreatedAt), micros(r.ActivatedAt), micros(r.RetiredAt), micros(r.RevokedAt), micros(r.ExpiresAt), r.TokenLife.Microseconds())
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
	var created, activated, retired, revoked, expires, life int64
	err := row.Scan(&r.KeyID, &r.Algorithm, &r.State, &r.Sealed, &created, &activated, &retired, &revoked, &expires, &life)
	r.CreatedAt, r.ActivatedAt = fromMicros(created), fromMicros(activated)
	r.RetiredAt, r.RevokedAt, r.ExpiresAt = fromMicros(retired), fromMicros(revoked), fromMicros(expires)
	r.TokenLife = time.Duration(life) * time.Microsecond
	return r, err
}
