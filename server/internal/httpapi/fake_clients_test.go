package httpapi_test

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/durward-auth/durward/revocation"
	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/audit"
)

var _ account.ClientStore = (*fakeStore)(nil)

func (f *fakeStore) CreateClient(_ context.Context, c account.Client, hash string, e audit.Event) error {
	leave, err := f.enter()
	defer leave()
	if err != nil {
		return err
	}
	for _, other := range f.clients {
		if other.Name == c.Name && !other.Revoked() {
			return account.ErrClientNameTaken
		}
	}
	f.clients[c.ID], f.secrets[c.ID] = c, hash
	f.events = append(f.events, e)
	return nil
}

func (f *fakeStore) ClientCredentials(_ context.Context, id string) (account.Client, string, error) {
	leave, err := f.enter()
	defer leave()
	if err != nil {
		return account.Client{}, "", err
	}
	c, ok := f.clients[id]
	if !ok {
		return account.Client{}, "", account.ErrClientNotFound
	}
	return c, f.secrets[id], nil
}

func (f *fakeStore) FindClient(_ context.Context, nameOrID string) (account.Client, error) {
	leave, err := f.enter()
	defer leave()
	if err != nil {
		return account.Client{}, err
	}
	if c, ok := f.clients[nameOrID]; ok {
		return c, nil
	}
	for _, c := range f.clients {
		if c.Name == nameOrID && !c.Revoked() {
			return c, nil
		}
	}
	return account.Client{}, account.ErrClientNotFound
}

func (f *fakeStore) ListClients(context.Context) ([]account.Client, error) {
	leave, err := f.enter()
	defer leave()
	if err != nil {
		return nil, err
	}
	return slices.SortedFunc(maps.Values(f.clients), func(a, b account.Client) int { return cmp.Compare(a.Name, b.Name) }), nil
}

func (f *fakeStore) OpenClientAccess(_ context.Context, id, checkedHash string, _ time.Time, e audit.Event) (account.Client, error) {
	leave, err := f.enter()
	defer leave()
	if err != nil {
		return account.Client{}, err
	}
	c, ok := f.clients[id]
	if !ok || c.Revoked() || f.secrets[id] != checkedHash {
		return account.Client{}, account.ErrInvalidClient
	}
	f.events = append(f.events, e)
	return c, nil
}

func (f *fakeStore) SetClientSecret(_ context.Context, id, hash string, now time.Time, e audit.Event) (account.Client, []revocation.Entry, error) {
	return f.alterClient(id, now, e, func(c *account.Client) bool {
		f.secrets[id] = hash
		return !c.Revoked()
	})
}

func (f *fakeStore) RevokeClient(_ context.Context, id string, now time.Time, e audit.Event) (account.Client, []revocation.Entry, error) {
	return f.alterClient(id, now, e, func(c *account.Client) bool {
		c.RevokedAt = now
		return true
	})
}

func (f *fakeStore) alterClient(id string, now time.Time, e audit.Event, change func(*account.Client) bool) (account.Client, []revocation.Entry, error) {
	leave, err := f.enter()
	defer leave()
	if err != nil {
		return account.Client{}, nil, err
	}
	c, ok := f.clients[id]
	if !ok || !change(&c) {
		return account.Client{}, nil, account.ErrClientNotFound
	}
	c.Version++
	f.clients[id] = c
	f.events = append(f.events, e)
	return c, []revocation.Entry{{Kind: revocation.Subject, ID: id, Below: c.Version, ExpiresAt: now.Add(time.Hour)}}, nil
}

func (f *fakeStore) LiveSession(_ context.Context, id string, now time.Time) (account.Session, account.User, error) {
	leave, err := f.enter()
	defer leave()
	if err != nil {
		return account.Session{}, account.User{}, err
	}
	s, ok := f.sessions[id]
	if !ok || !s.Live(now) {
		return account.Session{}, account.User{}, account.ErrSessionNotFound
	}
	return s, f.users[s.UserID], nil
}

func (f *fakeStore) RevokeToken(_ context.Context, entry revocation.Entry, _ time.Time, e audit.Event) ([]revocation.Entry, error) {
	leave, err := f.enter()
	defer leave()
	if err != nil {
		return nil, err
	}
	f.events = append(f.events, e)
	return []revocation.Entry{entry}, nil
}
