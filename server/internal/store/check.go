package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

func (db *sqliteDB) check(ctx context.Context) error {
	damage, err := all(ctx, db.reader, value[string], `PRAGMA integrity_check(20)`)
	if err != nil {
		return translate(err)
	}
	var problems []error
	for _, line := range damage {
		if line != "ok" {
			problems = append(problems, errors.New(line))
		}
	}
	orphans, err := all(ctx, db.reader, func(row scanner) (string, error) {
		var table, parent string
		var rowid, key sql.NullInt64
		err := row.Scan(&table, &rowid, &parent, &key)
		return fmt.Sprintf("row %d of %s refers to a row of %s that is not there", rowid.Int64, table, parent), err
	}, `PRAGMA foreign_key_check`)
	if err != nil {
		return translate(err)
	}
	for _, orphan := range orphans {
		problems = append(problems, errors.New(orphan))
	}
	return errors.Join(problems...)
}
