package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

//go:embed migrations/*.sql
var migrations embed.FS

// embedded are the migrations of this program.
func embedded() (fs.FS, error) { return fs.Sub(migrations, "migrations") }

const (
	hasVersion  = `SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table' AND name = 'goose_db_version'`
	readVersion = `SELECT COALESCE(MAX(version_id), 0) FROM goose_db_version WHERE is_applied`
	readApplied = `SELECT version_id FROM goose_db_version WHERE is_applied`
)

const (
	// attempts is how often another process may migrate at the same moment.
	attempts = 5

	// migrationWait is how long to wait for another process that may be migrating, and
	// migrationPoll how often to look.
	migrationWait = time.Second
	migrationPoll = 20 * time.Millisecond
)

// migrate brings the database to the schema of this program. Every migration is one
// transaction. Of two processes that migrate at once one finds the work done.
//
// A schema that is there is changed only while no server runs on it: its statements were
// written for that schema.
func migrate(ctx context.Context, c Config, steps fs.FS) (err error) {
	target, err := latest(steps)
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
	if err := refuseState(ctx, pool, current); err != nil {
		return err
	}
	behind, err := incomplete(ctx, pool, steps, current)
	if err != nil {
		return err
	}
	if behind && current > 0 && c.NoMigration {
		return needsMigration(current, target)
	}
	if current > 0 && behind {
		release, failure := lockMigration(ctx, c.Path, current, target)
		if failure != nil {
			return failure
		}
		defer func() { err = errors.Join(err, release()) }()
		if behind, err = incomplete(ctx, pool, steps, current); err != nil {
			return err
		}
	}
	for attempt := 1; ; attempt++ {
		failure := turnOnLog(ctx, pool)
		if failure == nil && behind {
			failure = up(ctx, pool, steps)
		}
		if current, err = schemaVersion(ctx, pool); err != nil {
			return err
		}
		if behind, err = incomplete(ctx, pool, steps, current); err != nil {
			return err
		}
		if failure == nil && !behind {
			return nil
		}
		if attempt == attempts {
			return fmt.Errorf("migrate from schema version %d to %d: %w", current, target, translate(failure))
		}
	}
}

// needsMigration is told to whoever will not migrate.
func needsMigration(current, target int64) error {
	return fmt.Errorf("%w: it has schema version %d, and this program has %d: run durward migrate", ErrNeedsMigration, current, target)
}

// lockMigration takes the lock of the server. A process that keeps it for long is a server; one that
// migrates soon releases it.
func lockMigration(ctx context.Context, path string, current, target int64) (release func() error, err error) {
	deadline := time.NewTimer(migrationWait)
	defer deadline.Stop()
	tick := time.NewTicker(migrationPoll)
	defer tick.Stop()
	for {
		release, err := lock(path)
		if !errors.Is(err, ErrLocked) {
			return release, err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-deadline.C:
			return nil, fmt.Errorf("%w: this data has schema version %d, this program has %d; stop the server, then start the new one",
				ErrNeedsMigration, current, target)
		}
	}
}

// turnOnLog makes the file one with a write-ahead log, which it then stays.
func turnOnLog(ctx context.Context, pool *sql.DB) error {
	var mode string
	return pool.QueryRowContext(ctx, `PRAGMA journal_mode(WAL)`).Scan(&mode)
}

// up runs the migrations that are missing.
func up(ctx context.Context, pool *sql.DB, steps fs.FS) error {
	if err := createVersions(ctx, pool); err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, pool, steps, goose.WithDisableGlobalRegistry(true), goose.WithAllowOutofOrder(true))
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

// latest is the highest number that a file begins with.
func latest(steps fs.FS) (int64, error) {
	numbers, err := numbers(steps)
	if err != nil {
		return 0, err
	}
	return slices.Max(numbers), nil
}

// numbers are those that the files begin with, at least one.
func numbers(steps fs.FS) ([]int64, error) {
	names, err := fs.Glob(steps, "*.sql")
	if err != nil {
		return nil, err
	}
	var list []int64
	for _, name := range names {
		number, err := stepNumber(name)
		if err != nil {
			return nil, err
		}
		list = append(list, number)
	}
	if len(list) == 0 {
		return nil, errors.New("no migration is embedded")
	}
	return list, nil
}

// stepNumber is the one that the name of a migration begins with.
func stepNumber(name string) (int64, error) {
	text, _, _ := strings.Cut(name, "_")
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("migration %s has no number: %w", name, err)
	}
	return number, nil
}

// incomplete says whether a migration is missing, be it one with a lower number than the last that ran.
func incomplete(ctx context.Context, pool *sql.DB, steps fs.FS, current int64) (bool, error) {
	wanted, err := numbers(steps)
	if err != nil {
		return false, err
	}
	if current == 0 {
		return true, nil
	}
	rows, err := pool.QueryContext(ctx, readApplied)
	if err != nil {
		return false, fmt.Errorf("read schema version: %w", translate(err))
	}
	defer rows.Close()
	applied := map[int64]bool{}
	for rows.Next() {
		var version int64
		if err := rows.Scan(&version); err != nil {
			return false, fmt.Errorf("read schema version: %w", translate(err))
		}
		applied[version] = true
	}
	if err := rows.Err(); err != nil {
		return false, fmt.Errorf("read schema version: %w", translate(err))
	}
	return slices.ContainsFunc(wanted, func(version int64) bool { return !applied[version] }), nil
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
