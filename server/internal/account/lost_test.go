package account_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/store"
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

// unconfirmedStore commits what is created, and is never told so.
type unconfirmedStore struct {
	account.Store
	account.ClientStore
}

func (u unconfirmedStore) CreateUser(ctx context.Context, made account.User, hash string, e audit.Event) error {
	return errors.Join(u.Store.CreateUser(ctx, made, hash, e), store.ErrUnknownOutcome)
}

func (u unconfirmedStore) CreateClient(ctx context.Context, made account.Client, hash string, e audit.Event) error {
	return errors.Join(u.ClientStore.CreateClient(ctx, made, hash, e), store.ErrUnknownOutcome)
}

// What was committed and not confirmed is said to be unknown, refused to the retry, and there.
func TestAnUnconfirmedCreationIsSaidToBeUnknown(t *testing.T) {
	o := open(t)
	unconfirmed := o.with(func(c *account.Config) {
		u := unconfirmedStore{c.Store, c.Clients}
		c.Store, c.Clients = u, u
	})
	wantError(t, "Register", unconfirmed.register("alice", home), account.ErrOutcomeUnknown)
	for _, e := range o.Tally.Drain() {
		if e.Action != audit.UserCreate || e.Outcome != audit.Refused || e.Reason != "outcome_unknown" {
			t.Errorf("got %+v tallied, want a registration whose outcome is unknown", e)
		}
	}
	wantError(t, "Register again", o.register("alice", home), account.ErrUsernameTaken)
	o.login("alice")
	_, err := unconfirmed.CreateUser(t.Context(), account.NewUser{Username: "bob", Password: goodWord}, account.Operator, cli)
	wantError(t, "CreateUser", err, account.ErrOutcomeUnknown)
	c, secret, err := unconfirmed.CreateClient(t.Context(), "billing", nil, account.Operator, cli)
	wantError(t, "CreateClient", err, account.ErrOutcomeUnknown)
	if c.ID != "" || secret.Reveal() != "" {
		t.Errorf("CreateClient: got the client %q beside the error, want none", c.ID)
	}
	c, err = o.FindClient(t.Context(), "billing")
	must(t, err)
	_, secret, err = o.RenewClientSecret(t.Context(), c.ID, account.Operator, cli)
	if err != nil || secret.Reveal() == "" {
		t.Errorf("RenewClientSecret: got error %v, want a secret for the client that was made", err)
	}
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
