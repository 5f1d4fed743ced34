package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/durward-auth/durward/server/internal/archive"
	"github.com/durward-auth/durward/server/internal/keyring"
)

// Snapshot is the data as it was at one moment. It is good until the function that got it returns.
type Snapshot struct {
	Schema      int64
	Database    string // "sqlite" or "postgresql"
	TakenAt     time.Time
	Epoch       string // of the revocations, or empty
	MasterKeyID string // of the master key that seals what is sealed
	Tables      []archive.Table

	bulk *bulk
	tx   *sql.Tx
}

// ReadSnapshot shows the data at one moment, while servers go on. It migrates nothing: the schema may be older than this
// program's. It returns ErrNothing where no server has run, ErrNewerSchema, and an error for data on which nothing
// may start.
func ReadSnapshot(ctx context.Context, c Config, use func(*Snapshot) error) error {
	b, err := openBulk(c, "_pragma=query_only(1)")
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	err = b.snapshot(ctx, false, use)
	return errors.Join(err, b.close())
}

// snapshot reads data on which nothing may start too, if told to.
func (b *bulk) snapshot(ctx context.Context, anyState bool, use func(*Snapshot) error) error {
	version, err := b.version(ctx)
	if err != nil {
		return err
	}
	if version == 0 {
		return fmt.Errorf("%w: the database is empty", ErrNothing)
	}
	if err := b.refuseNewer(ctx); err != nil {
		return err
	}
	var options *sql.TxOptions
	if b.postgres() {
		options = &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	}
	tx, err := b.pool.BeginTx(ctx, options)
	if err != nil {
		return b.translate(err)
	}
	defer func() { _ = tx.Rollback() }() // it has read
	if !anyState {
		state, err := readState(ctx, tx)
		if err != nil {
			return b.translate(err)
		}
		if state != nil {
			return state.err()
		}
	}
	s := &Snapshot{Schema: version, Database: "sqlite", TakenAt: b.config.Clock().UTC().Truncate(time.Microsecond), bulk: b, tx: tx}
	if b.postgres() {
		s.Database = "postgresql"
	}
	if err := s.describe(ctx); err != nil {
		return fmt.Errorf("read the tables: %w", b.translate(err))
	}
	return use(s)
}

// describe reads what a manifest says before the rows are read.
func (s *Snapshot) describe(ctx context.Context) error {
	var err error
	if s.Tables, err = s.bulk.shape(ctx, s.tx); err != nil {
		return err
	}
	has := func(name string) bool {
		return slices.ContainsFunc(s.Tables, func(t archive.Table) bool { return t.Name == name })
	}
	for i, table := range s.Tables {
		known := tableNamed(table.Name)
		if err := s.tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM "+known.name+known.where()).Scan(&s.Tables[i].Rows); err != nil {
			return err
		}
	}
	if has("epochs") {
		if err := s.tx.QueryRowContext(ctx, selectEpoch).Scan(&s.Epoch); err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
	}
	if has("vault") {
		var sealed string
		err := s.tx.QueryRowContext(ctx, selectVault, keyring.RootName).Scan(&s.MasterKeyID, &sealed)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
	}
	return nil
}

// Rows are those of a table in the order of its key, with texts as both databases can hold them. A row is good until the next.
func (s *Snapshot) Rows(ctx context.Context, table archive.Table) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		known := tableNamed(table.Name)
		rows, err := s.tx.QueryContext(ctx, "SELECT "+columnList(table.Columns)+" FROM "+known.name+known.where()+" ORDER BY "+known.order())
		if err != nil {
			yield(nil, fmt.Errorf("read %s: %w", table.Name, s.bulk.translate(err)))
			return
		}
		defer rows.Close()
		texts, numbers := make([]string, len(table.Columns)), make([]int64, len(table.Columns))
		into, row := make([]any, len(table.Columns)), make([]any, len(table.Columns))
		for i, column := range table.Columns {
			if into[i] = &numbers[i]; column.Type == archive.Text {
				into[i] = &texts[i]
			}
		}
		for rows.Next() {
			if err := rows.Scan(into...); err != nil {
				yield(nil, fmt.Errorf("read %s: %w", table.Name, s.bulk.translate(err)))
				return
			}
			for i, column := range table.Columns {
				if row[i] = numbers[i]; column.Type == archive.Text {
					row[i] = archive.Clean(texts[i])
				}
			}
			if !yield(row, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(nil, fmt.Errorf("read %s: %w", table.Name, s.bulk.translate(err)))
		}
	}
}

// tableNamed returns a table of data by its name.
func tableNamed(name string) keyed {
	tables := dataTables()
	return tables[slices.IndexFunc(tables, func(t keyed) bool { return t.name == name })]
}
