package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/durward-auth/durward/revocation"
	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/keyring"
	"github.com/durward-auth/durward/server/internal/limit"
	"github.com/durward-auth/durward/server/internal/pgtest"
	"github.com/durward-auth/durward/server/internal/store"
	"github.com/durward-auth/durward/session"
)

// unanswered are acts on a user who has one session, and on a client: each does what it says once, and returns what it did.
var unanswered = map[string]func(*testing.T, *store.DB, account.Session, account.Client) (events int, err error){
	"a user is created": func(t *testing.T, db *store.DB, s account.Session, _ account.Client) (int, error) {
		return 1, db.CreateUser(t.Context(), account.User{ID: "new " + s.ID, Name: s.ID, Canonical: s.ID, Version: 1}, "hash", act)
	},
	"a client is created": func(t *testing.T, db *store.DB, s account.Session, _ account.Client) (int, error) {
		return 1, db.CreateClient(t.Context(), account.Client{ID: "dwc_" + s.ID, Name: s.ID, Version: 1}, "hash", act)
	},
	"the roles are replaced": func(t *testing.T, db *store.DB, s account.Session, _ account.Client) (int, error) {
		u, entries, err := db.SetRoles(t.Context(), s.UserID, []string{"editor"}, time.Now(), act)
		return 1, errors.Join(err, once(u.Version, entries))
	},
	"the password is replaced": func(t *testing.T, db *store.DB, s account.Session, _ account.Client) (int, error) {
		entries, err := db.SetPassword(t.Context(), s.UserID, "hash", "new", s.ID, time.Now(), act)
		u, failed := db.User(t.Context(), s.UserID)
		return 1, errors.Join(err, failed, once(u.Version, entries))
	},
	"the user is disabled": func(t *testing.T, db *store.DB, s account.Session, _ account.Client) (int, error) {
		u, entries, err := db.Disable(t.Context(), s.UserID, time.Now(), act)
		return 1, errors.Join(err, once(u.Version, entries))
	},
	"the user is deleted": func(t *testing.T, db *store.DB, s account.Session, _ account.Client) (int, error) {
		entries, err := db.DeleteUser(t.Context(), s.UserID, time.Now(), act)
		return 1, errors.Join(err, once(2, entries))
	},
	"a session is opened": func(t *testing.T, db *store.DB, s account.Session, _ account.Client) (int, error) {
		_, err := db.OpenSession(t.Context(), account.Session{State: session.DefaultPolicy().Start(s.UserID, time.Now())}, "hash", "", nil, act)
		all, failed := db.Sessions(t.Context(), s.UserID, time.Now())
		if len(all) != 2 {
			err = errors.Join(err, fmt.Errorf("got %d sessions, want 2", len(all)))
		}
		return 1, errors.Join(err, failed)
	},
	"a session rotates": func(t *testing.T, db *store.DB, s account.Session, _ account.Client) (int, error) {
		now := time.Now()
		r, err := db.RotateSession(t.Context(), account.Rotation{
			SessionID: s.ID, Now: now, Policy: session.DefaultPolicy(), AccessExpiresAt: now.Add(time.Hour)}, act)
		if r.Outcome != session.Rotated || r.Session.Generation != 1 || r.User.ID != s.UserID {
			err = errors.Join(err, fmt.Errorf("got %+v, want the session rotated once", r))
		}
		return 1, err
	},
	"a session ends": func(t *testing.T, db *store.DB, s account.Session, _ account.Client) (int, error) {
		entries, err := db.EndSession(t.Context(), s.ID, "", time.Now(), act)
		return 1, errors.Join(err, once(2, entries))
	},
	"a client gets another secret": func(t *testing.T, db *store.DB, _ account.Session, c account.Client) (int, error) {
		c, entries, err := db.SetClientSecret(t.Context(), c.ID, "new", time.Now(), act)
		return 1, errors.Join(err, once(c.Version, entries))
	},
	"a client is revoked": func(t *testing.T, db *store.DB, _ account.Session, c account.Client) (int, error) {
		c, entries, err := db.RevokeClient(t.Context(), c.ID, time.Now(), act)
		return 1, errors.Join(err, once(c.Version, entries))
	},
	"the keys rotate": func(t *testing.T, db *store.DB, s account.Session, _ account.Client) (int, error) {
		active, next := keysInUse(t, db)
		err := db.RotateKeys(t.Context(), keyring.Rotation{
			Retire: active, Activate: next, Now: time.Now(), Margin: time.Hour,
			Add: keyring.Record{KeyID: s.ID, State: keyring.Next, Sealed: "sealed", CreatedAt: time.Now()},
		}, act)
		if active, added := keysInUse(t, db); active != next || added != s.ID {
			err = errors.Join(err, fmt.Errorf("got the active key %s and the next %s, want %s and %s", active, added, next, s.ID))
		}
		return 1, err
	},
	"a sign-in is refused": func(t *testing.T, db *store.DB, s account.Session, _ account.Client) (int, error) {
		return 1, db.RefuseSignIn(t.Context(), []limit.Counter{{Key: s.ID, Count: 1, ExpiresAt: time.Now().Add(time.Hour)}}, act)
	},
	"several events are recorded": func(t *testing.T, db *store.DB, _ account.Session, _ account.Client) (int, error) {
		return 3, db.RecordEvents(t.Context(), []audit.Event{act, act, act})
	},
	"places are leased, which no event tells": func(t *testing.T, db *store.DB, _ account.Session, _ account.Client) (int, error) {
		_, _, err := db.LeaseStatusIndexes(t.Context())
		return 0, err
	},
	"a session has ended already, which no event tells": func(t *testing.T, db *store.DB, _ account.Session, _ account.Client) (int, error) {
		if _, err := db.EndSession(t.Context(), "none", "", time.Now(), act); !errors.Is(err, account.ErrSessionNotFound) {
			return 0, fmt.Errorf("got %v, want ErrSessionNotFound", err)
		}
		return 0, nil
	},
	"a taken name": func(t *testing.T, db *store.DB, s account.Session, _ account.Client) (int, error) {
		u, err := db.User(t.Context(), s.UserID)
		if taken := createUser(t.Context(), db, u.Name); !errors.Is(taken, account.ErrUsernameTaken) {
			err = errors.Join(err, fmt.Errorf("got %v, want ErrUsernameTaken", taken))
		}
		return 0, err
	},
}

