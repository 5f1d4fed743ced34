package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/keyring"
)

// Renewal makes old data safe to start from: nothing that was issued before counts any more.
type Renewal struct {
	Now   time.Time
	Epoch string // of the revocations from now on
	// Keys makes the signing keys that take the place of all that there were, one active and one next.
	Keys func(algorithm string, life time.Duration) ([]keyring.Record, error)
	// Event is recorded with it.
	Event audit.Event
}

// Renewed is what a Renewal has changed.
type Renewed struct {
	Sessions int64 // that were ended
	Keys     int64 // that were revoked
}

const (
	// placesAhead is by how many blocks the status lists go on further: by more places than sessions can have been
	// opened since the backup was made.
	placesAhead = 1 << 20

	// seqAhead is the same for the places in the feed.
	seqAhead = 1 << 40
)

const (
	activeKey     = `SELECT algorithm, token_life FROM signing_keys WHERE state = 'active'`
	keysToRevoke  = `SELECT kid FROM signing_keys WHERE state <> 'revoked' ORDER BY created_at, kid`
	revokeAnyKey  = `UPDATE signing_keys SET state = 'revoked', sealed = '', revoked_at = $2, expires_at = $3 WHERE kid = $1`
	endEverything = `UPDATE sessions SET ended_at = $1 WHERE ended_at = 0`
	markEverybody = `
		INSERT INTO status_marks (status_index, expires_at)
		SELECT status_index, MAX(access_expires_at) FROM sessions
		WHERE status_index > 0 AND access_expires_at > $1
		GROUP BY status_index
		ON CONFLICT (status_index) DO UPDATE SET
			expires_at = CASE WHEN excluded.expires_at > status_marks.expires_at THEN excluded.expires_at ELSE status_marks.expires_at END`
	advanceTurn = `UPDATE turns SET turn = turn + $2 WHERE name = $1`
	dropSweep   = `DELETE FROM turns WHERE name = 'sweep'`
	saveEpoch   = `
		INSERT INTO epochs (name, epoch) VALUES ('revocations', $1)
		ON CONFLICT (name) DO UPDATE SET epoch = excluded.epoch`
)

// Renew revokes every signing key and ends every session, in one transaction: what was revoked after the backup was made has left
// no trace in it, so that nothing issued before may count. The revocations begin a new history, for everybody who follows them.
func (t *Target) Renew(ctx context.Context, r Renewal) (Renewed, error) {
	var done Renewed
	err := t.bulk.transact(ctx, func(tx *sql.Tx) error {
		done = Renewed{}
		if _, err := tx.ExecContext(ctx, markEverybody, micros(r.Now)); err != nil {
			return err
		}
		ended, err := tx.ExecContext(ctx, endEverything, micros(r.Now))
		if err == nil {
			done.Sessions, err = ended.RowsAffected()
		}
		if err != nil {
			return err
		}
		for name, by := range map[string]int64{"revocations": seqAhead, "status_index": placesAhead} {
			if _, err := tx.ExecContext(ctx, advanceTurn, name, by); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, dropSweep); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, saveEpoch, r.Epoch); err != nil {
			return err
		}
		if done.Keys, err = replaceKeys(ctx, tx, r); err != nil {
			return err
		}
		return recordIn(ctx, tx, t.bulk.config.Clock, r.Event)
	})
	if err != nil {
		return Renewed{}, fmt.Errorf("end what was issued: %w", err)
	}
	return done, nil
}

func replaceKeys(ctx context.Context, tx *sql.Tx, r Renewal) (int64, error) {
	var algorithm string
	var life int64
	if err := tx.QueryRowContext(ctx, activeKey).Scan(&algorithm, &life); err != nil {
		return 0, fmt.Errorf("look for the active key: %w", err)
	}
	kids, err := column(ctx, tx, keysToRevoke)
	if err != nil {
		return 0, err
	}
	until := r.Now.Add(keyring.RevokedFor)
	for _, kid := range kids {
		if _, err := tx.ExecContext(ctx, revokeAnyKey, kid, micros(r.Now), micros(until)); err != nil {
			return 0, err
		}
		var seq int64
		if err := tx.QueryRowContext(ctx, takeSeq, 1, micros(r.Now)).Scan(&seq); err != nil {
			return 0, err
		}
		e := revokedKey(kid, until)
		if _, err := tx.ExecContext(ctx, insertRevocation, e.Kind.String(), e.ID, e.Below, expiry(e.ExpiresAt), seq); err != nil {
			return 0, err
		}
	}
	keys, err := r.Keys(algorithm, time.Duration(life)*time.Microsecond)
	if err != nil {
		return 0, err
	}
	for _, k := range keys {
		added, err := tx.ExecContext(ctx, insertKey, k.KeyID, k.Algorithm, string(k.State), k.Sealed,
			micros(k.CreatedAt), micros(k.ActivatedAt), micros(k.RetiredAt), micros(k.RevokedAt), micros(k.ExpiresAt), k.TokenLife.Microseconds())
		if err != nil {
			return 0, err
		}
		if n, err := added.RowsAffected(); err != nil || n != 1 {
			return 0, fmt.Errorf("add a signing key: %w", keyring.ErrConflict)
		}
	}
	return int64(len(kids)), nil
}

func column(ctx context.Context, tx *sql.Tx, query string) ([]string, error) {
	rows, err := tx.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		list = append(list, text)
	}
	return list, rows.Err()
}

// recordIn stores an event beside bulk work.
func recordIn(ctx context.Context, tx *sql.Tx, clock func() time.Time, e audit.Event) error {
	ids := &idSource{clock: clock}
	_, err := tx.ExecContext(ctx, insertEvent, ids.next(e.Time), micros(e.Time), string(e.Action), string(e.Outcome), e.Reason,
		e.ActorID, e.ActorName, e.SubjectID, e.SubjectName, e.Target, e.Address, e.UserAgent, e.RequestID, max(e.Count, 1))
	if err != nil {
		return fmt.Errorf("record event: %w", err)
	}
	return nil
}
