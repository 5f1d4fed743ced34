package store

import (
	"context"
	"fmt"
	"io/fs"
	"testing/fstest"

	"github.com/durward-auth/durward/server/internal/account"
)

// Waiting is how many jobs wait for the writer.
func (db *DB) Waiting() int { return len(db.engine.(*sqliteDB).writer.queue) }

// Looking is how many calls of Changed wait for the writer.
func (db *DB) Looking() int { return len(db.engine.(*sqliteDB).writer.first) }

// Do runs a function as a job of the writer.
func (db *DB) Do(ctx context.Context, f func()) error {
	return db.write(ctx, "do", func(context.Context, *tx) error {
		f()
		return nil
	})
}

// Run runs a statement in the writer's transaction.
func (db *DB) Run(ctx context.Context, statement string) error {
	return db.RunInJob(ctx, statement, func() {})
}

// RunInJob runs a statement in the writer's transaction, then a function before the end of the job.
func (db *DB) RunInJob(ctx context.Context, statement string, then func()) error {
	return db.write(ctx, "run", func(ctx context.Context, tx *tx) error {
		_, err := tx.exec(ctx, statement)
		then()
		return err
	})
}

// RunAlone runs a statement on the writer's connection, outside of its transactions. The writer must be idle.
func (db *DB) RunAlone(ctx context.Context, statement string) error {
	_, err := db.engine.(*sqliteDB).writer.conn.ExecContext(ctx, statement)
	return err
}

// SelectEvents is the text that Events runs.
var SelectEvents = selectEvents

// LatestSchema is the version of the schema that this program writes.
func LatestSchema() (int64, error) {
	steps, err := embedded()
	if err != nil {
		return 0, err
	}
	return latest(steps)
}

// OpenNext is Open of a program with one more migration.
func OpenNext(ctx context.Context, c Config, migration string) (*DB, error) {
	steps, err := embedded()
	if err != nil {
		return nil, err
	}
	known, err := latest(steps)
	if err != nil {
		return nil, err
	}
	names, err := fs.Glob(steps, "*.sql")
	if err != nil {
		return nil, err
	}
	next := fstest.MapFS{fmt.Sprintf("%05d_next.sql", known+1): {Data: []byte("-- +goose Up\n" + migration + ";\n")}}
	for _, name := range names {
		text, err := fs.ReadFile(steps, name)
		if err != nil {
			return nil, err
		}
		next[name] = &fstest.MapFile{Data: text}
	}
	return openWith(ctx, c, next)
}

// SessionByID reads a session whether or not it is live.
func (db *DB) SessionByID(ctx context.Context, id string) (account.Session, bool, error) {
	return one(ctx, db.reader, scanSession, sessionByID, id)
}

// TableNames returns the tables of a database, but for those of the migrations themselves.
func TableNames(ctx context.Context, c Config) ([]string, error) {
	b, err := openBulk(c)
	if err != nil {
		return nil, err
	}
	defer b.close()
	tx, err := b.pool.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback() }() // it has read
	return b.names(ctx, tx)
}

// TakeSeq and InsertRevocation are how a transaction takes its place in the feed.
const (
	TakeSeq          = takeSeq
	InsertRevocation = insertRevocation
)

// MigrateToFirst makes a database of the first schema, and nothing else.
func MigrateToFirst(ctx context.Context, c Config) error {
	const first = "00001_first.sql"
	steps, err := embedded()
	if err != nil {
		return err
	}
	text, err := fs.ReadFile(steps, first)
	if err != nil {
		return err
	}
	only := fstest.MapFS{first: {Data: text}}
	if c.URL == "" {
		return migrate(ctx, c, only)
	}
	config, err := parseURL(c.URL)
	if err != nil {
		return err
	}
	return migratePostgres(ctx, c, config.ConnConfig, only)
}
