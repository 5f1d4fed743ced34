package store

import (
	"context"
	"errors"

	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/session"
)

// rotateSession is session.Policy.Decide's answer Rotated and session.Policy.Next in one
// statement: of several callers with one generation, one gets a row.
const rotateSession = `
	UPDATE sessions SET generation = generation + 1, rotated_at = $3, last_used_at = $3,
		idle_expires_at = CASE WHEN expires_at < $4 THEN expires_at ELSE $4 END,
		access_expires_at = CASE WHEN access_expires_at > $5 THEN access_expires_at ELSE $5 END,
		status_index = CASE WHEN status_index = 0 THEN $6 ELSE status_index END
	WHERE id = $1 AND generation = $2 AND ended_at = 0 AND idle_expires_at > $3 AND expires_at > $3
		AND EXISTS (SELECT id FROM users WHERE users.id = sessions.user_id AND users.disabled_at = 0)
	RETURNING ` + sessionColumns

const sessionByID = `SELECT ` + sessionColumns + ` FROM sessions WHERE id = $1`

const userOfSession = `
	SELECT ` + userColumns + ` FROM users
	WHERE id = (SELECT user_id FROM sessions WHERE id = $1)`

const repeatSession = `
	UPDATE sessions SET access_expires_at = CASE WHEN access_expires_at > $3 THEN access_expires_at ELSE $3 END,
		status_index = CASE WHEN status_index = 0 THEN $4 ELSE status_index END
	WHERE id = $1 AND generation = $2 AND ended_at = 0
	RETURNING ` + sessionColumns

const reuseSession = `
	UPDATE sessions SET ended_at = $2 WHERE id = $1 AND ended_at = 0
	RETURNING ` + sessionColumns

// RotateSession implements account.Store. The event's target, subject and, when the
// outcome is granted, its actor are taken from the session where the caller left them out.
func (db *DB) RotateSession(ctx context.Context, r account.Rotation, e audit.Event) (account.Rotated, error) {
	var rotated account.Rotated
	err := db.write(ctx, "rotate session", func(ctx context.Context, tx *tx) error {
		var err error
		rotated, err = tx.rotate(ctx, r, e)
		return err
	})
	if err != nil {
		return account.Rotated{}, err
	}
	return rotated, nil
}

// looks is how often a session may change between two statements of one transaction,
// which happens only where several connections write.
const looks = 5

func (t *tx) rotate(ctx context.Context, r account.Rotation, e audit.Event) (account.Rotated, error) {
	now := micros(r.Now)
	for range looks {
		t.ahead(userOfSession, r.SessionID)
		s, moved, err := one(ctx, t, scanSession, rotateSession, r.SessionID, r.Presented, now, idleLimit(r), micros(r.AccessExpiresAt), r.StatusIndex)
		if err != nil {
			return account.Rotated{}, err
		}
		if moved {
			return t.rotated(ctx, r, session.Rotated, s, e)
		}
		s, found, err := one(ctx, t, scanSession, sessionByID, r.SessionID)
		if err != nil || !found {
			return account.Rotated{Outcome: session.Unknown}, err
		}
		u, err := findUser(ctx, t, s.UserID)
		if errors.Is(err, account.ErrUserNotFound) { // deleted between the two, and the session with them
			return account.Rotated{Outcome: session.Unknown}, nil
		}
		if err != nil {
			return account.Rotated{}, err
		}
		outcome := r.Policy.Decide(s.State, r.Presented, r.Now)
		if u.Disabled() {
			outcome = session.Ended
		}
		switch outcome {
		case session.Rotated:
			continue
		case session.Repeated:
			s, moved, err = one(ctx, t, scanSession, repeatSession, s.ID, s.Generation, micros(r.AccessExpiresAt), r.StatusIndex)
		case session.Reused:
			s, moved, err = one(ctx, t, scanSession, reuseSession, s.ID, now)
		default:
			return account.Rotated{Outcome: outcome, Session: s, User: u}, nil
		}
		if err != nil {
			return account.Rotated{}, err
		}
		if moved {
			return t.rotated(ctx, r, outcome, s, e)
		}
	}
	return account.Rotated{}, errors.New("the session kept changing")
}

// rotated records what happened to the session and stores what follows from it. Its error undoes
// all that the transaction has done.
func (t *tx) rotated(ctx context.Context, r account.Rotation, outcome session.Outcome, s account.Session, e audit.Event) (account.Rotated, error) {
	// The user is read after the session's row was locked, so that whoever raises the version is seen or waits.
	u, found, err := one(ctx, t, scanUser, userOfSession, s.ID)
	if err == nil && !found {
		err = account.ErrUserNotFound
	}
	if err != nil {
		return account.Rotated{}, err
	}
	result := account.Rotated{Outcome: outcome, Session: s, User: u}
	if outcome.Granted() {
		if result.Scopes, err = r.Granted(s, u); err != nil {
			return account.Rotated{}, err
		}
	}
	if e.Target == "" {
		e.Target = s.ID
	}
	if e.SubjectID == "" {
		e.SubjectID, e.SubjectName = u.ID, u.Name
	}
	if outcome == session.Reused {
		e.Action, e.Outcome = audit.SessionReuse, audit.Refused
		if result.Revoked, err = t.revokeSessions(ctx, r.Now, s); err != nil {
			return account.Rotated{}, err
		}
	} else {
		e.Action, e.Outcome = audit.SessionRefresh, audit.Success
		if e.ActorID == "" {
			e.ActorID, e.ActorName = u.ID, u.Name
		}
	}
	if e.Reason == "" && outcome != session.Rotated {
		e.Reason = outcome.String()
	}
	if err := t.record(ctx, e); err != nil {
		return account.Rotated{}, err
	}
	return result, nil
}

// idleLimit is the idle limit after a rotation, were there no absolute one.
func idleLimit(r account.Rotation) int64 {
	unlimited := session.State{ExpiresAt: r.Now.Add(r.Policy.Idle)}
	return micros(r.Policy.Next(unlimited, r.Now).IdleExpiresAt)
}
