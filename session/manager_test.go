package session_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/durward-auth/durward/session"
)

// brokenStore is a Memory whose answers a test replaces.
type brokenStore struct {
	*session.Memory
	err    error
	rotate func(s session.State, o session.Outcome) (session.State, session.Outcome)
}

func (b *brokenStore) Open(ctx context.Context, s session.State) error {
	return errors.Join(b.err, b.Memory.Open(ctx, s))
}

func (b *brokenStore) Rotate(ctx context.Context, id string, presented int64, scope string, now time.Time, p session.Policy) (session.State, session.Outcome, error) {
	s, outcome, err := b.Memory.Rotate(ctx, id, presented, scope, now, p)
	if b.rotate != nil {
		s, outcome = b.rotate(s, outcome)
	}
	return s, outcome, errors.Join(b.err, err)
}

func (b *brokenStore) Reauthenticate(ctx context.Context, id, userID string, now time.Time) (session.State, bool, error) {
	s, found, err := b.Memory.Reauthenticate(ctx, id, userID, now)
	return s, found, errors.Join(b.err, err)
}

func (b *brokenStore) End(ctx context.Context, id string, now time.Time) (session.State, bool, error) {
	s, ended, err := b.Memory.End(ctx, id, now)
	return s, ended, errors.Join(b.err, err)
}

func (b *brokenStore) EndAll(ctx context.Context, userID, exceptID string, now time.Time) ([]session.State, error) {
	ended, err := b.Memory.EndAll(ctx, userID, exceptID, now)
	return ended, errors.Join(b.err, err)
}

func (b *brokenStore) List(ctx context.Context, userID string, now time.Time) ([]session.State, error) {
	live, err := b.Memory.List(ctx, userID, now)
	return live, errors.Join(b.err, err)
}

func TestNewManagerReportsEveryProblem(t *testing.T) {
	m, err := session.NewManager(session.Config{Policy: session.Policy{Idle: -1, Absolute: 1}})
	if m != nil || err == nil {
		t.Fatalf("got %v, %v; want an error alone", m, err)
	}
	for _, want := range []string{"no store", "no codec", "idle limit -1ns"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got %q, want %q in it", err, want)
		}
	}
}

func TestManagerOpensWithTheDefaultsAndItsClock(t *testing.T) {
	manager, err := session.NewManager(session.Config{
		Store: session.NewMemory(), Codec: newCodec(t),
		Clock: func() time.Time { return start.Add(123).In(time.FixedZone("", 3600)) },
	})
	if err != nil {
		t.Fatal(err)
	}
	grant, err := manager.Open(t.Context(), session.Login{UserID: "alice", Scope: "read write", IP: "192.0.2.7", UserAgent: "curl/8", Device: "laptop"})
	if err != nil {
		t.Fatal(err)
	}
	want := session.State{
		ID: grant.Session.ID, UserID: "alice", Scope: "read write", IP: "192.0.2.7", UserAgent: "curl/8", Device: "laptop",
		CreatedAt: start, AuthTime: start, RotatedAt: start, LastUsedAt: start,
		IdleExpiresAt: start.Add(30 * day), ExpiresAt: start.Add(90 * day),
	}
	if grant.Session != want {
		t.Errorf("got %+v, want %+v", grant.Session, want)
	}
	live, err := manager.List(t.Context(), "alice")
	if err != nil || len(live) != 1 || live[0] != want {
		t.Errorf("List: got %+v, %v; want %+v", live, err, want)
	}
	again, err := manager.Open(t.Context(), session.Login{UserID: "alice"}) // F08
	if err != nil || again.Session.ID == grant.Session.ID || again.Token == grant.Token {
		t.Errorf("a second login: got session %s, %v; want one of its own", again.Session.ID, err)
	}
}

func TestManagerOpenRefusesNoUserAndNoTime(t *testing.T) {
	for name, tt := range map[string]struct {
		user string
		now  time.Time
	}{"no user": {"", start}, "a clock at the zero time": {"alice", time.Time{}}} {
		manager, err := session.NewManager(session.Config{
			Store: session.NewMemory(), Codec: newCodec(t), Clock: func() time.Time { return tt.now },
		})
		if err != nil {
			t.Fatal(err)
		}
		if grant, err := manager.Open(t.Context(), session.Login{UserID: tt.user}); err == nil || grant != (session.Grant{}) {
			t.Errorf("%s: got %+v, %v; want an error alone", name, grant, err)
		}
	}
}

