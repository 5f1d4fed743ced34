package account_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/store"
)

// fullStore finds nobody any more for want of room.
type fullStore struct{ account.Store }

func (fullStore) Credentials(context.Context, string) (account.User, string, error) {
	return account.User{}, "", store.ErrFull
}

func TestAFullStorageIsTalliedAsOne(t *testing.T) {
	o := open(t).with(func(c *account.Config) { c.Store = fullStore{c.Store} })
	_, err := o.try("alice", goodWord, home)
	wantError(t, "Login", err, account.ErrStorageFull)
	wantError(t, "Register", o.register("bob", home), account.ErrStorageFull)
	got := map[string]bool{}
	for _, e := range o.Tally.Drain() {
		got[fmt.Sprint(e.Action, " ", e.Outcome, " ", e.Reason)] = true
	}
	for _, action := range []audit.Action{audit.SessionLogin, audit.UserCreate} {
		if want := fmt.Sprint(action, " refused storage_full"); !got[want] || len(got) != 2 {
			t.Errorf("refusals: got %v, want %q among two", got, want)
		}
	}
}
