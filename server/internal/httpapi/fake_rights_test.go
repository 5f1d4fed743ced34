package httpapi_test

import (
	"context"
	"slices"
	"time"

	"github.com/durward-auth/durward/revocation"
	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/audit"
)

// alter changes a user and, when the change raises the version, revokes the tokens below it.
func (f *fakeStore) alter(id string, now time.Time, e audit.Event, change func(*account.User) error) (account.User, []revocation.Entry, error) {
	leave, err := f.enter()
	defer leave()
	if err != nil {
		return account.User{}, nil, err
	}
	u, ok := f.users[id]
	if !ok {
		return account.User{}, nil, account.ErrUserNotFound
	}
	before := u.Version
	if err := change(&u); err != nil {
		return account.User{}, nil, err
	}
	u.UpdatedAt = now
	f.users[id] = u
	f.events = append(f.events, e)
	if u.Version == before {
		return u, nil, nil
	}
	return u, []revocation.Entry{{Kind: revocation.Subject, ID: id, Below: u.Version, ExpiresAt: now.Add(time.Hour)}}, nil
}

// lastAdmin says whether a user is the only enabled administrator.
func (f *fakeStore) lastAdmin(u account.User) bool {
	if u.Disabled() || !slices.Contains(u.Roles, account.AdminRole) {
		return false
	}
	for id, other := range f.users {
		if id != u.ID && !other.Disabled() && slices.Contains(other.Roles, account.AdminRole) {
			return false
		}
	}
	return true
}

func (f *fakeStore) SetPassword(_ context.Context, id, checked, hash, keep string, now time.Time, e audit.Event) ([]revocation.Entry, error) {
	_, entries, err := f.alter(id, now, e, func(u *account.User) error {
		if checked != "" && f.hashes[id] != checked {
			return account.ErrWrongPassword
		}
		f.hashes[id] = hash
		u.Version++
		f.endAll(id, keep, now)
		return nil
	})
	return entries, err
}

func (f *fakeStore) SetRoles(_ context.Context, id string, roles []string, now time.Time, e audit.Event) (account.User, []revocation.Entry, error) {
	return f.alter(id, now, e, func(u *account.User) error {
		if f.lastAdmin(*u) && !slices.Contains(roles, account.AdminRole) {
			return account.ErrLastAdmin
		}
		u.Roles = roles
		u.Version++
		return nil
	})
}

func (f *fakeStore) SetScopes(_ context.Context, id string, scopes []string, now time.Time, e audit.Event) (account.User, []revocation.Entry, error) {
	return f.alter(id, now, e, func(u *account.User) error {
		u.Scopes = scopes
		u.Version++
		return nil
	})
}

func (f *fakeStore) SetEmail(_ context.Context, id, email string, now time.Time, e audit.Event) (account.User, error) {
	u, _, err := f.alter(id, now, e, func(u *account.User) error {
		u.Email = email
		return nil
	})
	return u, err
}

func (f *fakeStore) Disable(_ context.Context, id string, now time.Time, e audit.Event) (account.User, []revocation.Entry, error) {
	return f.alter(id, now, e, func(u *account.User) error {
		if f.lastAdmin(*u) {
			return account.ErrLastAdmin
		}
		u.DisabledAt = now
		u.Version++
		f.endAll(id, "", now)
		return nil
	})
}

func (f *fakeStore) Enable(_ context.Context, id string, now time.Time, e audit.Event) (account.User, error) {
	u, _, err := f.alter(id, now, e, func(u *account.User) error {
		u.DisabledAt = time.Time{}
		return nil
	})
	return u, err
}

func (f *fakeStore) RevokeUser(_ context.Context, id string, now time.Time, e audit.Event) ([]revocation.Entry, error) {
	_, entries, err := f.alter(id, now, e, func(u *account.User) error {
		u.Version++
		f.endAll(id, "", now)
		return nil
	})
	return entries, err
}

func (f *fakeStore) DeleteUser(_ context.Context, id string, now time.Time, e audit.Event) ([]revocation.Entry, error) {
	_, entries, err := f.alter(id, now, e, func(u *account.User) error {
		if f.lastAdmin(*u) {
			return account.ErrLastAdmin
		}
		u.Version++
		f.endAll(id, "", now)
		return nil
	})
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.users, id)
	return entries, nil
}

// auditEvent stands where an act of the test itself needs one.
func auditEvent() audit.Event { return audit.Event{Action: audit.UserDisable} }
