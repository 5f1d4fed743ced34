package store

import (
	"context"
	"crypto/rand"
	"fmt"
	"math"
	"time"

	"github.com/durward-auth/durward/revocation"
	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/feed"
)

var _ feed.Store = (*DB)(nil)

// takeSeq gives a transaction its places in the feed. The row stays locked until the commit, so of two transactions the
// one with the higher places becomes visible later.
//
// A place is never below the time in microseconds. A standby that takes over may lack the last commits of its primary, and a
// backup all since it was made: places that others have seen there are not given again, or who has seen them would skip what
// has them now.
const takeSeq = `
	UPDATE turns SET turn = CASE WHEN turn > $2 THEN turn ELSE $2 END + $1
	WHERE name = 'revocations' RETURNING turn`

// An entry that is stored again keeps the later expiry and the higher version, and counts as new.
const insertRevocation = `
	INSERT INTO revocations (kind, id, below, expires_at, seq) VALUES ($1, $2, $3, $4, $5)
	ON CONFLICT (kind, id) DO UPDATE SET
		below = CASE WHEN excluded.below > revocations.below THEN excluded.below ELSE revocations.below END,
		expires_at = CASE WHEN excluded.expires_at > revocations.expires_at THEN excluded.expires_at ELSE revocations.expires_at END,
		seq = excluded.seq`

// revoke stores the entries that can still match a token at now, and returns them. Only a key may be revoked for good:
// of anything else no token was issued when there is no time at which the last one expires.
func (t *tx) revoke(ctx context.Context, now time.Time, entries ...revocation.Entry) ([]revocation.Entry, error) {
	var live []revocation.Entry
	for _, e := range entries {
		if e.ExpiresAt.After(now) || e.ExpiresAt.IsZero() && e.Kind == revocation.Key {
			live = append(live, e)
		}
	}
	if len(live) == 0 {
		return nil, nil
	}
	end, _, err := one(ctx, t, value[int64], takeSeq, len(live), micros(now))
	if err != nil {
		return nil, fmt.Errorf("store revocation: %w", err)
	}
	for i, e := range live {
		seq := end - int64(len(live)-1-i)
		if err := t.post(ctx, insertRevocation, e.Kind.String(), e.ID, e.Below, expiry(e.ExpiresAt), seq); err != nil {
			return nil, fmt.Errorf("store revocation: %w", err)
		}
	}
	t.revoked = true
	return live, nil
}

// RevokeToken implements account.Store.
func (db *DB) RevokeToken(ctx context.Context, entry revocation.Entry, now time.Time, e audit.Event) ([]revocation.Entry, error) {
	var entries []revocation.Entry
	err := db.write(ctx, "revoke token", func(ctx context.Context, tx *tx) error {
		var err error
		if entries, err = tx.revoke(ctx, now, entry); err != nil {
			return err
		}
		return tx.record(ctx, e)
	})
	if err != nil {
		return nil, err
	}
	return entries, nil
}

// expiry is how the end of an entry is stored: never for the zero time.
func expiry(t time.Time) int64 {
	if t.IsZero() {
		return math.MaxInt64
	}
	return micros(t)
}

func fromExpiry(us int64) time.Time {
	if us == math.MaxInt64 {
		return time.Time{}
	}
	return fromMicros(us)
}

// Revoked receives after this process has committed revocations; one receipt may stand for several commits.
func (db *DB) Revoked() <-chan struct{} { return db.revoked }

const selectRevocations = `
	SELECT seq, kind, id, below, expires_at FROM revocations
	WHERE seq > $1 AND seq <= $2
	ORDER BY seq LIMIT $3`

// Revocations implements feed.Store.
func (db *DB) Revocations(ctx context.Context, after, through int64, limit int) ([]feed.Entry, error) {
	entries, err := all(ctx, db.reader, scanRevocation, selectRevocations, after, through, limit)
	if err != nil {
		return nil, fmt.Errorf("list revocations: %w", translate(err))
	}
	return entries, nil
}

const selectEnd = `SELECT turn FROM turns WHERE name = 'revocations'`

// RevocationEnd implements feed.Store.
func (db *DB) RevocationEnd(ctx context.Context) (int64, error) {
	end, found, err := one(ctx, db.reader, value[int64], selectEnd)
	if err == nil && !found {
		err = errLostRow
	}
	if err != nil {
		return 0, fmt.Errorf("read the end of the feed: %w", translate(err))
	}
	return end, nil
}

const (
	selectEpoch = `SELECT epoch FROM epochs WHERE name = 'revocations'`
	insertEpoch = `INSERT INTO epochs (name, epoch) VALUES ('revocations', $1) ON CONFLICT (name) DO NOTHING`
)

// RevocationEpoch implements feed.Store. The first call on a database names its history.
func (db *DB) RevocationEpoch(ctx context.Context) (string, error) {
	epoch, found, err := one(ctx, db.reader, value[string], selectEpoch)
	if err != nil {
		return "", fmt.Errorf("read the epoch: %w", translate(err))
	}
	if found {
		return epoch, nil
	}
	made := rand.Text()
	err = db.write(ctx, "name the epoch", func(ctx context.Context, tx *tx) error {
		if _, err := tx.exec(ctx, insertEpoch, made); err != nil {
			return err
		}
		epoch, found, err = one(ctx, tx, value[string], selectEpoch)
		if err == nil && !found {
			err = errLostRow
		}
		return err
	})
	if err != nil {
		return "", err
	}
	return epoch, nil
}

func scanRevocation(row scanner) (feed.Entry, error) {
	var e feed.Entry
	var kind string
	var expires int64
	if err := row.Scan(&e.Seq, &kind, &e.ID, &e.Below, &expires); err != nil {
		return feed.Entry{}, err
	}
	if err := e.Kind.UnmarshalText([]byte(kind)); err != nil {
		return feed.Entry{}, fmt.Errorf("revocation of %q: %w", kind, err)
	}
	e.ExpiresAt = fromExpiry(expires)
	return e, nil
}