var act = audit.Event{Action: "test", Reason: "the act of a test"}

// once is an error unless a version was raised once and there is what it revoked.
func once(version int64, entries []revocation.Entry) error {
	if version != 2 || len(entries) == 0 {
		return fmt.Errorf("got version %d and entries %v, want 2 and some", version, entries)
	}
	return nil
}

func keysInUse(t *testing.T, db *store.DB) (active, next string) {
	t.Helper()
	keys, err := db.Keys(t.Context(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range keys {
		switch k.State {
		case keyring.Active:
			active = k.KeyID
		case keyring.Next:
			next = k.KeyID
		}
	}
	return active, next
}

// TestAnUnansweredCommitIsFoundOut holds that every act takes place once and is answered as ever, whether the answer to its
// commit was lost, or the commit.
func TestAnUnansweredCommitIsFoundOut(t *testing.T) {
	for _, isolation := range []string{"read committed", "serializable"} {
		t.Run(isolation, func(t *testing.T) {
			link, url := through(t, pgtest.Database(t))
			db := openURL(t, url+"&default_transaction_isolation="+strings.ReplaceAll(isolation, " ", "%20"))
			loseEach(t, link, db)
		})
	}
}

func loseEach(t *testing.T, link *link, db *store.DB) {
	if err := db.InstallKeys(t.Context(), []keyring.Record{
		{KeyID: "first", State: keyring.Active, Sealed: "sealed", CreatedAt: time.Now()},
		{KeyID: "second", State: keyring.Next, Sealed: "sealed", CreatedAt: time.Now()},
	}, audit.Event{}); err != nil {
		t.Fatal(err)
	}
	for name, do := range unanswered {
		for what, f := range map[string]fate{"the answer is lost": answerLost, "the commit is lost": commitLost} {
			t.Run(name+", "+what, func(t *testing.T) {
				link.next(delivered)
				s, c := somebody(t, db)
				before := acts(t, db)
				link.next(f)
				want, err := do(t, db, s, c)
				if err != nil {
					t.Error(err)
				}
				if got := acts(t, db) - before; got != want {
					t.Errorf("got %d events, want %d", got, want)
				}
			})
		}
	}
}

// somebody makes a user with a session, and a client, that have live tokens.
func somebody(t *testing.T, db *store.DB) (account.Session, account.Client) {
	t.Helper()
	name := fmt.Sprintf("user%d", rand.Uint64())
	s := account.Session{State: session.DefaultPolicy().Start("id-"+name, time.Now()), AccessExpiresAt: time.Now().Add(time.Hour)}
	c := account.Client{ID: "dwc_" + name, Name: name, Version: 1}
	err := createUser(t.Context(), db, name)
	_, opened := db.OpenSession(t.Context(), s, "hash", "", nil, audit.Event{})
	created := db.CreateClient(t.Context(), c, "hash", audit.Event{})
	_, granted := db.OpenClientAccess(t.Context(), c.ID, "hash", time.Now().Add(time.Hour), audit.Event{})
	if err := errors.Join(err, opened, created, granted); err != nil {
		t.Fatal(err)
	}
	return s, c
}

func acts(t *testing.T, db *store.DB) int {
	t.Helper()
	events, err := db.Events(t.Context(), audit.Query{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, e := range events {
		if e.Count != 1 || e.Action == "" && e.Time.UnixMicro() == 0 {
			t.Errorf("got the event %+v, want none but those of acts", e)
		}
		if e.Reason == act.Reason {
			count++
		}
	}
	return count
}

// TestACommitThatArrivesLateTakesPlaceOnce delivers it when the act is being run again: PostgreSQL then breaks off one of the two. When
// it is the second, and the first is committed, nobody has all the results.
func TestACommitThatArrivesLateTakesPlaceOnce(t *testing.T) {
	direct := pgtest.Database(t)
	link, url := through(t, direct)
	db := openURL(t, url)
	s, _ := somebody(t, db)
	link.next(commitLate)
	changed := make(chan error, 1)
	go func() {
		u, entries, err := db.SetRoles(t.Context(), s.UserID, []string{"editor"}, time.Now(), act)
		if err == nil {
			err = once(u.Version, entries)
		}
		changed <- err
	}()
	awaitWait(t, direct, "Lock")
	close(link.late)
	if err := <-changed; err != nil && !errors.Is(err, store.ErrUnknownOutcome) {
		t.Errorf("got error %v, want none or ErrUnknownOutcome", err)
	}
	u, err := db.User(t.Context(), s.UserID)
	if got := acts(t, db); err != nil || got != 1 || u.Version != 2 {
		t.Errorf("got %d events, version %d and error %v, want one and 2", got, u.Version, err)
	}
}

// TestCommitsOverABadLinkTakePlaceOnce creates users at once over a link that loses one commit or answer in three.
func TestCommitsOverABadLinkTakePlaceOnce(t *testing.T) {
	link, url := through(t, pgtest.Database(t))
	db := openURL(t, url)
	var lost atomic.Int64
	link.judgeBy(func() fate {
		f := fate(rand.IntN(6))
		if f != answerLost && f != commitLost {
			return delivered
		}
		lost.Add(1)
		return f
	})
	var group sync.WaitGroup
	const users, each = 4, 10
	for i := range users {
		group.Go(func() {
			for j := range each {
				name := fmt.Sprintf("user%d-%d", i, j)
				if err := db.CreateUser(t.Context(), account.User{ID: name, Name: name, Canonical: name, Version: 1}, "hash", act); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		})
	}
	group.Wait()
	link.next(delivered)
	if got := acts(t, db); got != users*each || lost.Load() == 0 {
		t.Errorf("got %d events with %d commits lost, want %d", got, lost.Load(), users*each)
	}
}

// TestAnUnconfirmedCommitWaitsForTheStandby ends the connection of a commit that waits for a synchronous standby: the act
// is not told done because of what only the primary has, and is done once when the standby follows.
func TestAnUnconfirmedCommitWaitsForTheStandby(t *testing.T) {
	primary := pgtest.Start(t, "fsync=off")
	standby := primary.Standby(t)
	url := primary.Database(t)
	db := openURL(t, url)
	if err := standby.End(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	created := make(chan error, 1)
	go func() {
		created <- db.CreateUser(context.WithoutCancel(t.Context()), account.User{ID: "id", Name: "anna", Canonical: "anna", Version: 1}, "hash", act)
	}()
	first := awaitWait(t, url, "SyncRep")
	primary.Do(t, fmt.Sprintf(`SELECT pg_terminate_backend(%d)`, first))
	primary.Await(t, fmt.Sprintf(`SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND pid <> %d`, first))
	if _, err := db.User(t.Context(), "id"); err != nil {
		t.Errorf("got %v, want the user to be on the primary", err)
	}
	select {
	case err := <-created:
		t.Errorf("got the answer %v without the standby", err)
	default:
	}
	if err := standby.Start(); err != nil {
		t.Fatal(err)
	}
	if err := <-created; err != nil {
		t.Errorf("once the standby follows: %v", err)
	}
	if got := acts(t, db); got != 1 {
		t.Errorf("got %d events, want one", got)
	}
	_, schema, _ := strings.Cut(url, "search_path=")
	standby.Await(t, "SELECT count(*) = 1 FROM "+schema+".users WHERE id = 'id'")
}
