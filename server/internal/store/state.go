package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// stateName is the setting that keeps servers and commands off a database.
const stateName = "state"

// What becomes of a database on which nothing may start.
const (
	restoring = "restoring" // it is being filled
	moving    = "moving"    // it is being moved elsewhere
	moved     = "moved"     // it was moved elsewhere
)

// State says why nothing may start on a database.
type State struct {
	Is string    `json:"is"`
	ID string    `json:"id"` // of the move, in the source; of what fills it, in the target
	At time.Time `json:"at"`
	To string    `json:"to,omitempty"` // where it is moved to
}

var (
	// ErrUnfinished says that a restore or a move into this database has not come to its end.
	ErrUnfinished = errors.New("a restore or a move into this database was begun and not finished: run it again, it begins anew")

	// ErrMoving says that a move of this data is under way, or was interrupted.
	ErrMoving = errors.New("this data is being moved: if the move was interrupted, run it again, or take it back with durward move --undo")

	// ErrMoved says that this data was moved elsewhere.
	ErrMoved = errors.New("this data was moved, and what is here is out of date: use it where it is now, or take the move back with durward move --undo")
)

// text is the state as it is stored.
func (s State) text() (string, error) {
	text, err := json.Marshal(s)
	if err != nil {
		return "", err
	}
	return string(text), nil
}

func (s State) err() error {
	switch at := s.At.UTC().Format(time.DateTime); s.Is {
	case restoring:
		return fmt.Errorf("%w (begun %s UTC)", ErrUnfinished, at)
	case moving:
		return fmt.Errorf("%w (to %s, begun %s UTC)", ErrMoving, s.To, at)
	case moved:
		return fmt.Errorf("%w (to %s, %s UTC)", ErrMoved, s.To, at)
	default:
		return fmt.Errorf("the database is in a state %q that this program does not know", s.Is)
	}
}

const (
	selectState = `SELECT value FROM settings WHERE name = 'state'`
	deleteState = `DELETE FROM settings WHERE name = 'state'`
	dropState   = `DELETE FROM settings WHERE name = 'state' AND value = $1`
	changeState = `UPDATE settings SET value = $2 WHERE name = 'state' AND value = $1`
)

// readState returns nil where anything may start.
func readState(ctx context.Context, q interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}) (*State, error) {
	var text string
	err := q.QueryRowContext(ctx, selectState).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the state: %w", err)
	}
	return parseState(text)
}

func parseState(text string) (*State, error) {
	var state State
	if err := json.Unmarshal([]byte(text), &state); err != nil {
		return nil, errors.New("the database is in a state that this program does not know")
	}
	return &state, nil
}

// refuseState returns why nothing may start on a database whose schema has this version.
func refuseState(ctx context.Context, pool *sql.DB, version int64) error {
	if version == 0 {
		return nil
	}
	state, err := readState(ctx, pool)
	if err == nil && state != nil {
		err = state.err()
	}
	return err
}

func writeState(ctx context.Context, q interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}, state State) error {
	text, err := state.text()
	if err != nil {
		return err
	}
	_, err = q.ExecContext(ctx, saveSetting, stateName, text)
	return err
}
