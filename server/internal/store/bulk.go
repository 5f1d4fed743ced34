package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/durward-auth/durward/server/internal/archive"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

// bulk is a database that is read or written whole, at its own pace: no statement of it is cut off for its length.
type bulk struct {
	pool   *sql.DB
	config Config
	link   *pgx.ConnConfig // nil for SQLite
}

// openBulk opens a database as it is, and makes and migrates none. Its own errors and the driver's hold no password.
func openBulk(c Config, options ...string) (*bulk, error) {
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.BusyTimeout <= 0 {
		c.BusyTimeout = 5 * time.Second
	}
	if c.URL != "" {
		config, err := parseURL(c.URL)
		if err != nil {
			return nil, err
		}
		link := migrating(config.ConnConfig)
		link.RuntimeParams["application_name"] += " keeper"
		return &bulk{stdlib.OpenDB(*link), c, link}, nil
	}
	path, err := filepath.Abs(c.Path)
	if err != nil {
		return nil, err
	}
	c.Path = path
	if _, err := os.Stat(path); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%w in %s", ErrNothing, filepath.Dir(path))
		}
		return nil, err
	}
	pool, err := sql.Open("sqlite", dsn(c, append(options, "mode=rw", "_pragma=temp_store(MEMORY)", "_pragma=cache_size(-32768)")...))
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(1)
	return &bulk{pool, c, nil}, nil
}

// ErrNothing says that a database holds no data.
var ErrNothing = errors.New("there is no data")

func (b *bulk) postgres() bool { return b.link != nil }

func (b *bulk) close() error { return b.pool.Close() }

func (b *bulk) translate(err error) error {
	if b.postgres() {
		return translatePostgres(err)
	}
	return translate(err)
}

func (b *bulk) version(ctx context.Context) (int64, error) {
	if b.postgres() {
		version, err := postgresVersion(ctx, b.pool)
		return version, translatePostgres(err)
	}
	return schemaVersion(ctx, b.pool)
}

// refuseNewer returns ErrNewerSchema for a database that this program does not know.
func (b *bulk) refuseNewer(ctx context.Context) error {
	_, known, err := schema()
	if err != nil {
		return err
	}
	version, err := b.version(ctx)
	if err == nil && version > known {
		err = newerSchema(version, known)
	}
	return err
}

// schema returns the migrations of this program and their last version.
func schema() (fs.FS, int64, error) {
	steps, err := embedded()
	if err != nil {
		return nil, 0, err
	}
	known, err := latest(steps)
	if err != nil {
		return nil, 0, err
	}
	return steps, known, nil
}

// migrate brings an older schema to a version of the steps.
func (b *bulk) migrate(ctx context.Context, steps fs.FS, version int64) error {
	dialect := goose.DialectPostgres
	if b.postgres() {
		steps = collated{steps}
	} else {
		dialect = goose.DialectSQLite3
		if err := createVersions(ctx, b.pool); err != nil {
			return err
		}
	}
	provider, err := goose.NewProvider(dialect, b.pool, steps, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	_, err = provider.UpTo(ctx, version)
	return err
}

const (
	listTables  = `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name`
	listColumns = `SELECT name, type FROM pragma_table_info($1) ORDER BY cid`
)

// names returns the tables that the database has, but for the bookkeeping.
func (b *bulk) names(ctx context.Context, q *sql.Tx) ([]string, error) {
	query := listTables
	if b.postgres() {
		query = listTablesPostgres
	}
	rows, err := q.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		if !slices.Contains(bookkeeping(), name) {
			names = append(names, name)
		}
	}
	return names, rows.Err()
}

// columns returns those of a table in the order of their names, which both databases have in common.
func (b *bulk) columns(ctx context.Context, q *sql.Tx, table string) ([]archive.Column, error) {
	query := listColumns
	if b.postgres() {
		query = listColumnsPostgres
	}
	rows, err := q.QueryContext(ctx, query, table)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var columns []archive.Column
	for rows.Next() {
		var name, kind string
		if err := rows.Scan(&name, &kind); err != nil {
			return nil, err
		}
		switch strings.ToLower(kind) {
		case "text":
			columns = append(columns, archive.Column{Name: name, Type: archive.Text})
		case "bigint":
			columns = append(columns, archive.Column{Name: name, Type: archive.Integer})
		default:
			return nil, fmt.Errorf("the column %s of %s is of the type %s", name, table, kind)
		}
	}
	slices.SortFunc(columns, func(a, b archive.Column) int { return strings.Compare(a.Name, b.Name) })
	return columns, rows.Err()
}

// shape returns the tables of data that the schema has, each after those that it refers to.
func (b *bulk) shape(ctx context.Context, q *sql.Tx) ([]archive.Table, error) {
	names, err := b.names(ctx, q)
	if err != nil {
		return nil, err
	}
	var tables []archive.Table
	for _, known := range dataTables() {
		if !slices.Contains(names, known.name) {
			continue
		}
		columns, err := b.columns(ctx, q, known.name)
		if err != nil {
			return nil, err
		}
		tables = append(tables, archive.Table{Name: known.name, Columns: columns})
	}
	return tables, nil
}

func columnList(columns []archive.Column) string {
	names := make([]string, len(columns))
	for i, column := range columns {
		names[i] = column.Name
	}
	return strings.Join(names, ", ")
}

// KnownSchema is the version of the schema that this program writes.
func KnownSchema() (int64, error) {
	_, known, err := schema()
	return known, err
}

// Versions returns the version of a database's schema, 0 for an empty one, and that of this program. It changes nothing, and returns
// ErrNewerSchema for a database of a later program.
func Versions(ctx context.Context, c Config) (has, known int64, err error) {
	b, err := openBulk(c)
	if err != nil {
		return 0, 0, err
	}
	if err = b.refuseNewer(ctx); err == nil {
		has, err = b.version(ctx)
	}
	if err == nil {
		known, err = KnownSchema()
	}
	if err := errors.Join(err, b.close()); err != nil {
		return 0, 0, err
	}
	return has, known, nil
}
