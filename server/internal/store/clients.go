package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/durward-auth/durward/revocation"
	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/audit"
)

var _ account.ClientStore = (*DB)(nil)

// The conflict is about the name of a client that is not revoked: an id is random.
const insertClient = `
	INSERT INTO clients (id, name, secret_hash, scopes, version, created_at, access_expires_at, revoked_at)
	VALUES ($1, $2, $3, $4, $5, $6, 0, 0)
	ON CONFLICT DO NOTHING`

// CreateClient implements account.ClientStore.
func (db *DB) CreateClient(ctx context.Context, c account.Client, secretHash string, e audit.Event) error {
	return db.write(ctx, "create client", func(ctx context.Context, tx *tx) error {
		scopes, err := joinNames(c.Scopes)
		if err != nil {
			return err
		}
		n, err := tx.exec(ctx, insertClient, c.ID, c.Name, secretHash, scopes, c.Version, micros(c.CreatedAt))
		if err != nil {
			return err
		}
		if n == 0 {
			return account.ErrClientNameTaken
		}
		return tx.record(ctx, e)
	})
}

const clientColumns = `id, name, scopes, version, created_at, revoked_at`

const clientCredentials = `SELECT ` + clientColumns + `, secret_hash FROM clients WHERE id = $1`

// ClientCredentials implements account.ClientStore.
func (db *DB) ClientCredentials(ctx context.Context, id string) (account.Client, string, error) {
	var hash string
	c, found, err := one(ctx, db.reader, func(row scanner) (account.Client, error) {
		return scanClientAnd(row, &hash)
	}, clientCredentials, id)
	if err != nil {
		return account.Client{}, "", fmt.Errorf("read client: %w", translate(err))
	}
	if !found {
		return account.Client{}, "", account.ErrClientNotFound
	}
	return c, hash, nil
}

// A name can be the id of another client: the id counts.
const findClient = `
	SELECT ` + clientColumns + ` FROM clients WHERE id = $1
	UNION ALL
	SELECT ` + clientColumns + ` FROM clients WHERE name = $1 AND revoked_at = 0`

// FindClient implements account.ClientStore.
func (db *DB) FindClient(ctx context.Context, nameOrID string) (account.Client, error) {
	found, err := all(ctx, db.reader, scanClient, findClient, nameOrID)
	if err != nil {
		return account.Client{}, fmt.Errorf("find client: %w", translate(err))
	}
	if len(found) == 0 {
		return account.Client{}, account.ErrClientNotFound
	}
	if i := slices.IndexFunc(found, func(c account.Client) bool { return c.ID == nameOrID }); i >= 0 {
		return found[i], nil
	}
	return found[0], nil
}

const listClients = `SELECT ` + clientColumns + ` FROM clients ORDER BY name, id`

// ListClients implements account.ClientStore.
func (db *DB) ListClients(ctx context.Context) ([]account.Client, error) {
	clients, err := all(ctx, db.reader, scanClient, listClients)
	if err != nil {
		return nil, fmt.Errorf("list clients: %w", translate(err))
	}
	return clients, nil
}

// Writing the row makes a database with several writers wait for whoever revokes the client at the
// same moment, and then look again.
const openClientAccess = `
	UPDATE clients SET access_expires_at = CASE WHEN access_expires_at > $3 THEN access_expires_at ELSE $3 END
	WHERE id = $1 AND secret_hash = $2 AND revoked_at = 0
	RETURNING ` + clientColumns

// OpenClientAccess implements account.ClientStore.
func (db *DB) OpenClientAccess(ctx context.Context, id, checkedHash string, accessExpiresAt time.Time, e audit.Event) (account.Client, error) {
	var c account.Client
	err := db.write(ctx, "open client access", func(ctx context.Context, tx *tx) error {
		var found bool
		var err error
		c, found, err = one(ctx, tx, scanClient, openClientAccess, id, checkedHash, micros(accessExpiresAt))
		if err != nil {
			return err
		}
		if !found {
			return account.ErrInvalidClient
		}
		return tx.record(ctx, e)
	})
	if err != nil {
		return account.Client{}, err
	}
	return c, nil
}

