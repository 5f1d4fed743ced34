package store

import (
	"context"
	"time"

	"github.com/durward-auth/durward/revocation"
	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/keyring"
)

const findKey = `
	SELECT kid, algorithm, state, sealed, created_at, activated_at, retired_at, revoked_at, expires_at, token_life FROM signing_keys
	WHERE kid = $1`

const revokeKey = `
	UPDATE signing_keys SET state = 'revoked', sealed = '', revoked_at = $3, expires_at = $4
	WHERE kid = $1 AND state = $2`

// confirmKey is to a revoked key what confirmEnd is to a session.
const confirmKey = `UPDATE signing_keys SET state = state WHERE kid = $1`

// RevokeKey implements keyring.Store.
func (db *DB) RevokeKey(ctx context.Context, r keyring.Revocation, e audit.Event) ([]revocation.Entry, error) {
	var entries []revocation.Entry
	err := db.write(ctx, "revoke key", func(ctx context.Context, tx *tx) error {
		entries = nil
		key, found, err := one(ctx, tx, scanKey, findKey, r.KeyID)
		switch {
		case err != nil:
			return err
		case !found:
			return keyring.ErrKeyUnknown
		case key.State == keyring.Revoked:
			entries = []revocation.Entry{revokedKey(key.KeyID, key.ExpiresAt)}
			_, err := tx.exec(ctx, confirmKey, r.KeyID)
			return err
		case key.State == keyring.Retired && (key.Sealed == "" || !key.ExpiresAt.After(r.Now)):
			return keyring.ErrKeyExpired
		case key.State != r.From:
			return keyring.ErrConflict
		}
		if err := tx.exactlyOneKey(ctx, revokeKey, r.KeyID, string(r.From), micros(r.Now), micros(r.Until)); err != nil {
			return err
		}
		if err := tx.succeed(ctx, r); err != nil {
			return err
		}
		if entries, err = tx.revoke(ctx, r.Now, revokedKey(r.KeyID, r.Until)); err != nil {
			return err
		}
		return tx.keysChanged(ctx, e)
	})
	if err != nil {
		return nil, err
	}
	return entries, nil
}

// succeed puts keys in the place of one that was revoked.
func (t *tx) succeed(ctx context.Context, r keyring.Revocation) error {
	if r.Activate != "" {
		if err := t.exactlyOneKey(ctx, activateKey, r.Activate, micros(r.Now)); err != nil {
			return err
		}
	}
	if r.Add == nil {
		return nil
	}
	if err := t.holdMaster(ctx, r.MasterID); err != nil {
		return err
	}
	return t.addKey(ctx, *r.Add)
}

func revokedKey(kid string, until time.Time) revocation.Entry {
	return revocation.Entry{Kind: revocation.Key, ID: kid, ExpiresAt: until}
}
