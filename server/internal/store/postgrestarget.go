package store

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"

	"github.com/durward-auth/durward/server/internal/archive"
)

// openPostgresTarget marks the database, so that whatever starts on it from now on refuses to, and makes its tables anew.
// It does so while no other process migrates; a database in its making has no version yet that a program would
// accept, and who finds none waits.
func openPostgresTarget(ctx context.Context, c Config, steps fs.FS, version int64, id string) (_ *Target, err error) {
	b, err := openBulk(c)
	if err != nil {
		return nil, err
	}
	t := &Target{bulk: b, release: func() error { return nil }}
	defer func() {
		if err != nil {
			_ = t.Abandon() // the error says what is wrong
		}
	}()
	release, err := beMigrator(ctx, b.pool)
	if err != nil {
		return nil, translatePostgres(err)
	}
	defer release()
	if err := b.refuseNewer(ctx); err != nil {
		return nil, err
	}
	if err := b.clear(ctx); err != nil {
		return nil, err
	}
	// The first migration makes the table that holds the mark.
	if err := b.migrate(ctx, steps, 1); err != nil {
		return nil, translatePostgres(err)
	}
	if err := writeState(ctx, b.pool, State{Is: restoring, ID: id, At: b.config.Clock()}); err != nil {
		return nil, translatePostgres(err)
	}
	if err := b.migrate(ctx, steps, version); err != nil {
		return nil, translatePostgres(err)
	}
	return t, nil
}

// clear drops the tables of a database that holds no data, or only some that was never finished.
func (b *bulk) clear(ctx context.Context) error {
	return b.transact(ctx, func(tx *sql.Tx) error {
		tables, err := b.shape(ctx, tx)
		if err != nil || len(tables) == 0 {
			return err
		}
		state, err := readState(ctx, tx)
		if err != nil {
			return err
		}
		switch {
		case state == nil:
			if err := b.hollow(ctx, tx, tables); err != nil {
				return err
			}
		case state.Is != restoring:
			return state.err()
		}
		for i := len(tables) - 1; i >= 0; i-- {
			if _, err := tx.ExecContext(ctx, "DROP TABLE "+tables[i].Name); err != nil {
				return err
			}
		}
		_, err = tx.ExecContext(ctx, "DROP TABLE goose_db_version")
		return err
	})
}

// hollow refuses tables that hold anything but what migrations put there.
func (b *bulk) hollow(ctx context.Context, tx *sql.Tx, tables []archive.Table) error {
	for _, table := range tables {
		if table.Name == "turns" { // the migrations fill it
			continue
		}
		var rows int64
		if err := tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM "+table.Name).Scan(&rows); err != nil {
			return err
		}
		if rows > 0 {
			return fmt.Errorf("%w: the table %s of the database has %d rows", ErrNotEmpty, table.Name, rows)
		}
	}
	return nil
}
