package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	// poolSize is how many connections a process opens at most, unless the URL has pool_max_conns: six
	// servers fit into the 100 that PostgreSQL allows by default.
	poolSize = 16

	// The server ends what takes longer. A row is locked for milliseconds; who waits for one longer
	// should let its caller try again.
	statementTimeout = 5 * time.Second
	lockTimeout      = 2 * time.Second
	idleInTxTimeout  = 10 * time.Second

	connectTimeout = 3 * time.Second

	// patience bounds a read, or a work with all its tries, where the server does not answer at all.
	patience = 10 * time.Second
)

// postgres is a PostgreSQL database, or one that speaks as PostgreSQL does. Each work is a transaction of its
// own on a connection of a pool.
type postgres struct {
	pool *pgxpool.Pool
	ids  *idSource
	wait time.Duration // for a connection
	most int64         // works at once, those that wait for a connection among them

	mu     sync.Mutex
	closed bool
	active sync.WaitGroup
	works  atomic.Int64
	keys   atomic.Int64 // the turn of the keys that was read last, and one; 0 before the first
	reset  atomic.Int64 // Unix nanoseconds of the last time that the pool was emptied
}

func openPostgres(ctx context.Context, c Config, steps fs.FS) (*DB, error) {
	config, err := parseURL(c.URL)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	db, err := connect(ctx, c, config, steps)
	if err != nil {
		at := config.ConnConfig
		return nil, fmt.Errorf("open database %s at %s: %w", at.Database, net.JoinHostPort(at.Host, strconv.Itoa(int(at.Port))), err)
	}
	return newDB(db, &postgresReader{db}), nil
}

// parseURL never returns an error that holds the URL, which may hold a password.
func parseURL(text string) (*pgxpool.Config, error) {
	if scheme, _, _ := strings.Cut(text, "://"); scheme != "postgres" && scheme != "postgresql" {
		return nil, errors.New("the database URL must begin with postgres://")
	}
	if _, err := url.Parse(text); err != nil {
		return nil, errUnreadable
	}
	config, err := pgxpool.ParseConfig(text)
	if err != nil {
		return nil, fmt.Errorf("the database URL cannot be used: %w", withoutURL(err))
	}
	// What is taken for a host would be told, and may be the end of a password.
	if !nameable(config.ConnConfig) {
		return nil, errUnreadable
	}
	if !strings.Contains(text, "pool_max_conns=") {
		config.MaxConns = poolSize
	}
	if !strings.Contains(text, "connect_timeout=") {
		config.ConnConfig.ConnectTimeout = connectTimeout
	}
	// A standby may be behind: whoever was disabled or logged out on the primary would still be let in.
	config.ConnConfig.ValidateConnect = refuseStandby
	config.ConnConfig.OnNotice = keepWarning
	parameters := config.ConnConfig.RuntimeParams
	for name, value := range map[string]string{
		"application_name":                    "durward",
		"client_encoding":                     "UTF8",
		"statement_timeout":                   milliseconds(statementTimeout),
		"lock_timeout":                        milliseconds(lockTimeout),
		"idle_in_transaction_session_timeout": milliseconds(idleInTxTimeout),
	} {
		if parameters[name] == "" {
			parameters[name] = value
		}
	}
	return config, nil
}

func refuseStandby(ctx context.Context, conn *pgconn.PgConn) error {
	if err := pgconn.ValidateConnectTargetSessionAttrsReadWrite(ctx, conn); err != nil {
		return fmt.Errorf("%w: a standby, or a role that may only read; durward needs the primary", err)
	}
	return nil
}

var errUnreadable = errors.New("the database URL cannot be read: characters such as @ / : # % in its password are written as %40 %2F %3A %23 %25")

// nameable reports whether hosts and database have names that a password is not part of.
func nameable(config *pgx.ConnConfig) bool {
	names := []string{config.Database}
	for _, host := range append([]*pgconn.FallbackConfig{{Host: config.Host}}, config.Fallbacks...) {
		if !strings.HasPrefix(host.Host, "/") { // of a socket
			names = append(names, host.Host)
		}
	}
	return !slices.ContainsFunc(names, func(name string) bool { return strings.ContainsAny(name, "@#") })
}

