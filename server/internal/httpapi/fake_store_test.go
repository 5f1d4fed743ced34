package httpapi_test

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/durward-auth/durward/revocation"
	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/limit"
	"github.com/durward-auth/durward/session"
)

// fakeStore is an account.Store in memory: one lock, every method one act.
type fakeStore struct {
	mu       sync.Mutex
	users    map[string]account.User // by id
	hashes   map[string]string
	sessions map[string]account.Session
	clients  map[string]account.Client
	secrets  map[string]string // hashes, by client id
	events   []audit.Event
	broken   error // what every method returns, if set
	panics   bool
	leased   int64
}

var _ account.Store = (*fakeStore)(nil)

func newFakeStore() *fakeStore {
	return &fakeStore{users: map[string]account.User{}, hashes: map[string]string{}, sessions: map[string]account.Session{},
		clients: map[string]account.Client{}, secrets: map[string]string{}}
}

// enter takes the lock; the caller calls the function that it returns.
func (f *fakeStore) enter() (leave func(), err error) {
	f.mu.Lock()
	if f.panics {
		f.mu.Unlock()
		panic("the store is out of its mind")
	}
	return f.mu.Unlock, f.broken
}

func (f *fakeStore) CreateUser(_ context.Context, u account.User, hash string, e audit.Event) error {
	leave, err := f.enter()
	defer leave()
	if err != nil {
		return err
	}
	for _, other := range f.users {
		if other.Canonical == u.Canonical {
			return account.ErrUsernameTaken
		}
	}
	f.users[u.ID], f.hashes[u.ID] = u, hash
	f.events = append(f.events, e)
	return nil
}

func (f *fakeStore) Credentials(_ context.Context, canonical string) (account.User, string, error) {
	leave, err := f.enter()
	defer leave()
	if err != nil {
		return account.User{}, "", err
	}
	for id, u := range f.users {
		if u.Canonical == canonical {
			return u, f.hashes[id], nil
		}
	}
	return account.User{}, "", account.ErrUserNotFound
}

func (f *fakeStore) CredentialsByID(ctx context.Context, id string) (account.User, string, error) {
	u, err := f.User(ctx, id)
	if err != nil {
		return account.User{}, "", err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return u, f.hashes[id], nil
}

func (f *fakeStore) User(_ context.Context, id string) (account.User, error) {
	leave, err := f.enter()
	defer leave()
	if err != nil {
		return account.User{}, err
	}
	u, ok := f.users[id]
	if !ok {
		return account.User{}, account.ErrUserNotFound
	}
	return u, nil
}

func (f *fakeStore) Users(_ context.Context, p account.Page) ([]account.User, error) {
	leave, err := f.enter()
	defer leave()
	if err != nil {
		return nil, err
	}
	all := slices.SortedFunc(maps.Values(f.users), func(a, b account.User) int { return cmp.Compare(a.Canonical, b.Canonical) })
	var page []account.User
	for _, u := range all {
		if u.Canonical > p.After && len(page) < p.Limit && strings.Contains(u.Canonical+"\n"+u.Email, strings.ToLower(p.Search)) {
			page = append(page, u)
		}
	}
	return page, nil
}

func (f *fakeStore) OpenSession(_ context.Context, s account.Session, checked, renewed string, _ []string, e audit.Event) (account.User, error) {
	leave, err := f.enter()
	defer leave()
	if err != nil {
		return account.User{}, err
	}
	u, ok := f.users[s.UserID]
	if !ok || u.Disabled() || f.hashes[u.ID] != checked {
		return account.User{}, account.ErrInvalidCredentials
	}
	if renewed != "" {
		f.hashes[u.ID] = renewed
	}
	f.sessions[s.ID] = s
	f.events = append(f.events, e)
	return u, nil
}

func (f *fakeStore) RotateSession(_ context.Context, r account.Rotation, e audit.Event) (account.Rotated, error) {
	leave, err := f.enter()
	defer leave()
	if err != nil {
		return account.Rotated{}, err
	}
	s, ok := f.sessions[r.SessionID]
	if !ok {
		return account.Rotated{Outcome: session.Unknown}, nil
	}
	state, outcome := r.Policy.Apply(s.State, r.Presented, r.Now)
	s.State = state
	if outcome.Granted() {
		s.AccessExpiresAt = r.AccessExpiresAt
	}
	rotated := account.Rotated{Outcome: outcome, Session: s, User: f.users[s.UserID]}
	if outcome.Granted() {
		if rotated.Scopes, err = r.Granted(s, rotated.User); err != nil {
			return account.Rotated{}, err
		}
	}
	f.sessions[r.SessionID] = s
	if outcome == session.Reused {
		e.Action, e.Outcome = audit.SessionReuse, audit.Refused
		rotated.Revoked = []revocation.Entry{revoked(s)}
	}
	f.events = append(f.events, e)
	return rotated, nil
}

func (f *fakeStore) Reauthenticate(_ context.Context, r account.Reauthentication, e audit.Event) (account.Session, account.User, error) {
	leave, err := f.enter()
	defer leave()
	if err != nil {
		return account.Session{}, account.User{}, err
	}
	u, s := f.users[r.UserID], f.sessions[r.SessionID]
	if u.ID == "" || u.Disabled() || f.hashes[u.ID] != r.CheckedHash {
		return account.Session{}, account.User{}, account.ErrInvalidCredentials
	}
	if s.UserID != u.ID || !s.Live(r.Now) {
		return account.Session{}, account.User{}, account.ErrSessionNotFound
	}
	s.AuthTime, s.AccessExpiresAt = r.Now, r.AccessExpiresAt
	f.sessions[s.ID] = s
	f.events = append(f.events, e)
	return s, u, nil
}

func (f *fakeStore) SessionsPage(_ context.Context, p account.SessionsPage) ([]account.OwnedSession, error) {
	leave, err := f.enter()
	defer leave()
	if err != nil {
		return nil, err
	}
	newest := slices.SortedFunc(maps.Values(f.sessions), func(a, b account.Session) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(b.ID, a.ID))
	})
	var page []account.OwnedSession
	for _, s := range newest {
		before := p.After.IsZero() || cmp.Or(s.CreatedAt.Compare(p.After), cmp.Compare(s.ID, p.AfterID)) < 0
		if before && s.Live(p.Now) && (p.UserID == "" || p.UserID == s.UserID) && len(page) < p.Limit {
			page = append(page, account.OwnedSession{Session: s, Username: f.users[s.UserID].Name})
		}
	}
	return page, nil
}

