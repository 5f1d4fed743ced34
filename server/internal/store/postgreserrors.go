package store

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// postgresKind is what an error of PostgreSQL means.
type postgresKind int

const (
	ofStatement postgresKind = iota // of this statement alone
	conflict                        // with another transaction: the same again may succeed
	overloaded                      // something took too long, or there are too many connections
	noRoom                          // on the disk
	dead                            // the connection is gone, or the server is
	unknown                         // the commit was not confirmed
)

// postgresFault is an error of PostgreSQL with what the caller is told.
type postgresFault struct {
	kind  postgresKind
	told  error
	cause error
}

func (f *postgresFault) Error() string   { return fmt.Sprintf("%v (%v)", f.told, f.cause) }
func (f *postgresFault) Unwrap() []error { return []error{f.told, f.cause} }

// kindOf is the kind of an error of translatePostgres; any other is ofStatement.
func kindOf(err error) postgresKind {
	if f, ok := errors.AsType[*postgresFault](err); ok {
		return f.kind
	}
	return ofStatement
}

// translatePostgres makes an error of the driver one of this package where there is one.
func translatePostgres(err error) error {
	if err == nil || ofData(err) {
		return err
	}
	if _, done := errors.AsType[*postgresFault](err); done {
		return err
	}
	switch kind := postgresKindOf(err); kind {
	case ofStatement:
		return err
	case noRoom:
		return &postgresFault{kind, ErrFull, err}
	case dead:
		return &postgresFault{kind, ErrUnreachable, err}
	default:
		return &postgresFault{kind, ErrBusy, err}
	}
}

// postgresKindOf goes by the classes of SQLSTATE (PostgreSQL's appendix A). Whatever is no answer of the
// server comes from the connection.
func postgresKindOf(err error) postgresKind {
	answer, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return dead
	}
	switch answer.Code {
	case "40001", // serialization_failure
		"40P01": // deadlock_detected
		return conflict
	case "53100": // disk_full
		return noRoom
	case "55P03", // lock_not_available
		"57014": // query_canceled, by statement_timeout
		return overloaded
	case "57P01", "57P02", "57P03", "57P04", "57P05", // shutdown, crash, cannot_connect_now, database dropped, idle
		"25P03", // idle_in_transaction_session_timeout
		"25006": // read_only_sql_transaction: a standby that is no primary yet, or no longer
		return dead
	}
	switch {
	case strings.HasPrefix(answer.Code, "08"): // connection_exception
		return dead
	case strings.HasPrefix(answer.Code, "53"): // insufficient_resources
		return overloaded
	}
	return ofStatement
}

// crowded reports whether the server has as many connections as it, or the role, may have.
func crowded(err error) bool {
	answer, ok := errors.AsType[*pgconn.PgError](err)
	return ok && answer.Code == "53300" // too_many_connections
}

// unreachable translates an error of connecting: whatever the server said to it (the password was changed, the role or the database is
// gone, the data was moved), it is none of the caller's statement.
func unreachable(err error) error {
	if _, ok := errors.AsType[*pgconn.PgError](err); ok {
		if told := translatePostgres(err); kindOf(told) != ofStatement {
			return told
		}
		return &postgresFault{ofStatement, ErrUnreachable, err}
	}
	if ofData(err) {
		return &postgresFault{ofStatement, ErrUnreachable, err} // to connect again leads to the same
	}
	return translatePostgres(err)
}

// ofData reports whether an error is what the database itself says of its data, and none of the connection.
func ofData(err error) bool {
	return slices.ContainsFunc([]error{ErrNewerSchema, ErrNeedsMigration, ErrMoving, ErrMoved, ErrUnfinished},
		func(said error) bool { return errors.Is(err, said) })
}
