package store

import (
	"errors"
	"fmt"
	"sync"
)

func (db *sqliteDB) lockServer() (release func() error, err error) {
	unlock, err := lock(db.path)
	if errors.Is(err, ErrLocked) {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("lock data directory: %w", err)
	}
	return sync.OnceValue(unlock), nil
}