const setClientSecret = `
	UPDATE clients SET secret_hash = $2, version = version + 1
	WHERE id = $1 AND revoked_at = 0
	RETURNING ` + clientColumns + `, access_expires_at`

// SetClientSecret implements account.ClientStore.
func (db *DB) SetClientSecret(ctx context.Context, id, secretHash string, now time.Time, e audit.Event) (account.Client, []revocation.Entry, error) {
	return db.raiseClient(ctx, "set client secret", now, e, func(ctx context.Context, tx *tx, scan scanClientFunc) (account.Client, error) {
		c, found, err := one(ctx, tx, scan, setClientSecret, id, secretHash)
		if err == nil && !found {
			err = account.ErrClientNotFound
		}
		return c, err
	})
}

const revokeClient = `
	UPDATE clients SET revoked_at = $2, version = version + 1
	WHERE id = $1 AND revoked_at = 0
	RETURNING ` + clientColumns + `, access_expires_at`

const clientByID = `SELECT ` + clientColumns + ` FROM clients WHERE id = $1`

// RevokeClient implements account.ClientStore. For a client that is revoked nothing is recorded either.
func (db *DB) RevokeClient(ctx context.Context, id string, now time.Time, e audit.Event) (account.Client, []revocation.Entry, error) {
	return db.raiseClient(ctx, "revoke client", now, e, func(ctx context.Context, tx *tx, scan scanClientFunc) (account.Client, error) {
		c, found, err := one(ctx, tx, scan, revokeClient, id, micros(now))
		if err != nil || found {
			return c, err
		}
		c, found, err = one(ctx, tx, scanClient, clientByID, id)
		if err == nil && !found {
			err = account.ErrClientNotFound
		}
		return c, err
	})
}

type scanClientFunc = func(scanner) (account.Client, error)

// confirmClient is to a revoked client what confirmEnd is to a session.
const confirmClient = `UPDATE clients SET revoked_at = revoked_at WHERE id = $1`

// raiseClient makes a change that raises the client's version, and revokes the tokens that are older. A change
// that scanned no row by the function it is given has changed nothing.
func (db *DB) raiseClient(ctx context.Context, op string, now time.Time, e audit.Event,
	change func(context.Context, *tx, scanClientFunc) (account.Client, error)) (account.Client, []revocation.Entry, error) {
	var c account.Client
	var entries []revocation.Entry
	err := db.write(ctx, op, func(ctx context.Context, tx *tx) error {
		entries = nil
		changed, accessExpires := false, int64(0)
		var err error
		c, err = change(ctx, tx, func(row scanner) (account.Client, error) {
			changed = true
			return scanClientAnd(row, &accessExpires)
		})
		if err != nil {
			return err
		}
		if !changed {
			_, err := tx.exec(ctx, confirmClient, c.ID)
			return err
		}
		entries, err = tx.revoke(ctx, now, revocation.Entry{Kind: revocation.Subject, ID: c.ID, Below: c.Version, ExpiresAt: fromMicros(accessExpires)})
		if err != nil {
			return err
		}
		e := e
		if e.SubjectName == "" {
			e.SubjectName = c.Name
		}
		return tx.record(ctx, e)
	})
	if err != nil {
		return account.Client{}, nil, err
	}
	return c, entries, nil
}

func scanClient(row scanner) (account.Client, error) { return scanClientAnd(row) }

func scanClientAnd(row scanner, more ...any) (account.Client, error) {
	var c account.Client
	var scopes string
	var created, revoked int64
	if err := row.Scan(append([]any{&c.ID, &c.Name, &scopes, &c.Version, &created, &revoked}, more...)...); err != nil {
		return account.Client{}, err
	}
	c.Scopes, c.CreatedAt, c.RevokedAt = splitNames(scopes), fromMicros(created), fromMicros(revoked)
	return c, nil
}
