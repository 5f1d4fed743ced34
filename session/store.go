package session

import (
	"context"
	"time"
)

// Store keeps sessions. Each method is one atomic business act: it happens
// once and whole, however many callers race, on however many replicas. What it
// acknowledged is durable to the degree that the store promises.
type Store interface {
	// Open keeps a new session. It returns [ErrExists] for an id that is taken.
	Open(ctx context.Context, s State) error

	// Rotate applies p to the session: [Policy.Apply] on a state that no one
	// else can change meanwhile. It returns the state after it; for an id that
	// is not there, the zero State and [Unknown]. Where the outcome would be
	// granted but [Narrow] refuses the scope that was asked for, its error is
	// returned and nothing changes.
	Rotate(ctx context.Context, id string, presented int64, scope string, now time.Time, p Policy) (State, Outcome, error)

	// Reauthenticate applies [State.Reauthenticate] to a live session of the
	// user and returns the state after it. It reports false, and changes
	// nothing, for an id that is not there, another user's, or not live at now.
	Reauthenticate(ctx context.Context, id, userID string, now time.Time) (State, bool, error)

	// End ends a session at now and returns the state after it. It reports
	// false when the session had ended before or is not there. A session past
	// its limits can be ended too: an access token may outlive them.
	End(ctx context.Context, id string, now time.Time) (State, bool, error)

	// EndAll ends every session of a user that has not ended, but for the one
	// named exceptID (empty for none), and returns those it ended, as they are
	// after it.
	EndAll(ctx context.Context, userID, exceptID string, now time.Time) ([]State, error)

	// List returns a user's live sessions, the newest first.
	List(ctx context.Context, userID string, now time.Time) ([]State, error)
}
