package server

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/durward-auth/durward/server/internal/archive"
	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/store"
)

// settingMoved names the move by which the data came.
const settingMoved = "moved-from"

// MoveReport says what was moved.
type MoveReport struct {
	From, To    string // without passwords
	MasterKeyID string // of the master key that seals the data, in both places
	Rows        int64
	Tables      []archive.Table
	// Again says that an earlier attempt had moved everything and was interrupted after that.
	Again bool
}

// Move copies all data into an empty directory or database, compares the checksums, and marks the source so that nothing starts on it
// any more. Sessions, tokens and revocations go on: nothing was lost. No server may run on either.
//
// Nothing starts on the target before it is complete, nor on the source from the beginning on; interrupted, it can be run again, and
// UndoMove lets the source start again. It returns an error that wraps store.ErrNothing, store.ErrLocked, store.ErrInUse,
// store.ErrNotEmpty, store.ErrTakenBack, or one of the states of the data.
func Move(ctx context.Context, from, to Config, report Progress, e audit.Event) (_ MoveReport, err error) {
	setDefaults(&from)
	setDefaults(&to)
	done := MoveReport{From: from.place(), To: to.place()}
	if done.From == done.To {
		return MoveReport{}, errors.New("move: the source is the target")
	}
	source, err := store.OpenSource(ctx, from.where(), done.To)
	if err != nil {
		return MoveReport{}, fmt.Errorf("move: %w", err)
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	target, err := move(ctx, source, to, report, e, &done)
	begun, finished := done.Again, err == nil && done.Again
	if err == nil {
		err = source.Done(ctx, func() error {
			if done.Again {
				return nil
			}
			begun = true
			err := errors.Join(target.Finish(ctx, map[string]string{settingMoved: source.ID}), target.Abandon())
			finished = err == nil
			return err
		})
	}
	switch {
	case err == nil:
		return done, nil
	case finished:
		return MoveReport{}, fmt.Errorf("move: everything is in %s, but the source could not be marked: run the move again: %w", done.To, err)
	case !begun:
		if target != nil {
			err = errors.Join(err, target.Abandon())
		}
		err = errors.Join(err, source.Cancel(context.WithoutCancel(ctx)))
	}
	return MoveReport{}, fmt.Errorf("move: %w", err)
}

// move fills the target and leaves it to be finished or abandoned; it is nil when there is nothing to be. done.Again says that an earlier attempt
// may have finished it, so that servers may start there.
func move(ctx context.Context, source *store.Source, to Config, report Progress, e audit.Event, done *MoveReport) (*store.Target, error) {
	var target *store.Target
	err := source.Read(ctx, func(s *store.Snapshot) (err error) {
		done.MasterKeyID = s.MasterKeyID
		target, err = store.OpenTarget(ctx, to.where(), s.Schema, source.ID)
		if errors.Is(err, store.ErrNotEmpty) && source.Again {
			id, failure := store.StoredSetting(ctx, to.where(), settingMoved)
			done.Again = failure != nil || id == source.ID
			if failure != nil {
				return errors.Join(err, failure)
			}
			if done.Again {
				return nil
			}
		}
		if err != nil {
			return err
		}
		err = fill(ctx, target, s.Tables, report, func(table *archive.Table) iter.Seq2[[]any, error] { return summed(table, s.Rows(ctx, *table)) })
		for _, table := range s.Tables {
			done.Rows += table.Rows
		}
		done.Tables = s.Tables
		if err == nil {
			e.Action, e.Outcome, e.Time, e.Target, e.Count = audit.DataMove, audit.Success, to.Clock(), done.From, 1
			err = target.Record(ctx, e)
		}
		if err == nil {
			err = target.Index(ctx, indexing(report))
		}
		return err
	})
	return target, err
}

// UndoMove lets servers start again on data that was moved, or began to be. Whatever was changed since where the data was moved to is not
// in it: revocations are lost, and what was revoked there is valid again.
func UndoMove(ctx context.Context, c Config) (store.State, error) {
	setDefaults(&c)
	state, err := store.UndoMove(ctx, c.where())
	if err != nil {
		return store.State{}, fmt.Errorf("take the move back: %w", err)
	}
	return state, nil
}