// A store that fails is never the client's fault, and nothing is granted or
// reported as ended.
func TestManagerPassesOnWhatTheStoreFailsWith(t *testing.T) {
	store := &brokenStore{Memory: session.NewMemory()}
	ends := 0
	manager, err := session.NewManager(session.Config{
		Store: store, Codec: newCodec(t), OnEnd: func(context.Context, session.State, session.Reason) { ends++ },
	})
	if err != nil {
		t.Fatal(err)
	}
	grant, err := manager.Open(t.Context(), session.Login{UserID: "alice"})
	if err != nil {
		t.Fatal(err)
	}
	failure := errors.New("disk full")
	store.err = failure
	granted := func(g session.Grant, err error) (bool, error) { return g != (session.Grant{}), err }
	for name, act := range map[string]func() (bool, error){
		"open":   func() (bool, error) { return granted(manager.Open(t.Context(), session.Login{UserID: "bob"})) },
		"rotate": func() (bool, error) { return granted(manager.Refresh(t.Context(), grant.Token.Reveal())) },
		"reauthenticate": func() (bool, error) {
			s, err := manager.Reauthenticate(t.Context(), grant.Session.ID, "alice")
			return s != (session.State{}), err
		},
		"end session:":  func() (bool, error) { return manager.End(t.Context(), grant.Session.ID) },
		"end sessions:": func() (bool, error) { n, err := manager.EndAll(t.Context(), "alice", ""); return n != 0, err },
		"list":          func() (bool, error) { l, err := manager.List(t.Context(), "alice"); return l != nil, err },
	} {
		got, err := act()
		if !errors.Is(err, failure) || errors.Is(err, session.ErrRefused) || got {
			t.Errorf("%s: got %v, %v; want nothing and the store's failure", name, got, err)
		} else if !strings.HasPrefix(err.Error(), name) {
			t.Errorf("got %q, want the operation %q first", err, name)
		}
	}
	if ends != 0 {
		t.Errorf("got %d ends, want none", ends)
	}
}

func TestManagerGrantsNothingOnAnImpossibleAnswer(t *testing.T) {
	for name, lie := range map[string]func(session.State, session.Outcome) (session.State, session.Outcome){
		"a generation that skips one": func(s session.State, o session.Outcome) (session.State, session.Outcome) {
			s.Generation++
			return s, o
		},
		"a rotation that did not happen": func(s session.State, o session.Outcome) (session.State, session.Outcome) {
			s.Generation--
			return s, o
		},
		"another session": func(s session.State, o session.Outcome) (session.State, session.Outcome) {
			s.ID = session.NewID()
			return s, o
		},
		"another scope": func(s session.State, o session.Outcome) (session.State, session.Outcome) {
			s.Scope = "other"
			return s, o
		},
		"no outcome": func(s session.State, _ session.Outcome) (session.State, session.Outcome) { return s, 0 },
	} {
		store := &brokenStore{Memory: session.NewMemory(), rotate: lie}
		manager, err := session.NewManager(session.Config{Store: store, Codec: newCodec(t)})
		if err != nil {
			t.Fatal(err)
		}
		grant, err := manager.Open(t.Context(), session.Login{UserID: "alice", Scope: "read"})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := manager.RefreshScope(t.Context(), grant.Token.Reveal(), "read"); err == nil || got != (session.Grant{}) {
			t.Errorf("%s: got %+v, %v; want an error alone", name, got, err)
		}
	}
}

// A client that hangs up as its reuse is found cannot keep the session's
// access tokens from being revoked.
func TestOnEndOutlivesTheRequest(t *testing.T) {
	now := start
	var told []error
	var ended session.State
	manager, err := session.NewManager(session.Config{
		Store: session.NewMemory(), Codec: newCodec(t), Clock: func() time.Time { return now },
		OnEnd: func(ctx context.Context, s session.State, _ session.Reason) {
			told, ended = append(told, ctx.Err()), s
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	grant, err := manager.Open(t.Context(), session.Login{UserID: "alice"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := manager.Refresh(t.Context(), grant.Token.Reveal()); err != nil {
		t.Fatal(err)
	}
	now = now.Add(11 * time.Second)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := manager.Refresh(gone, grant.Token.Reveal()); !errors.Is(err, session.ErrReused) {
		t.Errorf("got %v, want ErrReused", err)
	}
	if len(told) != 1 || told[0] != nil || ended.ID != grant.Session.ID || !ended.EndedAt.Equal(now) {
		t.Errorf("OnEnd: got contexts %v and %+v, want one that lives and the ended session", told, ended)
	}
}

// F12, F04: a stolen token that another client presents is refused, and costs
// its owner nothing.
func TestATokenOfAnotherClientLeavesTheSessionAlone(t *testing.T) {
	store := session.NewMemory()
	of := func(client string) *session.Manager {
		manager, err := session.NewManager(session.Config{Store: store, Codec: newCodec(t).Bind(client)})
		if err != nil {
			t.Fatal(err)
		}
		return manager
	}
	grant, err := of("app-1").Open(t.Context(), session.Login{UserID: "alice"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := of("app-2").Refresh(t.Context(), grant.Token.Reveal()); !errors.Is(err, session.ErrInvalid) {
		t.Errorf("another client: got %v, want ErrInvalid", err)
	}
	if got, err := of("app-1").Refresh(t.Context(), grant.Token.Reveal()); err != nil || got.Repeated {
		t.Errorf("its own client: got repeated %v, %v; want a rotation", got.Repeated, err)
	}
}