func revoked(s account.Session) revocation.Entry {
	return revocation.Entry{Kind: revocation.Session, ID: s.ID, ExpiresAt: s.AccessExpiresAt}
}

func (f *fakeStore) EndSession(_ context.Context, id, userID string, now time.Time, e audit.Event) ([]revocation.Entry, error) {
	leave, err := f.enter()
	defer leave()
	if err != nil {
		return nil, err
	}
	s, ok := f.sessions[id]
	if !ok || !s.Live(now) || (userID != "" && s.UserID != userID) {
		return nil, account.ErrSessionNotFound
	}
	s.State = s.End(now)
	f.sessions[id] = s
	f.events = append(f.events, e)
	return []revocation.Entry{revoked(s)}, nil
}

func (f *fakeStore) EndSessions(_ context.Context, userID, except string, now time.Time, e audit.Event) ([]revocation.Entry, error) {
	leave, err := f.enter()
	defer leave()
	if err != nil {
		return nil, err
	}
	f.events = append(f.events, e)
	return f.endAll(userID, except, now), nil
}

func (f *fakeStore) endAll(userID, except string, now time.Time) []revocation.Entry {
	var entries []revocation.Entry
	for id, s := range f.sessions {
		if s.UserID == userID && id != except && s.Live(now) {
			s.State = s.End(now)
			f.sessions[id] = s
			entries = append(entries, revoked(s))
		}
	}
	return entries
}

func (f *fakeStore) Sessions(_ context.Context, userID string, now time.Time) ([]account.Session, error) {
	leave, err := f.enter()
	defer leave()
	if err != nil {
		return nil, err
	}
	var live []account.Session
	for _, s := range f.sessions {
		if s.UserID == userID && s.Live(now) {
			live = append(live, s)
		}
	}
	slices.SortFunc(live, func(a, b account.Session) int { return b.LastUsedAt.Compare(a.LastUsedAt) })
	return live, nil
}

func (f *fakeStore) RefuseSignIn(_ context.Context, _ []limit.Counter, e audit.Event) error {
	leave, err := f.enter()
	defer leave()
	f.events = append(f.events, e)
	return err
}

func (f *fakeStore) SignInFailures(context.Context, time.Time) ([]limit.Counter, error) {
	return nil, nil
}

func (f *fakeStore) RecordEvents(_ context.Context, events []audit.Event) error {
	leave, err := f.enter()
	defer leave()
	f.events = append(f.events, events...)
	return err
}

func (f *fakeStore) LeaseStatusIndexes(context.Context) (first, end int64, err error) {
	leave, err := f.enter()
	defer leave()
	if err != nil {
		return 0, 0, err
	}
	f.leased += 1024
	return f.leased, f.leased + 1024, nil
}
