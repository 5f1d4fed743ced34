package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// sqliteDB is an SQLite file: one connection that writes, and several that read.
type sqliteDB struct {
	path   string
	writer *writer
	reader *statements

	writing, reading *sql.DB
}

func openSQLite(ctx context.Context, c Config, steps fs.FS) (*DB, error) {
	path, err := filepath.Abs(c.Path)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	c.Path = path
	db, err := open(ctx, c, steps)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	return newDB(db, db.reader), nil
}

func open(ctx context.Context, c Config, steps fs.FS) (_ *sqliteDB, err error) {
	if err := secure(c.Path); err != nil {
		return nil, err
	}
	db := &sqliteDB{path: c.Path}
	defer func() {
		if err != nil {
			db.closePools()
		}
	}()

	database, err := os.Stat(c.Path)
	if err != nil {
		return nil, err
	}
	if err := migrate(ctx, c, steps); err != nil {
		return nil, err
	}
	// The writer makes no temporary files, so that CANTOPEN and FULL speak of the database.
	if db.writing, err = sql.Open("sqlite", dsn(c, "_txlock=immediate", "_pragma=synchronous(FULL)", "_pragma=wal_autocheckpoint(0)",
		"_pragma=temp_store(MEMORY)")); err != nil {
		return nil, err
	}
	db.writing.SetMaxOpenConns(1)
	conn, err := db.writing.Conn(ctx)
	if err != nil {
		return nil, translate(err)
	}
	if err := inForce(ctx, conn, c.BusyTimeout); err != nil {
		return nil, err
	}

	if db.reading, err = sql.Open("sqlite", dsn(c, "_pragma=query_only(1)")); err != nil {
		return nil, err
	}
	db.reading.SetMaxOpenConns(c.Readers)
	db.reading.SetMaxIdleConns(c.Readers)
	db.reader = newStatements(db.reading.PrepareContext)

	db.writer = newWriter(conn, &idSource{clock: c.Clock}, c.Queue)
	if _, err := db.changed(ctx); err != nil {
		db.writer.close()
		return nil, err
	}
	if err := db.writer.watch(c.Path, database); err != nil {
		db.writer.close()
		return nil, err
	}
	return db, nil
}

func (db *sqliteDB) do(ctx context.Context, work work) error { return db.writer.do(ctx, work) }

func (db *sqliteDB) schemaVersion(ctx context.Context) (int64, error) {
	return schemaVersion(ctx, db.reading)
}

func (db *sqliteDB) failed() <-chan struct{} { return db.writer.failed }

func (db *sqliteDB) err() error { return db.writer.err() }

func (db *sqliteDB) ping(ctx context.Context) error {
	if err := db.writer.inspect(); err != nil {
		return err
	}
	return readOne(ctx, db.reader)
}

// close copies the log back into the database file.
func (db *sqliteDB) close() error {
	var failure error
	db.writer.close()
	if db.writer.err() == nil {
		// What could not be copied now stays in the log.
		if err := db.writer.copyBack(); classify(err) == fatal {
			failure = translate(err)
		}
	}
	db.writer.session.close()
	db.reader.close()
	if err := errors.Join(db.writer.conn.Close(), db.closePools()); err != nil && failure == nil {
		failure = err
	}
	return failure
}

func (db *sqliteDB) closePools() error {
	var problems []error
	for _, pool := range []*sql.DB{db.reading, db.writing} {
		if pool != nil {
			problems = append(problems, pool.Close())
		}
	}
	return errors.Join(problems...)
}

// dsn is the driver's name of the file. Options that it does not know are ignored
// silently: inForce reads back what matters.
func dsn(c Config, options ...string) string {
	path := filepath.ToSlash(c.Path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // C:/…
	}
	options = append([]string{
		"_error_rc=1",
		"_pragma=busy_timeout(" + strconv.FormatInt(c.BusyTimeout.Milliseconds(), 10) + ")",
		"_pragma=foreign_keys(1)",
		"_pragma=trusted_schema(0)",
	}, options...)
	return (&url.URL{Scheme: "file", Path: path, RawQuery: strings.Join(options, "&")}).String()
}

// inForce refuses a connection that would not keep what it acknowledges.
func inForce(ctx context.Context, conn *sql.Conn, timeout time.Duration) error {
	for _, pragma := range []struct{ name, want string }{
		{"journal_mode", "wal"},
		{"synchronous", "2"}, // FULL
		{"foreign_keys", "1"},
		{"wal_autocheckpoint", "0"},
		{"temp_store", "2"}, // MEMORY
		{"busy_timeout", strconv.FormatInt(timeout.Milliseconds(), 10)},
	} {
		var got string
		if err := conn.QueryRowContext(ctx, "PRAGMA "+pragma.name).Scan(&got); err != nil {
			return fmt.Errorf("read %s: %w", pragma.name, translate(err))
		}
		if got != pragma.want {
			return fmt.Errorf("%s is %q, not %q: this file system or build of SQLite cannot keep the data safe", pragma.name, got, pragma.want)
		}
	}
	return nil
}

// secure sees to it that only the owner can read the database, before there is
// anything to read. SQLite gives its -wal and -shm files the mode of the database.
func secure(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	if err := create(path); err != nil {
		return err
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := tighten(path + suffix); err != nil {
			return err
		}
	}
	return nil
}
