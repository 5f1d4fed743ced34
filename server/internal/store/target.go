package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/durward-auth/durward/server/internal/archive"
	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/durable"
)

// Target is a database that is being filled. Nothing starts on it before Finish: an SQLite file has not got its name until then,
// and a PostgreSQL database says what it is.
type Target struct {
	bulk    *bulk
	final   string   // path of the SQLite file that it becomes
	later   []string // statements that make the indexes
	release func() error
}

// ErrNotEmpty says that there is data where other data should go.
var ErrNotEmpty = errors.New("there is data already, and nothing was changed")

// OpenTarget prepares an empty place for data whose schema has this version. id names what fills it. What an earlier
// attempt has left behind is removed. It returns ErrNotEmpty where there is data, ErrLocked where a
// server or another attempt runs, and ErrNewerSchema for a schema that this program does not know.
func OpenTarget(ctx context.Context, c Config, version int64, id string) (*Target, error) {
	steps, known, err := schema()
	if err != nil {
		return nil, err
	}
	if version > known {
		return nil, newerSchema(version, known)
	}
	if c.URL != "" {
		return openPostgresTarget(ctx, c, steps, version, id)
	}
	return openSQLiteTarget(ctx, c, steps, version)
}

// aside begins the names of the directories in which databases are made.
const aside = ".filling-"

func openSQLiteTarget(ctx context.Context, c Config, steps fs.FS, version int64) (_ *Target, err error) {
	final, err := filepath.Abs(c.Path)
	if err != nil {
		return nil, err
	}
	dir := filepath.Dir(final)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	release, err := lock(final)
	if err != nil {
		return nil, err
	}
	t := &Target{final: final, release: release}
	defer func() {
		if err != nil {
			err = errors.Join(err, t.Abandon())
		}
	}()
	if err := vacant(final); err != nil {
		return nil, err
	}
	if err := sweepAside(dir); err != nil {
		return nil, err
	}
	temporary, err := os.MkdirTemp(dir, aside) // mode 0700
	if err != nil {
		return nil, err
	}
	c.Path = filepath.Join(temporary, filepath.Base(final))
	if err := create(c.Path); err != nil {
		return nil, err
	}
	// What is lost or half done here is made anew: only the finished file must be on the disk.
	if t.bulk, err = openBulk(c, "_txlock=immediate", "_pragma=synchronous(OFF)", "_pragma=journal_mode(OFF)"); err != nil {
		return nil, err
	}
	return t, t.bulk.migrate(ctx, steps, version)
}

