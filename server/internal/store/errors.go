package store

import (
	"errors"
	"fmt"
	"time"

	"github.com/durward-auth/durward/server/internal/account"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

var (
	// ErrBusy says that the writer's queue is full, or that another process kept the
	// database locked for longer than the busy timeout. It is an account.BusyError too.
	ErrBusy error = &laterError{"the database is busy", []error{&account.BusyError{RetryAfter: time.Second}}}

	// ErrFull says that there is no room left on the disk: nothing was stored, and
	// reading goes on. It is an account.BusyError and an account.ErrStorageFull too.
	ErrFull error = &laterError{"the disk of the database is full",
		[]error{account.ErrStorageFull, &account.BusyError{RetryAfter: 10 * time.Second}}}

	// ErrFailed says that the database could not be written, or is not at its path any more,
	// so that what a restart would find is not known. Nothing is written until the process is
	// started again.
	ErrFailed = errors.New("the database has stopped writing")

	// ErrUnreachable says that the PostgreSQL database does not answer: nothing was stored. It is an
	// account.BusyError too.
	ErrUnreachable error = &laterError{"the database does not answer", []error{&account.BusyError{RetryAfter: time.Second}}}

	// ErrUnknownOutcome says that the connection to PostgreSQL broke while a commit was under way, or that its wait for
	// the standby was broken off, and that nobody could find out in time whether it lasts. It is an account.BusyError and an
	// account.ErrOutcomeUnknown too.
	ErrUnknownOutcome error = &laterError{"a commit was not confirmed, and may have taken place",
		[]error{account.ErrOutcomeUnknown, &account.BusyError{RetryAfter: time.Second}}}

	// ErrClosed says that the database was closed.
	ErrClosed = errors.New("the database is closed")

	// ErrLocked says that another server runs on this data directory.
	ErrLocked = errors.New("another server is running on this data directory")

	// ErrNewerSchema says that a newer version of the program has written this database.
	ErrNewerSchema = errors.New("the database is newer than this program")

	errLostRow = errors.New("the database has lost a row")

	// ErrNeedsMigration says that an older version of the program has written this database,
	// and that it cannot be migrated because a server runs on it.
	ErrNeedsMigration = errors.New("the database must be migrated first")
)

// laterError is a text of its own for what a client is told as an account.BusyError.
type laterError struct {
	text string
	told []error
}

func (e *laterError) Error() string   { return e.text }
func (e *laterError) Unwrap() []error { return e.told }

// fault is what an error of SQLite means for the writer.
type fault int

const (
	refused fault = iota // of this statement alone
	busy
	full
	fatal
)

// classify tells an error that concerns one statement from one that concerns the file.
func classify(err error) fault {
	var failure *sqlite.Error
	if !errors.As(err, &failure) {
		return refused
	}
	if failure.Code() == sqlite3.SQLITE_IOERR_SHMSIZE {
		return full // the shared index could not grow; it holds nothing that lasts
	}
	switch failure.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return busy
	case sqlite3.SQLITE_FULL:
		return full
	case sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB,
		sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
		return fatal
	}
	return refused
}

// wedged reports whether an error of BEGIN says that no later one can succeed: a transaction is open that
// could not be rolled back, or the connection is gone.
func wedged(err error) bool {
	if failure, ok := errors.AsType[*sqlite.Error](err); ok {
		code := failure.Code() & 0xff
		return code == sqlite3.SQLITE_ERROR || code == sqlite3.SQLITE_MISUSE
	}
	return true
}

// inWords says what a failure of the file was where SQLite's own text is a number.
func inWords(err error) error {
	failure, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return err
	}
	switch failure.Code() {
	case sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_DIR_FSYNC:
		return fmt.Errorf("an fsync failed, so that the disk may have lost what it was given: %w", err)
	case sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_TRUNCATE:
		return fmt.Errorf("a write failed: %w", err)
	case sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_IOERR_SHORT_READ:
		return fmt.Errorf("a read failed: %w", err)
	}
	switch failure.Code() & 0xff {
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
		return fmt.Errorf("this user may not write the database, its -wal and -shm files, or their directory: %w", err)
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return fmt.Errorf("the file is damaged, or no database; restore a backup: %w", err)
	}
	return err
}

// translate makes an error of the driver one of this package where there is one.
func translate(err error) error {
	switch classify(err) {
	case busy:
		return fmt.Errorf("%w (%v)", ErrBusy, err)
	case full:
		return fmt.Errorf("%w (%v)", ErrFull, err)
	default:
		return inWords(err)
	}
}
