package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

const (
	hasVersionPostgres = `
		SELECT COUNT(table_name) FROM information_schema.tables
		WHERE table_schema = current_schema() AND table_name = 'goose_db_version'`
	readVersionPostgres = `SELECT COALESCE(MAX(version_id), 0) FROM goose_db_version WHERE is_applied`

	createMigrator = `CREATE TABLE IF NOT EXISTS migrator (name TEXT NOT NULL PRIMARY KEY)`
	insertMigrator = `INSERT INTO migrator (name) VALUES ('migrator') ON CONFLICT (name) DO NOTHING`
	lockMigrator   = `UPDATE migrator SET name = 'migrator' WHERE name = 'migrator'`
)

// migrationLockTimeout bounds how long a migration waits for a table while its statements wait
// behind it. It is tried again.
const migrationLockTimeout = 3 * time.Second

// migratePostgres brings the database to the schema of this program. Every migration is one transaction. One process
// migrates at a time: it holds the lock of a row in a transaction that stays open, so that the lock ends
// with the process whatever becomes of it, and needs nothing that only PostgreSQL has.
//
// Servers of the release before run on: a migration only adds, and their statements name what they use.
func migratePostgres(ctx context.Context, c Config, config *pgx.ConnConfig, steps fs.FS) error {
	target, err := latest(steps)
	if err != nil {
		return err
	}
	pool := stdlib.OpenDB(*migrating(config))
	defer pool.Close()
	current, err := postgresVersion(ctx, pool)
	if err != nil {
		return err
	}
	if current > target {
		return newerSchema(current, target)
	}
	if err := refuseState(ctx, pool, current); err != nil || current == target {
		return err
	}
	if c.NoMigration {
		return needsMigration(current, target)
	}
	release, err := beMigrator(ctx, pool)
	if err != nil {
		return fmt.Errorf("wait for another process that migrates: %w", err)
	}
	defer release()
	if current, err = postgresVersion(ctx, pool); err != nil {
		return err
	}
	if current > target { // by whoever was first
		return newerSchema(current, target)
	}
	if err := refuseState(ctx, pool, current); err != nil || current == target {
		return err
	}
	for try := 1; ; try++ {
		if err = upPostgres(ctx, pool, steps); err == nil {
			return nil
		}
		if kind := postgresKindOf(err); try == attempts || kind != conflict && kind != overloaded {
			return fmt.Errorf("migrate from schema version %d to %d: %w", current, target, err)
		}
	}
}

// migrating is the configuration of connections that may take their time, but not in the way of others.
func migrating(config *pgx.ConnConfig) *pgx.ConnConfig {
	c := config.Copy()
	c.RuntimeParams["statement_timeout"] = "0"
	c.RuntimeParams["idle_in_transaction_session_timeout"] = "0"
	c.RuntimeParams["lock_timeout"] = milliseconds(migrationLockTimeout)
	return c
}

// beMigrator waits until no other process migrates, or ctx ends.
func beMigrator(ctx context.Context, pool *sql.DB) (release func(), err error) {
	for try := 1; ; try++ {
		if _, err = pool.ExecContext(ctx, createMigrator); err == nil {
			break
		}
		if try == attempts { // of two processes that make the same table at once, PostgreSQL refuses one
			return nil, err
		}
	}
	if _, err := pool.ExecContext(ctx, insertMigrator); err != nil {
		return nil, err
	}
	for {
		tx, err := pool.BeginTx(ctx, nil)
		if err != nil {
			return nil, err
		}
		if _, err = tx.ExecContext(ctx, lockMigrator); err == nil {
			return func() { _ = tx.Rollback() }, nil
		}
		_ = tx.Rollback()
		if kind := postgresKindOf(err); kind != overloaded && kind != conflict {
			return nil, err
		}
	}
}

func upPostgres(ctx context.Context, pool *sql.DB, steps fs.FS) error {
	provider, err := goose.NewProvider(goose.DialectPostgres, pool, collated{steps}, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	_, err = provider.Up(ctx)
	return err
}

var textColumn = regexp.MustCompile(`\bTEXT\b`)

// collated are migrations in which texts sort by their bytes, as they do in SQLite, whatever the
// language of the database.
type collated struct{ fs.FS }

// Open implements fs.FS.
func (c collated) Open(name string) (fs.File, error) {
	file, err := c.FS.Open(name)
	if err != nil || !strings.HasSuffix(name, ".sql") {
		return file, err
	}
	text, err := io.ReadAll(file)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &collatedFile{file, bytes.NewReader(textColumn.ReplaceAll(text, []byte(`TEXT COLLATE "C"`)))}, nil
}

type collatedFile struct {
	fs.File
	text *bytes.Reader
}

// Read implements fs.File.
func (f *collatedFile) Read(p []byte) (int, error) { return f.text.Read(p) }

// postgresVersion returns 0 for a database without a schema.
func postgresVersion(ctx context.Context, pool *sql.DB) (int64, error) {
	var version int64
	err := pool.QueryRowContext(ctx, hasVersionPostgres).Scan(&version)
	if err == nil && version > 0 {
		err = pool.QueryRowContext(ctx, readVersionPostgres).Scan(&version)
	}
	if err != nil {
		return 0, fmt.Errorf("read schema version: %w", err)
	}
	return version, nil
}

func newerSchema(current, target int64) error {
	return fmt.Errorf("%w: its schema is version %d, and this program knows version %d; use the program that wrote it, or a later one",
		ErrNewerSchema, current, target)
}