// vacant refuses a place where there is a database, or the log of one.
func vacant(path string) error {
	for _, suffix := range []string{"", "-wal", "-shm"} {
		_, err := os.Lstat(path + suffix)
		if err == nil {
			return fmt.Errorf("%w: %s", ErrNotEmpty, path+suffix)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// sweepAside removes what attempts have left that were killed. The caller has the lock.
func sweepAside(dir string) error {
	left, err := filepath.Glob(filepath.Join(dir, aside+"*"))
	if err != nil {
		return err
	}
	for _, path := range left {
		if err := os.RemoveAll(path); err != nil {
			return err
		}
	}
	return nil
}

// Fill replaces what the migrations have put into the tables. The tables must be those of the schema. Index must follow.
func (t *Target) Fill(ctx context.Context, tables []archive.Table, rows func(*archive.Table) iter.Seq2[[]any, error]) error {
	if err := t.begin(ctx, tables); err != nil {
		return err
	}
	if err := t.postpone(ctx); err != nil {
		return fmt.Errorf("drop the indexes: %w", err)
	}
	for i, table := range tables {
		err := error(nil)
		if t.bulk.postgres() {
			err = t.bulk.copyInto(ctx, table, rows(&tables[i]))
		} else {
			err = t.insert(ctx, table, rows(&tables[i]))
		}
		if err != nil {
			return fmt.Errorf("write %s: %w", table.Name, t.bulk.translate(err))
		}
	}
	return nil
}

// begin compares the tables with those of the schema and empties them.
func (t *Target) begin(ctx context.Context, tables []archive.Table) error {
	tx, err := t.bulk.pool.BeginTx(ctx, nil)
	if err != nil {
		return t.bulk.translate(err)
	}
	defer func() { _ = tx.Rollback() }() // does nothing after the commit
	shape, err := t.bulk.shape(ctx, tx)
	if err != nil {
		return t.bulk.translate(err)
	}
	if !slices.EqualFunc(shape, tables, func(a, b archive.Table) bool {
		return a.Name == b.Name && slices.Equal(a.Columns, b.Columns)
	}) {
		return fmt.Errorf("%w: its tables are not those of its schema", archive.ErrDamaged)
	}
	for _, table := range slices.Backward(shape) {
		if _, err := tx.ExecContext(ctx, "DELETE FROM "+table.Name+tableNamed(table.Name).where()); err != nil {
			return t.bulk.translate(err)
		}
	}
	return t.bulk.translate(tx.Commit())
}

// insert fills a table of SQLite in one transaction.
func (t *Target) insert(ctx context.Context, table archive.Table, rows iter.Seq2[[]any, error]) error {
	tx, err := t.bulk.pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after the commit
	places := make([]string, len(table.Columns))
	for i := range places {
		places[i] = "$" + strconv.Itoa(i+1)
	}
	statement, err := tx.PrepareContext(ctx,
		"INSERT INTO "+table.Name+" ("+columnList(table.Columns)+") VALUES ("+strings.Join(places, ", ")+")")
	if err != nil {
		return err
	}
	defer statement.Close()
	for row, err := range rows {
		if err == nil {
			_, err = statement.ExecContext(ctx, row...)
		}
		if err != nil {
			return err
		}
	}
	return tx.Commit()
}

// Read shows what was written, to be compared.
func (t *Target) Read(ctx context.Context, use func(*Snapshot) error) error {
	return t.bulk.snapshot(ctx, true, use)
}

// Upgrade brings the schema to that of this program.
func (t *Target) Upgrade(ctx context.Context, report func(done, all int)) error {
	steps, known, err := schema()
	if err != nil {
		return err
	}
	version, err := t.bulk.version(ctx)
	if err != nil || version == known {
		return err
	}
	if err := t.Index(ctx, report); err != nil {
		return err
	}
	if err := t.bulk.migrate(ctx, steps, known); err != nil {
		return fmt.Errorf("migrate: %w", t.bulk.translate(err))
	}
	return nil
}

// Finish lets servers start on the data, once what settings say is in it. Index must have been called after Fill.
func (t *Target) Finish(ctx context.Context, settings map[string]string) error {
	if len(t.later) > 0 {
		return errors.New("finish: the indexes are not there")
	}
	err := t.bulk.transact(ctx, func(tx *sql.Tx) error {
		for name, value := range settings {
			if _, err := tx.ExecContext(ctx, saveSetting, name, value); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, deleteState)
		return err
	})
	if err == nil && !t.bulk.postgres() {
		err = t.publish(ctx)
	}
	if err != nil {
		return fmt.Errorf("finish: %w", err)
	}
	return nil
}

// publish gives the SQLite file its name when all of it is on the disk.
func (t *Target) publish(ctx context.Context) error {
	// A connection without a journal cannot turn the log on.
	made := t.bulk.config.Path
	err := t.bulk.close()
	if err != nil {
		return err
	}
	if t.bulk, err = openBulk(t.bulk.config, "_pragma=synchronous(OFF)"); err != nil {
		return err
	}
	if err := turnOnLog(ctx, t.bulk.pool); err != nil {
		return t.bulk.translate(err)
	}
	var busy, pages, copied int
	if err := t.bulk.pool.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &pages, &copied); err != nil {
		return t.bulk.translate(err)
	}
	if busy != 0 {
		return errors.New("another program reads the database that is being written")
	}
	if err := t.bulk.close(); err != nil {
		return err
	}
	if left, err := os.Stat(made + "-wal"); err == nil && left.Size() > 0 {
		return errors.New("the log of the database was not copied back")
	}
	if err := durable.Sync(made); err != nil {
		return err
	}
	err = os.Link(made, t.final)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%w: %s", ErrNotEmpty, t.final)
	}
	if err != nil {
		return err
	}
	return durable.Sync(filepath.Dir(t.final))
}

// Abandon removes what is not finished, and lets go of what is.
func (t *Target) Abandon() error {
	var problems []error
	if t.bulk != nil {
		problems = append(problems, t.bulk.close())
	}
	if t.final != "" {
		problems = append(problems, sweepAside(filepath.Dir(t.final)))
	}
	return errors.Join(append(problems, t.release())...)
}

func (b *bulk) transact(ctx context.Context, act func(*sql.Tx) error) error {
	tx, err := b.pool.BeginTx(ctx, nil)
	if err != nil {
		return b.translate(err)
	}
	defer func() { _ = tx.Rollback() }() // does nothing after the commit
	if err := act(tx); err != nil {
		return b.translate(err)
	}
	return b.translate(tx.Commit())
}

// Record stores an event beside the data.
func (t *Target) Record(ctx context.Context, e audit.Event) error {
	return t.bulk.transact(ctx, func(tx *sql.Tx) error { return recordIn(ctx, tx, t.bulk.config.Clock, e) })
}
