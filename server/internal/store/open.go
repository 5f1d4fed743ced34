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
	"sync"
	"time"

	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/keyring"
)

var (
	_ account.Store = (*DB)(nil)
	_ keyring.Store = (*DB)(nil)
)

// Config says where the data is.
type Config struct {
	// Path is the SQLite file. It is created with mode 0600 when there is none, and
	// its directory with mode 0700.
	Path string
	// Clock stamps the ids of audit events. Nil means time.Now.
	Clock func() time.Time
	// Readers is how many statements read at once; 0 means 4.
	Readers int
	// Queue is how many callers may wait to write before ErrBusy; 0 means 1024.
	Queue int
	// BusyTimeout is how long to wait for another process that writes; 0 means 5 s.
	BusyTimeout time.Duration
}

// DB is the server's data in one SQLite file. It is safe for concurrent use, and
// several processes may have the same file open; only one may hold LockServer.
type DB struct {
	path   string
	writer *writer
	reader *statements

	writing, reading *sql.DB

	closing  sync.Once
	closeErr error
}

// Open opens the database, and creates or migrates it when needed. It returns
// ErrNewerSchema, with nothing touched, for a database of a newer program, and
// ErrNeedsMigration for one of an older program on which a server runs.
func Open(ctx context.Context, c Config) (*DB, error) {
	steps, err := embedded()
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	return openWith(ctx, c, steps)
}

func openWith(ctx context.Context, c Config, steps fs.FS) (*DB, error) {
	if c.Path == "" {
		return nil, errors.New("open database: no path")
	}
	path, err := filepath.Abs(c.Path)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	c.Path = path
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Readers <= 0 {
		c.Readers = 4
	}
	if c.Queue <= 0 {
		c.Queue = 1024
	}
	if c.BusyTimeout <= 0 {
		c.BusyTimeout = 5 * time.Second
	}
	db, err := open(ctx, c, steps)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	return db, nil
}

func open(ctx context.Context, c Config, steps fs.FS) (_ *DB, err error) {
	if err := secure(c.Path); err != nil {
		return nil, err
	}
	db := &DB{path: c.Path}
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
	if _, err := db.Changed(ctx); err != nil {
		db.writer.close()
		return nil, err
	}
	if err := db.writer.watch(c.Path, database); err != nil {
		db.writer.close()
		return nil, err
	}
	return db, nil
}

// Close finishes the writes that wait, copies the log back into the database file and
// closes it. Writes that come later are answered with ErrClosed.
func (db *DB) Close() error {
	db.closing.Do(func() {
		db.writer.close()
		if db.writer.err() == nil {
			// What could not be copied now stays in the log.
			if err := db.writer.copyBack(); classify(err) == fatal {
				db.closeErr = fmt.Errorf("close database: %w", translate(err))
			}
		}
		db.writer.tx.close()
		db.reader.close()
		if err := errors.Join(db.writer.conn.Close(), db.closePools()); err != nil && db.closeErr == nil {
			db.closeErr = fmt.Errorf("close database: %w", err)
		}
	})
	return db.closeErr
}

// Failed is closed when the database has stopped writing after an input/output error, or
// because its files were moved, deleted or replaced; Err says which. The server then stops: what it acknowledged is on the disk, and only a
// restart finds out what else is.
func (db *DB) Failed() <-chan struct{} { return db.writer.failed }

// Err returns nil until Failed is closed, then an ErrFailed.
func (db *DB) Err() error { return db.writer.err() }

func (db *DB) closePools() error {
	var problems []error
	for _, pool := range []*sql.DB{db.reading, db.writing} {
		if pool != nil {
			problems = append(problems, pool.Close())
		}
	}
	return errors.Join(problems...)
}

// write runs the work in the writer's transaction; op says what for.
func (db *DB) write(ctx context.Context, op string, work work) error {
	if err := db.writer.do(ctx, work); err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	return nil
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