// withoutURL is the reason why the driver refuses a URL, which its own text repeats.
func withoutURL(err error) error {
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	return err
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

func connect(ctx context.Context, c Config, config *pgxpool.Config, steps fs.FS) (*postgres, error) {
	if err := migratePostgres(ctx, c, config.ConnConfig, steps); err != nil {
		return nil, translatePostgres(err)
	}
	// A server that was not connected for a moment would else go on with data that was moved meanwhile.
	config.AfterConnect = refuseStateOn
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	db := &postgres{pool: pool, ids: &idSource{clock: c.Clock}, wait: c.BusyTimeout, most: int64(c.Queue) + int64(config.MaxConns)}
	if err := db.inForce(ctx, config.ConnConfig); err != nil {
		pool.Close()
		return nil, err
	}
	return db, nil
}

const readSetting = `SELECT current_setting($1)`

// inForce refuses a connection on which a lost statement would wait for good, or a commit may be lost.
func (p *postgres) inForce(ctx context.Context, config *pgx.ConnConfig) error {
	for _, name := range []string{"statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"} {
		got, err := p.setting(ctx, name)
		if err != nil {
			return err
		}
		if got == "0" && config.RuntimeParams[name] != "0" {
			return fmt.Errorf("%s is not in force: a pooler such as PgBouncer stands before the database; give the URL of the database itself, durward pools connections", name)
		}
	}
	got, err := p.setting(ctx, "server_encoding")
	if err != nil {
		return err
	}
	if got != "UTF8" && got != "SQL_ASCII" { // the second takes any bytes
		return fmt.Errorf("the encoding of the database is %s, in which not every name can be stored: create it with ENCODING 'UTF8'", got)
	}
	got, err = p.setting(ctx, "synchronous_commit")
	if err != nil {
		return err
	}
	if got == "off" {
		return errors.New("synchronous_commit is off: what was acknowledged could be lost; ALTER ROLE … SET synchronous_commit = on")
	}
	return nil
}

// refuseStateOn returns why nothing may be done on the data that a new connection leads to.
func refuseStateOn(ctx context.Context, conn *pgx.Conn) error {
	var text string
	err := conn.QueryRow(ctx, selectState).Scan(&text)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	state, err := parseState(text)
	if err != nil {
		return err
	}
	return state.err()
}

func (p *postgres) setting(ctx context.Context, name string) (string, error) {
	value, _, err := one(ctx, &postgresReader{p}, value[string], readSetting, name)
	if err != nil {
		return "", fmt.Errorf("read %s: %w", name, err)
	}
	return value, nil
}

const readKeysTurn = `SELECT turn FROM turns WHERE name = 'keys'`

// changed reads how often the keys were changed. The first call says yes: what happened before it is not known.
func (p *postgres) changed(ctx context.Context) (bool, error) {
	turn, _, err := one(ctx, &postgresReader{p}, value[int64], readKeysTurn)
	if err != nil {
		return false, translatePostgres(err)
	}
	return p.keys.Swap(turn+1) != turn+1, nil
}

func (p *postgres) ping(ctx context.Context) error { return readOne(ctx, &postgresReader{p}) }

func (p *postgres) schemaVersion(ctx context.Context) (int64, error) {
	version, _, err := one(ctx, &postgresReader{p}, value[int64], readVersionPostgres)
	if err != nil {
		return 0, fmt.Errorf("read schema version: %w", err)
	}
	return version, nil
}

// lockServer does nothing: any number of servers may run.
func (*postgres) lockServer() (func() error, error) { return func() error { return nil }, nil }

// failed is never closed: a database that is gone may come back.
func (*postgres) failed() <-chan struct{} { return nil }

func (*postgres) err() error { return nil }

func (p *postgres) close() error {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.active.Wait()
	p.pool.Close()
	return nil
}

const orphanedSessions = `
	SELECT s.id FROM sessions s LEFT JOIN users u ON u.id = s.user_id
	WHERE u.id IS NULL LIMIT 20`

const invalidIndexes = `
	SELECT c.relname FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
	WHERE NOT i.indisvalid LIMIT 20`

func (p *postgres) check(ctx context.Context) error {
	var problems []error
	for query, sentence := range map[string]string{
		orphanedSessions: "the session %s is of a user that is not there",
		invalidIndexes:   "the index %s is not valid: REINDEX it",
	} {
		found, err := all(ctx, &postgresReader{p}, value[string], query)
		if err != nil {
			return err
		}
		for _, name := range found {
			problems = append(problems, fmt.Errorf(sentence, name))
		}
	}
	return errors.Join(problems...)
}
