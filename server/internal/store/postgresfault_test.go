package store_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	neturl "net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/pgtest"
	"github.com/durward-auth/durward/server/internal/store"
	"github.com/durward-auth/durward/session"
)

// link stands between the store and PostgreSQL. It counts the packets to the database, and decides what becomes of
// those that carry a commit.
type link struct {
	net.Listener
	to      string
	packets atomic.Int64
	judge   atomic.Pointer[func() fate] // of each commit; nil delivers it
	late    chan struct{}               // closed to deliver what is late

	mu    sync.Mutex
	conns []net.Conn
}

// fate is what becomes of a commit.
type fate int

const (
	delivered  fate = iota
	answerLost      // it is done, and the connection breaks before the answer
	commitLost      // the connection breaks before it arrives
	commitLate      // the connection breaks, and it arrives later
)

// next decides the fate of the next commit, and of none after it.
func (l *link) next(f fate) {
	var once atomic.Bool
	l.judgeBy(func() fate {
		if once.Swap(true) {
			return delivered
		}
		return f
	})
}

func (l *link) judgeBy(judge func() fate) { l.judge.Store(&judge) }

func (l *link) fate(packet []byte) fate {
	if judge := l.judge.Load(); judge != nil && bytes.Contains(packet, []byte("COMMIT")) {
		return (*judge)()
	}
	return delivered
}

// through returns a link to the database, and the URL that leads over it, on which each packet holds its statements.
func through(t *testing.T, url string) (*link, string) {
	t.Helper()
	u, err := neturl.Parse(url)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &link{Listener: listener, to: u.Host, late: make(chan struct{})}
	u.Host = listener.Addr().String()
	query := u.Query()
	query.Set("default_query_exec_mode", "cache_describe")
	u.RawQuery = query.Encode()
	var group sync.WaitGroup
	group.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			group.Go(func() { l.carry(conn) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		l.mu.Lock()
		for _, conn := range l.conns {
			_ = conn.Close()
		}
		l.mu.Unlock()
		group.Wait()
	})
	return l, u.String()
}

func (l *link) carry(client net.Conn) {
	server, err := net.Dial("tcp", l.to)
	if err != nil {
		_ = client.Close()
		return
	}
	l.mu.Lock()
	l.conns = append(l.conns, client, server)
	l.mu.Unlock()
	var cutting atomic.Bool
	go func() {
		defer client.Close()
		defer server.Close()
		buffer := make([]byte, 64<<10)
		for {
			n, err := server.Read(buffer)
			if err != nil || cutting.Load() && bytes.Contains(buffer[:n], []byte("COMMIT\x00")) {
				return // it was committed, and nobody learns of it
			}
			if _, err := client.Write(buffer[:n]); err != nil {
				return
			}
		}
	}()
	buffer := make([]byte, 64<<10)
	for {
		n, err := client.Read(buffer)
		if err != nil {
			_ = server.Close()
			return
		}
		l.packets.Add(1)
		f := l.fate(buffer[:n])
		switch cutting.Store(f == answerLost); f {
		case commitLost:
			_, _ = client.Close(), server.Close()
			return
		case commitLate:
			_ = client.Close()
			<-l.late
			_, _ = server.Write(buffer[:n])
			return // its answer reaches nobody, which closes the connection
		}
		if _, err := server.Write(buffer[:n]); err != nil && !errors.Is(err, io.EOF) {
			return
		}
	}
}

// opened is a user's session.
func opened(t *testing.T, db *store.DB) account.Session {
	t.Helper()
	if err := createUser(t.Context(), db, "anna"); err != nil {
		t.Fatal(err)
	}
	s := account.Session{State: session.DefaultPolicy().Start("id-anna", time.Now()), AccessExpiresAt: time.Now().Add(time.Hour)}
	if _, err := db.OpenSession(t.Context(), s, "hash", "", nil, audit.Event{Action: audit.SessionLogin}); err != nil {
		t.Fatal(err)
	}
	return s
}

func rotateOnce(ctx context.Context, db *store.DB, id string, generation int64) (account.Rotated, error) {
	now := time.Now()
	return db.RotateSession(ctx, account.Rotation{
		SessionID: id, Presented: generation, Now: now, Policy: session.DefaultPolicy(), AccessExpiresAt: now.Add(time.Hour),
	}, audit.Event{})
}

