package store

import (
	"context"
	"fmt"
	"time"

	"github.com/durward-auth/durward/server/internal/account"
)

// statusBlock is how many places in the status lists a process takes at once.
const statusBlock = 1024

const takeStatusBlock = `UPDATE turns SET turn = turn + 1 WHERE name = 'status_index' RETURNING turn`

// LeaseStatusIndexes implements account.Store. The first block is left out: its place 0 means none.
func (db *DB) LeaseStatusIndexes(ctx context.Context) (first, end int64, err error) {
	var turn int64
	err = db.write(ctx, "lease status indexes", func(ctx context.Context, tx *tx) error {
		var found bool
		var err error
		turn, found, err = one(ctx, tx, value[int64], takeStatusBlock)
		if err == nil && !found {
			err = errLostRow
		}
		return err
	})
	if err != nil {
		return 0, 0, err
	}
	return turn * statusBlock, (turn + 1) * statusBlock, nil
}

const selectStatusTurn = `SELECT turn FROM turns WHERE name = 'status_index'`

// StatusEnd returns the place after the last that a session may have; 0 when none was given.
func (db *DB) StatusEnd(ctx context.Context) (int64, error) {
	turn, _, err := one(ctx, db.reader, value[int64], selectStatusTurn)
	if err != nil {
		return 0, fmt.Errorf("read the end of the status lists: %w", translate(err))
	}
	if turn == 0 {
		return 0, nil
	}
	return (turn + 1) * statusBlock, nil
}

const insertMark = `
	INSERT INTO status_marks (status_index, expires_at) VALUES ($1, $2)
	ON CONFLICT (status_index) DO UPDATE SET
		expires_at = CASE WHEN excluded.expires_at > status_marks.expires_at THEN excluded.expires_at ELSE status_marks.expires_at END`

// mark says that the access tokens of a session's place are refused from now on.
func (t *tx) mark(ctx context.Context, s account.Session) error {
	if s.StatusIndex == 0 {
		return nil
	}
	if err := t.post(ctx, insertMark, s.StatusIndex, micros(s.AccessExpiresAt)); err != nil {
		return fmt.Errorf("mark status: %w", err)
	}
	return nil
}

const selectMarks = `
	SELECT status_index FROM status_marks
	WHERE status_index >= $1 AND status_index < $2 AND expires_at > $3
	ORDER BY status_index`

// StatusMarks returns the places from first, before end, whose access tokens are refused at now.
func (db *DB) StatusMarks(ctx context.Context, first, end int64, now time.Time) ([]int64, error) {
	marks, err := all(ctx, db.reader, value[int64], selectMarks, first, end, micros(now))
	if err != nil {
		return nil, fmt.Errorf("list status marks: %w", translate(err))
	}
	return marks, nil
}
