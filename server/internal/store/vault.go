package store

import (
	"context"
	"fmt"

	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/keyring"
)

const selectVault = `SELECT master, sealed FROM vault WHERE name = $1`

// Vault implements keyring.Store.
func (db *DB) Vault(ctx context.Context) (keyring.Vault, error) {
	v, _, err := one(ctx, db.reader, scanVault, selectVault, keyring.RootName)
	if err != nil {
		return keyring.Vault{}, fmt.Errorf("read vault: %w", translate(err))
	}
	return v, nil
}

func scanVault(row scanner) (keyring.Vault, error) {
	var v keyring.Vault
	err := row.Scan(&v.MasterID, &v.Sealed)
	return v, err
}

const insertVault = `
	INSERT INTO vault (name, master, sealed) VALUES ($1, $2, $3)
	ON CONFLICT DO NOTHING`

// InstallVault implements keyring.Store.
func (db *DB) InstallVault(ctx context.Context, v keyring.Vault) error {
	return db.write(ctx, "install vault", func(ctx context.Context, tx *tx) error {
		return tx.exactlyOneKey(ctx, insertVault, keyring.RootName, v.MasterID, v.Sealed)
	})
}

// The row is locked until the transaction ends: nobody replaces the master key meanwhile.
const holdVault = `UPDATE vault SET master = $2 WHERE name = $1 AND master = $2`

// holdMaster lets through what was sealed under the current master key. Data without a vault has no
// other one yet.
func (t *tx) holdMaster(ctx context.Context, master string) error {
	n, err := t.exec(ctx, holdVault, keyring.RootName, master)
	if err != nil || n == 1 {
		return err
	}
	_, found, err := one(ctx, t, scanVault, selectVault, keyring.RootName)
	if err == nil && found {
		err = keyring.ErrMasterReplaced
	}
	return err
}

// A key that was revoked since it was read stays erased.
const (
	selectSealed = `SELECT kid, sealed FROM signing_keys WHERE sealed <> ''`
	updateSealed = `UPDATE signing_keys SET sealed = $2 WHERE kid = $1 AND sealed = $3`
	updateVault  = `UPDATE vault SET master = $2, sealed = $3 WHERE name = $1`
)

// Rewrap implements keyring.Store.
func (db *DB) Rewrap(ctx context.Context, r keyring.Rewrapping, e audit.Event) error {
	return db.write(ctx, "rewrap", func(ctx context.Context, tx *tx) error {
		if err := tx.exactlyOneKey(ctx, holdVault, keyring.RootName, r.From); err != nil {
			return err
		}
		v, _, err := one(ctx, tx, scanVault, selectVault, keyring.RootName)
		if err != nil {
			return err
		}
		root, err := r.Reseal(keyring.RootName, v.Sealed)
		if err != nil {
			return err
		}
		if err := tx.exactlyOneKey(ctx, updateVault, keyring.RootName, r.To, root); err != nil {
			return err
		}
		keys, err := all(ctx, tx, func(row scanner) (setting, error) {
			var s setting
			err := row.Scan(&s.name, &s.value)
			return s, err
		}, selectSealed)
		if err != nil {
			return err
		}
		for _, key := range keys {
			sealed, err := r.Reseal(key.name, key.value)
			if err != nil {
				return fmt.Errorf("the signing key %s: %w", key.name, err)
			}
			if _, err := tx.exec(ctx, updateSealed, key.name, sealed, key.value); err != nil {
				return err
			}
		}
		return tx.keysChanged(ctx, e)
	})
}
