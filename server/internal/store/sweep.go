package store

import (
	"context"
	"time"
)

const (
	// SweepStep is how many rows one Sweep deletes at most: few enough for nobody to notice
	// the wait.
	SweepStep = 64

	// remembered is how long a session that is over still has its own answer.
	remembered = 24 * time.Hour
)

// What may be renewed is looked at twice: a database with several writers finds the rows first, and then waits
// for whoever stores one of them again, with a later expiry, at the same moment.
const sweepRevocations = `
	DELETE FROM revocations WHERE expires_at <= $1 AND (kind, id) IN (
		SELECT kind, id FROM revocations WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)`

const sweepCounters = `
	DELETE FROM sign_in_failures WHERE expires_at <= $1 AND counter IN (
		SELECT counter FROM sign_in_failures WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)`

// A session is kept while an access token of it may live: the token's revocation is read from it.
const sweepEnded = `
	DELETE FROM sessions WHERE id IN (
		SELECT id FROM sessions WHERE ended_at > 0 AND ended_at <= $1 AND access_expires_at <= $3 ORDER BY ended_at LIMIT $2)`

// The idle limit is never past the absolute limit.
const sweepExpired = `
	DELETE FROM sessions WHERE id IN (
		SELECT id FROM sessions WHERE idle_expires_at <= $1 AND access_expires_at <= $3 ORDER BY idle_expires_at LIMIT $2)`

const sweepMarks = `
	DELETE FROM status_marks WHERE expires_at <= $1 AND status_index IN (
		SELECT status_index FROM status_marks WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)`

const sweepAudit = `
	DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE id < $1 ORDER BY id LIMIT $2)`

// The turn is until when nobody else need sweep.
const takeSweep = `
	INSERT INTO turns (name, turn) VALUES ('sweep', $2)
	ON CONFLICT (name) DO UPDATE SET turn = excluded.turn WHERE turns.turn <= $1`

// TakeSweep reports whether it is this process that sweeps for the time given: of several
// servers one does.
func (db *DB) TakeSweep(ctx context.Context, now time.Time, lease time.Duration) (bool, error) {
	taken := false
	err := db.write(ctx, "take the sweep", func(ctx context.Context, tx *tx) error {
		n, err := tx.exec(ctx, takeSweep, micros(now), micros(now.Add(lease)))
		taken = n == 1
		return err
	})
	return taken && err == nil, err
}

// Sweep deletes at most SweepStep rows that mean nothing any more at now: expired
// revocations, status marks and failure counters, sessions that have been over for a day, and audit events older
// than retention (0 keeps them for good). It returns how many; call it again while it is SweepStep.
func (db *DB) Sweep(ctx context.Context, now time.Time, retention time.Duration) (int, error) {
	var swept int64
	err := db.write(ctx, "sweep", func(ctx context.Context, tx *tx) error {
		swept = 0
		step := func(query string, until any, more ...any) error {
			if swept >= SweepStep {
				return nil
			}
			n, err := tx.exec(ctx, query, append([]any{until, SweepStep - swept}, more...)...)
			swept += n
			return err
		}
		over := micros(now.Add(-remembered))
		for _, err := range []error{
			step(sweepRevocations, micros(now)),
			step(sweepMarks, micros(now)),
			step(sweepCounters, micros(now)),
			step(sweepEnded, over, micros(now)),
			step(sweepExpired, over, micros(now)),
		} {
			if err != nil {
				return err
			}
		}
		if retention <= 0 {
			return nil
		}
		return step(sweepAudit, floorID(now.Add(-retention)))
	})
	if err != nil {
		return 0, err
	}
	return int(swept), nil
}
