package store_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/durward-auth/durward/revocation"
	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/feed"
	"github.com/durward-auth/durward/server/internal/pgtest"
	"github.com/durward-auth/durward/server/internal/store"
	"github.com/durward-auth/durward/session"
)

// another opens one session more of the user of opened.
func another(t *testing.T, db *store.DB) account.Session {
	t.Helper()
	s := account.Session{State: session.DefaultPolicy().Start("id-anna", time.Now()), AccessExpiresAt: time.Now().Add(time.Hour)}
	if _, err := db.OpenSession(t.Context(), s, "hash", "", nil, audit.Event{Action: audit.SessionLogin}); err != nil {
		t.Fatal(err)
	}
	return s
}

func endSession(t *testing.T, db *store.DB, id string) error {
	_, err := db.EndSession(context.WithoutCancel(t.Context()), id, "", time.Now(), audit.Event{Action: audit.SessionEnd})
	return err
}

func entriesAfter(t *testing.T, db *store.DB, place int64) []feed.Entry {
	t.Helper()
	entries, err := db.Revocations(t.Context(), place, math.MaxInt64, 100)
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

// Two transactions take their places, and the one that came later wants to commit first.
func TestALaterPlaceInTheFeedIsNotVisibleBeforeAnEarlierOne(t *testing.T) {
	url := pgtest.Database(t)
	db := openURL(t, url+"&lock_timeout=60000&statement_timeout=60000")
	first, second := opened(t, db), another(t, db)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var place int64
	now := time.Now().UnixMicro()
	if err := tx.QueryRow(t.Context(), store.TakeSeq, 1, now).Scan(&place); err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), store.InsertRevocation, revocation.Session.String(), first.ID, 0, now+int64(time.Hour/time.Microsecond), place); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- endSession(t, db, second.ID) }()
	awaitWait(t, url, "Lock")
	if got := entriesAfter(t, db, 0); len(got) != 0 {
		t.Errorf("a reader sees %v before any commit", got)
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := entriesAfter(t, db, 0)
	if len(got) == 0 || got[0].ID != first.ID {
		t.Fatalf("the reader sees %v after the first commit, want the first entry first", got)
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if got := entriesAfter(t, db, place); len(got) != 1 || got[0].ID != second.ID || got[0].Seq <= place {
		t.Errorf("who has read up to the first entry sees %v, want the second", got)
	}
}

// awaitWait waits until a connection of the store waits for something, and returns its process.
func awaitWait(t *testing.T, url, kind string) (pid int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		err := conn.QueryRow(ctx, `SELECT pid FROM pg_stat_activity
			WHERE application_name = 'durward' AND $1 IN (wait_event, wait_event_type) LIMIT 1`, kind).Scan(&pid)
		if err == nil {
			return pid
		}
		if !errors.Is(err, pgx.ErrNoRows) {
			t.Fatalf("no connection waits for %s: %v", kind, err)
		}
		<-tick.C
	}
}

// A standby that takes over may not have the last entries. Who has seen them goes on from there, and misses nothing that comes.
func TestPlacesOfTheFeedThatWereLostAreNotGivenAgain(t *testing.T) {
	for name, db := range map[string]*store.DB{"SQLite": openFile(t), "PostgreSQL": openURL(t, pgtest.Database(t))} {
		first, lost, after := opened(t, db), another(t, db), another(t, db)
		for _, s := range []account.Session{first, lost} {
			if err := endSession(t, db, s.ID); err != nil {
				t.Fatal(err)
			}
		}
		seen := entriesAfter(t, db, 0)
		place := seen[len(seen)-1].Seq
		for _, statement := range []string{
			"DELETE FROM revocations WHERE id = '" + lost.ID + "'",
			"UPDATE turns SET turn = turn - 1 WHERE name = 'revocations'",
		} {
			if err := db.Run(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
		if err := endSession(t, db, after.ID); err != nil {
			t.Fatal(err)
		}
		if got := entriesAfter(t, db, place); len(got) != 1 || got[0].ID != after.ID {
			t.Errorf("%s: who has seen what was lost sees %v, want what came after it", name, got)
		}
	}
}

func openFile(t *testing.T) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), store.Config{Path: filepath.Join(t.TempDir(), "durward.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// TestNoSuccessWithoutTheStandby breaks off a commit that waits for a synchronous standby: it has taken place on the
// primary alone, and nothing may be answered that would be untrue if the standby took over.
func TestNoSuccessWithoutTheStandby(t *testing.T) {
	primary := pgtest.Start(t, "fsync=off")
	standby := primary.Standby(t)
	url := primary.Database(t)
	db := openURL(t, url)
	s := opened(t, db)
	if err := createUser(t.Context(), db, "boris"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := db.Disable(t.Context(), "id-boris", time.Now(), audit.Event{}); err != nil {
		t.Fatal(err)
	}
	if err := standby.End(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	acts := map[string]func(context.Context) error{
		"the end of a session": func(ctx context.Context) error {
			_, err := db.EndSession(ctx, s.ID, "", time.Now(), audit.Event{Action: audit.SessionEnd})
			return err
		},
		"the return of a user": func(ctx context.Context) error {
			_, err := db.Enable(ctx, "id-boris", time.Now(), audit.Event{Action: audit.UserEnable})
			return err
		},
	}
	for what, do := range acts {
		ctx, giveUp := context.WithCancel(context.WithoutCancel(t.Context()))
		ended := make(chan error, 1)
		go func() { ended <- do(ctx) }()
		pid := awaitWait(t, url, "SyncRep")
		giveUp() // or the store would find out by itself
		primary.Do(t, fmt.Sprintf(`SELECT pg_cancel_backend(%d)`, pid))
		var busy *account.BusyError
		if err := <-ended; !errors.Is(err, store.ErrUnknownOutcome) || !errors.As(err, &busy) {
			t.Fatalf("%s without the standby: got error %v, want ErrUnknownOutcome", what, err)
		}
	}
	again := map[string]chan error{}
	for what, do := range acts {
		ended := make(chan error, 1)
		again[what] = ended
		go func() { ended <- do(context.WithoutCancel(t.Context())) }()
	}
	primary.Await(t, `SELECT count(*) = 2 FROM pg_stat_activity WHERE wait_event = 'SyncRep'`)
	if err := standby.Start(); err != nil {
		t.Fatal(err)
	}
	if err := <-again["the end of a session"]; !errors.Is(err, account.ErrSessionNotFound) {
		t.Errorf("the end of a session once the standby follows: got error %v, want ErrSessionNotFound", err)
	}
	if err := <-again["the return of a user"]; err != nil {
		t.Errorf("the return of a user once the standby follows: %v", err)
	}
	_, schema, _ := strings.Cut(url, "search_path=")
	standby.Await(t, "SELECT count(*) > 0 FROM "+schema+".sessions WHERE ended_at > 0")
}
