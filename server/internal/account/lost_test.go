package account_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/audit"
)

// deafStore commits each rotation and loses the answer.
type deafStore struct{ account.Store }

var errLost = errors.New("the answer was lost")

func (d deafStore) RotateSession(ctx context.Context, r account.Rotation, e audit.Event) (account.Rotated, error) {
	if _, err := d.Store.RotateSession(ctx, r, e); err != nil {
		return account.Rotated{}, err
	}
	return account.Rotated{}, errLost
}

// F03: what was committed and not answered is answered to the retry, within the grace; after it, it is a reuse.
func TestALostAnswerLosesNoSession(t *testing.T) {
	for name, late := range map[string]bool{"within the grace": false, "after the grace": true} {
		t.Run(name, func(t *testing.T) {
			o := open(t)
			o.user("alice", nil, nil)
			g := o.login("alice")
			deaf := o.with(func(c *account.Config) { c.Store = deafStore{c.Store} })
			_, err := deaf.refresh(g)
			wantError(t, "the lost answer", err, errLost)
			o.clock.Advance(10 * time.Second)
			if late {
				o.clock.Advance(time.Microsecond)
				_, err := o.refresh(g)
				wantError(t, "the retry", err, account.ErrRefreshReused)
				return
			}
			next, err := o.refresh(g)
			must(t, err)
			if want := o.Codec.Token(g.SessionID, 1); next.RefreshToken != want {
				t.Error("the retry: got another token than the successor that was committed")
			}
			o.accepted("the retry", next)
			_, err = o.refresh(next)
			must(t, err)
		})
	}
}
