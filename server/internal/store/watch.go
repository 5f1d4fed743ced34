package store

import "context"

const dataVersion = `PRAGMA data_version`

// Changed reports whether another process has committed anything since the last call, or since Open. What this process
// commits does not count: the counter is that of the writer's own connection, which moves only by
// the commits of others.
func (db *DB) Changed(ctx context.Context) (bool, error) {
	var changed bool
	err := db.write(ctx, "look for changes", func(ctx context.Context, tx *tx) error {
		version, _, err := one(ctx, tx, value[int64], dataVersion)
		if err != nil {
			return err
		}
		changed = version != tx.seen
		tx.seen = version
		return nil
	})
	return changed, err
}
