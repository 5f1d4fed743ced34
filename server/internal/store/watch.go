package store

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
)

// watch notices commits of other connections, in this process and in others. It has a
// connection of its own, because SQLite counts the commits of all others for each one.
type watch struct {
	mu   sync.Mutex
	conn *sql.Conn
	stmt *sql.Stmt
	last int64
}

func newWatch(ctx context.Context, pool *sql.DB) (*watch, error) {
	conn, err := pool.Conn(ctx)
	if err != nil {
		return nil, err
	}
	stmt, err := conn.PrepareContext(ctx, `PRAGMA data_version`)
	if err != nil {
		conn.Close()
		return nil, err
	}
	w := &watch{conn: conn, stmt: stmt}
	if err := stmt.QueryRowContext(ctx).Scan(&w.last); err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

func (w *watch) close() {
	w.stmt.Close()
	w.conn.Close()
}

// Changed reports whether anything was committed since the last call, or since Open: by another
// process or by this one. It reads a counter in shared memory.
func (db *DB) Changed(ctx context.Context) (bool, error) {
	w := db.watch
	w.mu.Lock()
	defer w.mu.Unlock()
	var version int64
	if err := w.stmt.QueryRowContext(ctx).Scan(&version); err != nil {
		return false, fmt.Errorf("look for changes: %w", translate(err))
	}
	changed := version != w.last
	w.last = version
	return changed, nil
}
