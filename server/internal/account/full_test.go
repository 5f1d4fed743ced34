package account_test

import (
	"context"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/durward-auth/durward/revocation"
	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/limit"
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

// failingStore finds users, and cannot do what is asked of it after that.
type failingStore struct {
	account.Store
	err error
}

func (f failingStore) OpenSession(context.Context, account.Session, string, string, []string, audit.Event) (account.User, error) {
	return account.User{}, f.err
}

func (f failingStore) RefuseSignIn(context.Context, []limit.Counter, audit.Event) error { return f.err }

func (f failingStore) Reauthenticate(context.Context, account.Reauthentication, audit.Event) (account.Session, account.User, error) {
	return account.Session{}, account.User{}, f.err
}

func (f failingStore) SetPassword(context.Context, string, string, string, string, time.Time, audit.Event) ([]revocation.Entry, error) {
	return nil, f.err
}

// J04: what came to nothing after the password was looked at is in the audit log too, once there is room for it.
func TestASignInThatTheStoreFailsIsTallied(t *testing.T) {
	for reason, failure := range map[string]error{
		"storage_full": store.ErrFull, "outcome_unknown": store.ErrUnknownOutcome, "busy": account.ErrBusy, "changed_meanwhile": account.ErrInvalidCredentials,
	} {
		t.Run(reason, func(t *testing.T) {
			o := open(t)
			o.user("alice", nil, nil)
			g := o.login("alice")
			o = o.with(func(c *account.Config) { c.Store = failingStore{c.Store, failure} })
			_, err := o.try("alice", goodWord, home)
			wantError(t, "Login", err, failure)
			if reason != "changed_meanwhile" {
				_, err = o.try("alice", "wrong horse battery", home)
				wantError(t, "Login with a wrong password", err, failure)
				wantError(t, "ChangePassword", o.ChangePassword(t.Context(), actor(g), goodWord, newWord, home), failure)
			}
			if _, err := o.Reauthenticate(t.Context(), actor(g), goodWord, nil, home); err == nil {
				t.Error("Reauthenticate: got no error")
			}
			got := map[audit.Action]int64{}
			for _, e := range o.Tally.Drain() {
				if e.Outcome != audit.Refused || e.Reason != reason || e.Address != home.Address {
					t.Errorf("got %+v, want a refusal for the reason %s", e, reason)
				}
				got[e.Action] += int64(e.Count)
			}
			want := map[audit.Action]int64{audit.SessionLogin: 2, audit.SessionReauthenticate: 1, audit.UserPassword: 1}
			if reason == "changed_meanwhile" {
				want = map[audit.Action]int64{audit.SessionLogin: 1, audit.SessionReauthenticate: 1}
			}
			if !maps.Equal(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}
