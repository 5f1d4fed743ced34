package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

//go:embed migrations/*.sql
var migrations embed.FS

const (
	hasVersion  = `SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table' AND name = 'goose_db_version'`
	readVersion = `SELECT COALESCE(MAX(version_id), 0) FROM goose_db_version WHERE is_applied`
)

// attempts is how often another process may migrate at the same moment.
const attempts = 5

// migrate brings the database to the schema of this program. Every migration is one
// transaction. Of two processes that migrate at once one finds the work done.
func migrate(ctx context.Context, c Config) error {
	target, err := latest()
	if err != nil {
		return err
	}
	pool, err := sql.Open("sqlite", dsn(c, "_txlock=immediate", "_pragma=synchronous(FULL)"))
	if err != nil {
		return err
	}
	defer pool.Close()
	pool.SetMaxOpenConns(1)

	current, err := schemaVersion(ctx, pool)
	if err != nil {
		return err
	}
	if current > target {
		return fmt.Errorf("%w: its schema is version %d, and this program knows version %d; use the program that wrote it, or a later one",
			ErrNewerSchema, current, target)
	}
	for attempt := 1; ; attempt++ {
		failure := turnOnLog(ctx, pool)
		if failure == nil && current < target {
			failure = up(ctx, pool)
		}
		if current, err = schemaVersion(ctx, pool); err != nil {
			return err
		}
		if failure == nil && current >= target {
			return nil
		}
		if attempt == attempts {
			return fmt.Errorf("migrate from schema version %d to %d: %w", current, target, translate(failure))
		}
	}
}

// turnOnLog makes the file one with a write-ahead log, which it then stays.
func turnOnLog(ctx context.Context, pool *sql.DB) error {
	var mode string
	return pool.QueryRowContext(ctx, `PRAGMA journal_mode(WAL)`).Scan(&mode)
}

// up runs the migrations that are missing.
func up(ctx context.Context, pool *sql.DB) error {
	if err := createVersions(ctx, pool); err != nil {
		return err
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, pool, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	_, err = provider.Up(ctx)
	return err
}

// createVersions makes the table of versions unless it is there. Goose would make it too, but a process
// that finds another one doing so waits a second.
func createVersions(ctx context.Context, pool *sql.DB) error {
	table, err := database.NewStore(goose.DialectSQLite3, goose.DefaultTablename)
	if err != nil {
		return err
	}
	tx, err := pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after the commit
	var exists int
	if err := tx.QueryRowContext(ctx, hasVersion).Scan(&exists); err != nil || exists > 0 {
		return err
	}
	if err := table.CreateVersionTable(ctx, tx); err != nil {
		return err
	}
	if err := table.Insert(ctx, tx, database.InsertRequest{Version: 0}); err != nil {
		return err
	}
	return tx.Commit()
}

// SchemaVersion returns the version of the schema that the database has.
func (db *DB) SchemaVersion(ctx context.Context) (int64, error) {
	return schemaVersion(ctx, db.reading)
}

// latest is the highest number that an embedded file begins with.
func latest() (int64, error) {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return 0, err
	}
	var highest int64
	for _, name := range names {
		number, _, _ := strings.Cut(filepath.Base(name), "_")
		version, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("migration %s has no number: %w", name, err)
		}
		highest = max(highest, version)
	}
	if highest == 0 {
		return 0, errors.New("no migration is embedded")
	}
	return highest, nil
}

// schemaVersion returns 0 for a database without a schema.
func schemaVersion(ctx context.Context, pool *sql.DB) (int64, error) {
	var version int64
	err := pool.QueryRowContext(ctx, hasVersion).Scan(&version)
	if err == nil && version > 0 {
		err = pool.QueryRowContext(ctx, readVersion).Scan(&version)
	}
	if err != nil {
		return 0, fmt.Errorf("read schema version: %w", translate(err))
	}
	return version, nil
}
