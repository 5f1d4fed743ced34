package store

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

const dataVersion = `PRAGMA data_version`

// changed counts what other processes commit alone: the counter is that of the writer's own connection, which moves only by
// the commits of others. It goes before the writes that wait, and does not need a place in their queue.
func (db *sqliteDB) changed(ctx context.Context) (bool, error) {
	var changed bool
	err := db.writer.doFirst(ctx, func(ctx context.Context, tx *tx) error {
		version, _, err := one(ctx, tx, value[int64], dataVersion)
		if err != nil {
			return err
		}
		changed = version != db.writer.session.seen
		db.writer.session.seen = version
		return nil
	})
	if err != nil {
		return false, err
	}
	return changed, nil
}

// files are the database, its log and its index as they were when they were opened. SQLite keeps
// writing to them when they have lost their names, and the next start would not find what was
// written.
//
// They are only looked at: closing a descriptor of the database would drop SQLite's locks.
type files []file

type file struct {
	path string
	info os.FileInfo
}

// openedFiles returns the files of a connection that is in use. The database was looked at
// before it was opened; the other two stay while any connection is open.
func openedFiles(path string, database os.FileInfo) (files, error) {
	resolved, err := filepath.EvalSymlinks(path) // beside which SQLite keeps the other two
	if err != nil {
		return nil, err
	}
	opened := files{{path, database}}
	for _, path := range []string{resolved + "-wal", resolved + "-shm"} {
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		opened = append(opened, file{path, info})
	}
	return opened, opened.inPlace()
}

// inPlace returns an error when one of the files is not at its path any more.
func (fs files) inPlace() error {
	for _, f := range fs {
		now, err := os.Stat(f.path)
		if err != nil {
			return fmt.Errorf("the database file %s was moved or deleted while it was open: %w", f.path, err)
		}
		if !os.SameFile(f.info, now) {
			return fmt.Errorf("the database file %s was moved or replaced while it was open", f.path)
		}
	}
	return nil
}