func TestARefreshTakesTwoRoundTripsToPostgreSQL(t *testing.T) {
	link, url := through(t, pgtest.Database(t))
	db := openURL(t, url+"&pool_max_conns=1")
	s := opened(t, db)
	generation := s.Generation
	const refreshes = 20
	for i := range 1 + refreshes {
		if i == 1 { // the first one prepares its statements
			link.packets.Store(0)
		}
		r, err := rotateOnce(t.Context(), db, s.ID, generation)
		if err != nil || r.Outcome != session.Rotated || r.User.ID != "id-anna" {
			t.Fatalf("got %+v and error %v", r, err)
		}
		generation = r.Session.Generation
	}
	// A look at a connection that was idle for a second may come in between on a slow machine.
	if got := link.packets.Load(); got > 2*refreshes+2 {
		t.Errorf("got %d packets for %d refreshes, want two each", got, refreshes)
	}
}

// TestACommitWhoseAnswerIsLostOnPostgreSQL shows that to repeat a refresh is right whatever became of it.
func TestACommitWhoseAnswerIsLostOnPostgreSQL(t *testing.T) {
	link, url := through(t, pgtest.Database(t))
	db := openURL(t, url)
	s := opened(t, db)
	ctx, giveUp := context.WithCancel(t.Context())
	var cuts atomic.Int64
	link.judgeBy(func() fate {
		if cuts.Add(1) == 3 {
			giveUp()
		}
		return answerLost
	})
	_, err := rotateOnce(ctx, db, s.ID, s.Generation)
	var busy *account.BusyError
	if !errors.Is(err, store.ErrUnknownOutcome) || !errors.As(err, &busy) || busy.RetryAfter <= 0 {
		t.Fatalf("got error %v, want ErrUnknownOutcome with the time to try again", err)
	}
	if got := cuts.Load(); got != 3 {
		t.Errorf("got %d commits before the caller gave up, want 3", got)
	}
	link.next(delivered)
	again, err := rotateOnce(t.Context(), db, s.ID, s.Generation)
	if err != nil || again.Outcome != session.Repeated || again.Session.Generation != s.Generation+1 {
		t.Fatalf("got %v of generation %d and error %v, want the same successor repeated", again.Outcome, again.Session.Generation, err)
	}
	next, err := rotateOnce(t.Context(), db, s.ID, again.Session.Generation)
	if err != nil || next.Outcome != session.Rotated {
		t.Errorf("got %v and error %v, want the successor to be good", next.Outcome, err)
	}
}

func TestADeadConnectionToPostgreSQLIsReplacedUnnoticed(t *testing.T) {
	link, url := through(t, pgtest.Database(t))
	db := openURL(t, url)
	s := opened(t, db)
	for range 3 {
		link.mu.Lock()
		for _, conn := range link.conns {
			_ = conn.Close()
		}
		link.conns = nil
		link.mu.Unlock()
		if _, err := db.User(t.Context(), "id-anna"); err != nil {
			t.Errorf("a read over a dead connection: %v", err)
		}
		r, err := rotateOnce(t.Context(), db, s.ID, s.Generation)
		if err != nil || r.Outcome != session.Rotated {
			t.Fatalf("a refresh over a dead connection: got %v and error %v", r.Outcome, err)
		}
		s.Generation = r.Session.Generation
	}
}

func TestOneOfSeveralServersOnPostgreSQLSweeps(t *testing.T) {
	url := pgtest.Database(t)
	one, two := openURL(t, url), openURL(t, url)
	now := time.Now()
	for i, c := range []struct {
		db   *store.DB
		now  time.Time
		want bool
	}{{one, now, true}, {two, now, false}, {one, now.Add(30 * time.Second), false}, {two, now.Add(time.Minute), true}} {
		if got, err := c.db.TakeSweep(t.Context(), c.now, time.Minute); err != nil || got != c.want {
			t.Errorf("turn %d: got %v and error %v, want %v", i, got, err, c.want)
		}
	}
}

// K11: several processes, and a schema that is newer.
func TestMigrationsOfPostgreSQL(t *testing.T) {
	url := pgtest.Database(t)
	old := openURL(t, url)
	s := opened(t, old)
	errs := make(chan error)
	for range 3 { // new replicas that start at once
		go func() {
			db, err := store.OpenNext(context.WithoutCancel(t.Context()), store.Config{URL: url}, nextMigration)
			if err == nil {
				_, err = db.User(t.Context(), "id-anna")
				err = errors.Join(err, db.Close())
			}
			errs <- err
		}()
	}
	for range 3 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	// The old replica goes on beside the new ones, and none of its kind starts any more.
	if r, err := rotateOnce(t.Context(), old, s.ID, s.Generation); err != nil || r.Outcome != session.Rotated {
		t.Errorf("the old replica: got %v and error %v", r.Outcome, err)
	}
	if err := createUser(t.Context(), old, "boris"); err != nil {
		t.Errorf("the old replica: %v", err)
	}
	if _, err := store.Open(t.Context(), store.Config{URL: url}); !errors.Is(err, store.ErrNewerSchema) {
		t.Errorf("got error %v, want ErrNewerSchema", err)
	}
}
