package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// index is one of the schema, in the words of the migration that makes it. Primary keys are none.
type index struct{ name, statement string }

var indexStatement = regexp.MustCompile(`(?m)^(CREATE|CREATE UNIQUE|DROP) INDEX (\w+)[^;]*`)

// indexes returns those that a schema of this version has.
func indexes(steps fs.FS, version int64) ([]index, error) {
	names, err := fs.Glob(steps, "*.sql") // in order
	if err != nil {
		return nil, err
	}
	var list []index
	for _, name := range names {
		number, err := stepNumber(name)
		if err != nil {
			return nil, err
		}
		if number > version {
			break
		}
		text, err := fs.ReadFile(steps, name)
		if err != nil {
			return nil, err
		}
		up, _, _ := strings.Cut(string(text), "-- +goose Down")
		for _, found := range indexStatement.FindAllStringSubmatch(up, -1) {
			if found[1] == "DROP" {
				list = slices.DeleteFunc(list, func(i index) bool { return i.name == found[2] })
				continue
			}
			list = append(list, index{found[2], found[0]})
		}
	}
	return list, nil
}

// postpone drops the indexes, and on PostgreSQL the foreign keys: to keep them right row by row takes several times as long as to make
// them when the rows are there. Index makes them again.
func (t *Target) postpone(ctx context.Context) error {
	steps, _, err := schema()
	if err != nil {
		return err
	}
	version, err := t.bulk.version(ctx)
	if err != nil {
		return err
	}
	made, err := indexes(steps, version)
	if err != nil {
		return err
	}
	for _, index := range made {
		if _, err := t.bulk.pool.ExecContext(ctx, "DROP INDEX "+index.name); err != nil {
			return t.bulk.translate(err)
		}
		t.later = append(t.later, index.statement)
	}
	if t.bulk.postgres() {
		return t.postponeReferences(ctx)
	}
	return nil
}

// Index makes the indexes that Fill has left out, and tells how many of them are made. Upgrade does it by itself where there is
// something to migrate.
func (t *Target) Index(ctx context.Context, report func(done, all int)) (err error) {
	if !t.bulk.postgres() {
		if err := t.sortIn(ctx, filepath.Dir(t.bulk.config.Path)); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, t.sortIn(context.WithoutCancel(ctx), "")) }()
	}
	for i, statement := range t.later {
		report(i, len(t.later))
		if _, err := t.bulk.pool.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("make the indexes: %w", t.bulk.translate(err))
		}
	}
	report(len(t.later), len(t.later))
	t.later = nil
	return nil
}

// sortIn has SQLite sort in files of a directory, since the memory may not hold what an index does; "" has it sort in memory again. The
// directory counts for the whole process, and the files in it have no names.
func (t *Target) sortIn(ctx context.Context, dir string) error {
	store := "FILE"
	if dir == "" {
		store = "MEMORY"
	}
	for _, pragma := range []string{"temp_store = " + store, "temp_store_directory = '" + strings.ReplaceAll(dir, "'", "''") + "'"} {
		if _, err := t.bulk.pool.ExecContext(ctx, "PRAGMA "+pragma); err != nil {
			return t.bulk.translate(err)
		}
	}
	return nil
}
