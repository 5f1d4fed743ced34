package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Source is data that is being moved away. Nothing starts on it from OpenSource on.
type Source struct {
	// ID names the move. It stays the same when a move that was interrupted is run again.
	ID string
	// Again says that an earlier attempt was interrupted.
	Again bool

	bulk    *bulk
	to      string
	marked  string // what the mark says
	release func() error
}

// OpenSource marks data as being moved to a place, which it only names. It returns ErrLocked for a directory on which a server runs, ErrInUse for a
// PostgreSQL database that anybody is connected to, ErrNothing, and an error for data that was moved already.
func OpenSource(ctx context.Context, c Config, to string) (_ *Source, err error) {
	b, err := openBulk(c, "_txlock=immediate", "_pragma=synchronous(FULL)")
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	s := &Source{bulk: b, to: to, release: func() error { return nil }}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if !b.postgres() {
		if s.release, err = lock(b.config.Path); err != nil {
			s.release = func() error { return nil }
			return nil, err
		}
	}
	version, err := b.version(ctx)
	if err != nil {
		return nil, err
	}
	if version == 0 {
		return nil, fmt.Errorf("%w: the database is empty", ErrNothing)
	}
	if err := b.refuseNewer(ctx); err != nil {
		return nil, err
	}
	if err := s.mark(ctx); err != nil {
		return nil, err
	}
	// Whoever was there before the mark is still connected; whoever came after it was refused.
	if err := s.alone(ctx); err != nil {
		return nil, errors.Join(err, s.Cancel(ctx))
	}
	return s, nil
}

// ErrInUse says that servers or commands are connected to a PostgreSQL database.
var ErrInUse = errors.New("the database is in use: stop every server on it first")

func (s *Source) alone(ctx context.Context) error {
	if !s.bulk.postgres() {
		return nil
	}
	config, err := parseURL(s.bulk.config.URL)
	if err != nil {
		return err
	}
	// A connection of a program that has ended is there for a moment more.
	patience := time.NewTimer(leaveWithin)
	defer patience.Stop()
	again := time.NewTicker(leaveWithin / 100)
	defer again.Stop()
	for {
		count, err := s.bulk.others(ctx, s.bulk.pool, config.ConnConfig.RuntimeParams["application_name"])
		if err != nil {
			return translatePostgres(err)
		}
		if count == 0 {
			return nil
		}
		select {
		case <-again.C:
		case <-patience.C:
			return fmt.Errorf("%w (%d connections)", ErrInUse, count)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// leaveWithin is how long a connection may outlive its program.
const leaveWithin = 5 * time.Second

func (s *Source) mark(ctx context.Context) error {
	return s.bulk.transact(ctx, func(tx *sql.Tx) error {
		state, err := readState(ctx, tx)
		switch {
		case err != nil:
			return err
		case state == nil:
			s.ID = rand.Text()
		case state.Is == moving:
			s.ID, s.Again = state.ID, true
		default:
			return state.err()
		}
		mark := State{Is: moving, ID: s.ID, At: s.bulk.config.Clock().UTC(), To: s.to}
		if s.marked, err = mark.text(); err != nil {
			return err
		}
		return writeState(ctx, tx, mark)
	})
}

// Read shows the data, to which nothing is written meanwhile.
func (s *Source) Read(ctx context.Context, use func(*Snapshot) error) error {
	return s.bulk.snapshot(ctx, true, use)
}

// ErrTakenBack says that a move was taken back, or begun again, while it ran.
var ErrTakenBack = errors.New("the move was taken back or begun again while it ran: nothing of it counts, and nothing starts on what it has written")

// Done finishes the target and says that the data is there now. It returns ErrTakenBack, and finishes nothing, unless the mark is still the
// one that OpenSource made. While the target is finished nobody can take the move back.
func (s *Source) Done(ctx context.Context, finish func() error) error {
	state := State{Is: moved, ID: s.ID, At: s.bulk.config.Clock().UTC(), To: s.to}
	text, err := state.text()
	if err != nil {
		return err
	}
	return s.bulk.transact(ctx, func(tx *sql.Tx) error {
		changed, err := tx.ExecContext(ctx, changeState, s.marked, text)
		if err != nil {
			return err
		}
		if n, err := changed.RowsAffected(); err != nil || n != 1 {
			return errors.Join(err, ErrTakenBack)
		}
		return finish()
	})
}

// Cancel lets servers start on the data again, unless the mark is another's.
func (s *Source) Cancel(ctx context.Context) error {
	return s.bulk.transact(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, dropState, s.marked)
		return err
	})
}

// Close lets go of the data.
func (s *Source) Close() error { return errors.Join(s.bulk.close(), s.release()) }

// ErrNotMoved says that there is no move to be taken back.
var ErrNotMoved = errors.New("this data was not moved: there is nothing to take back")

// UndoMove lets servers start again on data that was moved, or began to be. It returns the state that it was in.
func UndoMove(ctx context.Context, c Config) (State, error) {
	b, err := openBulk(c, "_txlock=immediate", "_pragma=synchronous(FULL)")
	if err != nil {
		return State{}, fmt.Errorf("open database: %w", err)
	}
	state, err := b.undo(ctx)
	if err := errors.Join(err, b.close()); err != nil {
		return State{}, err
	}
	return state, nil
}

func (b *bulk) undo(ctx context.Context) (State, error) {
	if !b.postgres() {
		release, err := lock(b.config.Path) // as long as a move runs, it is held
		if err != nil {
			return State{}, err
		}
		defer func() { _ = release() }() // it was only asked for
	}
	version, err := b.version(ctx)
	if err != nil {
		return State{}, err
	}
	if version == 0 {
		return State{}, ErrNotMoved
	}
	var found State
	err = b.transact(ctx, func(tx *sql.Tx) error {
		state, err := readState(ctx, tx)
		if err != nil {
			return err
		}
		if state == nil || state.Is == restoring {
			return ErrNotMoved
		}
		found = *state
		text, err := state.text()
		if err != nil {
			return err
		}
		dropped, err := tx.ExecContext(ctx, dropState, text)
		if err != nil {
			return err
		}
		if n, err := dropped.RowsAffected(); err != nil || n != 1 {
			return errors.Join(err, errors.New("the state of the data has changed meanwhile: try again"))
		}
		// Two databases go on from one history: who follows the revocations of the other must not go on with these.
		_, err = tx.ExecContext(ctx, saveEpoch, rand.Text())
		return err
	})
	return found, err
}

const selectSetting = `SELECT value FROM settings WHERE name = $1`

// StoredSetting reads a setting of a database on which a server could start; empty where there is none.
func StoredSetting(ctx context.Context, c Config, name string) (string, error) {
	var value string
	err := ReadSnapshot(ctx, c, func(s *Snapshot) error {
		err := s.tx.QueryRowContext(ctx, selectSetting, name).Scan(&value)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return err
	})
	if err != nil {
		return "", err
	}
	return value, nil
}
