package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/keyring"
)

var (
	_ account.Store = (*DB)(nil)
	_ keyring.Store = (*DB)(nil)
)

// Config says where the data is: in an SQLite file, or in a PostgreSQL database.
type Config struct {
	// Path is the SQLite file. It is created with mode 0600 when there is none, and
	// its directory with mode 0700.
	Path string
	// URL is the PostgreSQL database, such as postgres://durward@db.internal/durward, and takes the
	// place of Path. Errors never hold its password.
	URL string
	// Clock stamps the ids of audit events. Nil means time.Now.
	Clock func() time.Time
	// Readers is how many statements read SQLite at once; 0 means 4.
	Readers int
	// Queue is how many callers may wait to write before ErrBusy; 0 means 1024.
	Queue int
	// BusyTimeout is how long to wait for another process that writes, or for a connection; 0 means 5 s.
	BusyTimeout time.Duration
	// NoMigration refuses a database with an older schema, with ErrNeedsMigration, instead of migrating it. An empty SQLite file
	// gets its schema all the same.
	NoMigration bool
}

// DB is the server's data. It is safe for concurrent use. Several processes may have the same
// data open: one server and any number of commands an SQLite file, any number of servers
// a PostgreSQL database.
type DB struct {
	engine
	reader querier

	revoked chan struct{} // see Revoked

	closing  sync.Once
	closeErr error
}

// engine is what the two databases do differently.
type engine interface {
	// do runs the work in a transaction and returns after the commit that covers it. When ctx
	// ends before the work has begun, it is never run.
	do(ctx context.Context, work work) error
	changed(ctx context.Context) (bool, error)
	ping(ctx context.Context) error
	check(ctx context.Context) error
	schemaVersion(ctx context.Context) (int64, error)
	lockServer() (release func() error, err error)
	failed() <-chan struct{}
	err() error
	close() error
}

// Open opens the database, and creates or migrates it when needed. It returns
// ErrNewerSchema, with nothing touched, for a database of a newer program, and
// ErrNeedsMigration for an SQLite file of an older program on which a server runs.
func Open(ctx context.Context, c Config) (*DB, error) {
	steps, err := embedded()
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	return openWith(ctx, c, steps)
}

func openWith(ctx context.Context, c Config, steps fs.FS) (*DB, error) {
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
	switch {
	case c.URL != "" && c.Path != "":
		return nil, errors.New("open database: a path and a URL")
	case c.URL != "":
		return openPostgres(ctx, c, steps)
	case c.Path != "":
		return openSQLite(ctx, c, steps)
	default:
		return nil, errors.New("open database: no path")
	}
}

func newDB(e engine, reader querier) *DB {
	return &DB{engine: e, reader: reader, revoked: make(chan struct{}, 1)}
}

// Close finishes the writes that wait and closes the database. Writes that come later are
// answered with ErrClosed.
func (db *DB) Close() error {
	db.closing.Do(func() {
		if err := db.close(); err != nil {
			db.closeErr = fmt.Errorf("close database: %w", err)
		}
	})
	return db.closeErr
}

// Failed is closed when SQLite has stopped writing after an input/output error, or
// because its files were moved, deleted or replaced; Err says which. The server then stops: what it acknowledged is on the disk, and only a
// restart finds out what else is. A PostgreSQL database that is gone may come back, and Failed stays open.
func (db *DB) Failed() <-chan struct{} { return db.failed() }

// Err returns nil until Failed is closed, then an ErrFailed.
func (db *DB) Err() error { return db.err() }

// Changed reports whether another process has committed anything since the last call, or since Open. With
// PostgreSQL it looks at signing keys alone, what this process committed counts too, and the first call says yes.
//
// It returns an ErrFailed, and Failed is closed, when the SQLite files that are open are not those of the path any more.
func (db *DB) Changed(ctx context.Context) (bool, error) {
	changed, err := db.changed(ctx)
	if err != nil {
		return false, fmt.Errorf("look for changes: %w", err)
	}
	return changed, nil
}

// Ping reads one row. It returns ErrFailed when SQLite has stopped writing, and stops it when
// the files that are open are not those of the path any more.
func (db *DB) Ping(ctx context.Context) error {
	if err := db.ping(ctx); err != nil {
		return fmt.Errorf("ping: %w", err)
	}
	return nil
}

// Check reads the whole database and returns what is wrong with it: damaged pages, indexes that
// do not match their tables, sessions of users that are not there. It takes a time in
// proportion to the size. What PostgreSQL has on its disk is PostgreSQL's to check.
func (db *DB) Check(ctx context.Context) error {
	if err := db.check(ctx); err != nil {
		return fmt.Errorf("check database: %w", err)
	}
	return nil
}

// SchemaVersion returns the version of the schema that the database has.
func (db *DB) SchemaVersion(ctx context.Context) (int64, error) { return db.schemaVersion(ctx) }

// LockServer makes this process the only server of an SQLite file until release is
// called or the process ends, even by a kill. It returns ErrLocked when there is another.
// Commands do not take the lock: they may write while a server runs. With PostgreSQL there
// may be any number of servers, and it does nothing.
func (db *DB) LockServer() (release func() error, err error) { return db.lockServer() }

// write runs the work in one transaction; op says what for.
func (db *DB) write(ctx context.Context, op string, work work) error {
	var revoked bool
	err := db.do(ctx, func(ctx context.Context, tx *tx) error {
		tx.revoked = false
		err := work(ctx, tx)
		revoked = tx.revoked
		return err
	})
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	if revoked {
		select {
		case db.revoked <- struct{}{}:
		default:
		}
	}
	return nil
}

// work is one business act. It is committed whole or not at all, and may be run
// again from the start, so it sets its results rather than adding to them. One that records no event may be
// run again even after it was committed.
type work func(ctx context.Context, tx *tx) error

// tx is what a work sees of its transaction.
type tx struct {
	transaction
	ids     *idSource
	revoked bool   // revocations were stored
	proof   *proof // nil where every commit is answered
}

// transaction is a connection inside of one.
type transaction interface {
	querier
	// exec returns the number of rows that were changed.
	exec(ctx context.Context, query string, args ...any) (int64, error)
	// post is exec of a statement whose result nobody needs: it may be sent with a later one, and
	// its error may be that of the commit.
	post(ctx context.Context, query string, args ...any) error
	// ahead announces the query that follows the next statement, so that both can be sent together.
	ahead(query string, args ...any)
}

const readTurn = `SELECT turn FROM turns WHERE name = 'administrators'`

// readOne reads the row that is always there.
func readOne(ctx context.Context, q querier) error {
	_, found, err := one(ctx, q, value[int64], readTurn)
	if err != nil {
		return translate(err)
	}
	if !found {
		return errLostRow
	}
	return nil
}
