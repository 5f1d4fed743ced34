package store

import (
	"errors"
	"fmt"
	"sync"
)

// LockServer makes this process the only server of the data directory until release is
// called or the process ends, even by a kill. It returns ErrLocked when there is another.
// Commands do not take the lock: they may write while a server runs.
func (db *DB) LockServer() (release func() error, err error) {
	unlock, err := lock(db.path)
	if errors.Is(err, ErrLocked) {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("lock data directory: %w", err)
	}
	return sync.OnceValue(unlock), nil
}
