package blackbox_test

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/durward-auth/durward/revocation"
	"github.com/durward-auth/durward/server"
)

// TestEveryVerifierHearsOfEveryLogout follows the feed with many verifiers at once, each of them on a stream of its own,
// and reports how long after the answer of POST /logout a verifier refuses the session. docs/benchmarks.md has the figures of
// DURWARD_FULL=1 go test -count=1 -v -timeout 1h -run TestEveryVerifier ./server/blackbox
func TestEveryVerifierHearsOfEveryLogout(t *testing.T) {
	address := freeAddress(t)
	url := "http://" + address
	p := start(t, "--addr", address, "--issuer", url, "--log-level", "error")
	f := newFleet(t, p, url, scaled(1000, 50, 10), 0)
	sessions := openedAs(t, server.Config{DataDir: p.data, Inherit: true}).sessions("ada", scaled(10_000, 500, 50))
	before := p.processor(t)
	begin := time.Now()
	late := f.logout(p.client(), sessions, scaled(100, 200, 50))
	took := time.Since(begin)
	t.Logf("%d verifiers, %d logouts at %.0f a second; after the answer of /logout", len(f.feeds), len(sessions), float64(len(sessions))/took.Seconds())
	t.Logf("  one verifier refuses: p50 %v, p99 %v, max %v", part(f.one, 50), part(f.one, 99), part(f.one, 100))
	t.Logf("  all verifiers refuse: p50 %v, p99 %v, max %v", part(f.all, 50), part(f.all, 99), part(f.all, 100))
	t.Logf("  an idle timer of a millisecond was late by p50 %v, p99 %v, max %v", part(late, 50), part(late, 99), part(late, 100))
	t.Logf("  the server took %v of processor time in %v; %d streams were opened anew", p.processor(t)-before, took.Round(time.Millisecond), f.reconnects())
	p.stop()
}

// TestNoVerifierMissesALogoutWhileTheLinkIsCut cuts the streams of many verifiers while sessions are ended. Each of them
// refuses to judge when its MaxStaleness is over, to the second, and knows everything when the link is back.
func TestNoVerifierMissesALogoutWhileTheLinkIsCut(t *testing.T) {
	const bound = 5 * time.Second
	l := newFront(t)
	p := l.start(t, "--log-level", "error")
	f := newFleet(t, p, l.url, scaled(1000, 50, 10), bound)
	sessions := openedAs(t, server.Config{DataDir: p.data, Inherit: true}).sessions("ada", scaled(1000, 100, 20))
	c := p.client()
	half := len(sessions) / 2
	f.logout(c, sessions[:half], 200)
	known := time.Now()
	settles(t, "a heartbeat is the last word", func() bool {
		return !slices.ContainsFunc(f.feeds, func(feed *revocation.Follower) bool { return feed.Status().LastHeartbeat.Before(known) })
	})
	l.cut()
	for _, s := range sessions[half:] {
		c.want(t, http.StatusNoContent, "POST", "/logout", s.Access, nil)
	}
	stale := make([]time.Duration, len(f.feeds)) // after the last word
	left := len(stale)
	settles(t, "every verifier refuses to judge", func() bool {
		for i, feed := range f.feeds {
			if stale[i] == 0 {
				if _, err := feed.Revoked("", "another", "", "", 0); errors.Is(err, revocation.ErrStale) {
					stale[i] = time.Since(feed.Status().LastHeartbeat)
					left--
				}
			}
		}
		return left == 0
	})
	t.Logf("%d verifiers behind a cut link: 503 from %v to %v after the last heartbeat, the bound is %v", len(stale), part(stale, 0), part(stale, 100), bound)
	if least := slices.Min(stale); least < bound-time.Second {
		t.Errorf("a verifier was stale %v after the last heartbeat, want %v", least, bound)
	}
	l.mend()
	mended := time.Now()
	for _, s := range sessions[half:] {
		for _, feed := range f.feeds {
			settles(t, "nothing is missed", func() bool { kind, _ := feed.Revoked("", s.Session, "", "", 0); return kind == revocation.Session })
		}
	}
	t.Logf("all %d verifiers know of the %d logouts of meanwhile %v after the link is whole", len(f.feeds), len(sessions)-half, time.Since(mended).Round(time.Millisecond))
	settles(t, "every verifier judges again", func() bool {
		return !slices.ContainsFunc(f.feeds, func(feed *revocation.Follower) bool {
			_, err := feed.Revoked("", "another", "", "", 0)
			return err != nil
		})
	})
	p.stop()
}

// TestASnapshotOfManyRevocations reports how long a snapshot, and the start of a follower, take with many entries.
func TestASnapshotOfManyRevocations(t *testing.T) {
	entries := scaled(100_000, 10_000, 2000)
	address := freeAddress(t)
	url := "http://" + address
	args := []string{"--addr", address, "--issuer", url}
	p := start(t, args...)
	p.stop()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(p.data, "durward.db"))
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		`WITH RECURSIVE counter (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM counter WHERE i < $1)
			INSERT INTO revocations (kind, id, below, expires_at, seq) SELECT 'sid', printf('session-%014d', i), 0, $2, i FROM counter`,
		`UPDATE turns SET turn = $1 + 0 * $2 WHERE name = 'revocations'`,
	} {
		if _, err := db.Exec(statement, entries, time.Now().Add(time.Hour).UnixMicro()); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	p = startOn(t, p.data, args...)
	id, secret := p.follower()
	token := p.client().granted(t, clientOf{ID: id, Secret: secret})
	var took, ready []time.Duration
	for range scaled(9, 1, 1) {
		begin := time.Now()
		r, err := http.NewRequestWithContext(t.Context(), "GET", url+"/revocations", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(response.Body)
		response.Body.Close()
		took = append(took, time.Since(begin))
		if err != nil {
			t.Fatal(err)
		}
		snapshot, err := revocation.ParseSnapshot(string(text))
		if err != nil || len(snapshot.Entries) != entries {
			t.Fatalf("got a snapshot of %d entries and error %v, want %d", len(snapshot.Entries), err, entries)
		}
		begin = time.Now()
		feed := newFollower(t, url, id, secret, revocation.Options{})
		ready = append(ready, time.Since(begin))
		if got := feed.Status().Entries; got != entries {
			t.Fatalf("got a follower with %d entries, want %d", got, entries)
		}
		feed.Close()
	}
	t.Logf("%d entries: a snapshot takes %v, a follower is ready after %v (medians of %d)", entries, median(took), median(ready), len(took))
	p.stop()
}

// fleet is many verifiers.
type fleet struct {
	t     *testing.T
	feeds []*revocation.Follower

	one, all []time.Duration // from the answer of /logout until a verifier, and the last of all, refused
}

func newFleet(t *testing.T, p *process, url string, n int, stale time.Duration) *fleet {
	t.Helper()
	p.client().register(t, "ada")
	id, secret := p.follower()
	f := &fleet{t: t}
	for range n {
		f.feeds = append(f.feeds, newFollower(t, url, id, secret, revocation.Options{MaxStaleness: stale}))
	}
	return f
}

// reconnects is how often a stream has ended, whatever the reason.
func (f *fleet) reconnects() (n int) {
	for _, feed := range f.feeds {
		n += feed.Status().Reconnects
	}
	return n
}

// ended is a session that is logged out, and what is known of it so far.
type ended struct {
	session  string
	answered time.Time
	sampled  bool // the one verifier refuses it
	one      int
	refusing int // so many verifiers, from the first on, refuse it
}

// logout ends sessions, so many a second, and waits until every verifier refuses every one of them. It returns how late the
// timer was by which it looks.
func (f *fleet) logout(c *client, sessions []tokens, rate int) (late []time.Duration) {
	f.t.Helper()
	const workers = 16
	var mu sync.Mutex
	var answered []*ended
	var failed error
	begin := time.Now()
	var work sync.WaitGroup
	for worker := range workers {
		work.Go(func() {
			for i := worker; i < len(sessions); i += workers {
				pace(f.t.Context(), begin.Add(time.Duration(i)*time.Second/time.Duration(rate)))
				a, err := c.send("POST", "/logout", sessions[i].Access, nil)
				at := time.Now()
				mu.Lock()
				if err == nil && a.status != http.StatusNoContent {
					err = errors.New("POST /logout: " + string(a.body))
				}
				failed = errors.Join(failed, err)
				answered = append(answered, &ended{session: sessions[i].Session, answered: at, one: rand.IntN(len(f.feeds))})
				mu.Unlock()
			}
		})
	}
	defer work.Wait()
	var open []*ended
	tick := time.NewTimer(time.Millisecond)
	defer tick.Stop()
	for seen, last := 0, time.Now(); seen < len(sessions) || len(open) > 0; {
		due := time.Now().Add(time.Millisecond)
		tick.Reset(time.Millisecond)
		<-tick.C
		now := time.Now()
		late = append(late, now.Sub(due))
		mu.Lock()
		fresh, err := answered, failed
		answered = nil
		mu.Unlock()
		if err != nil {
			f.t.Fatal(err)
		}
		seen += len(fresh)
		open = append(open, fresh...)
		before := len(open)
		open = slices.DeleteFunc(open, f.look)
		if len(open) < before || len(fresh) > 0 {
			last = now
		}
		if now.Sub(last) > patience {
			f.t.Fatalf("%d of %d logouts are still unknown to a verifier after %v", len(open), len(sessions), patience)
		}
	}
	return late
}

// look asks the verifiers, and says whether all of them refuse.
func (f *fleet) look(e *ended) bool {
	refused := func(i int) bool {
		kind, _ := f.feeds[i].Revoked("", e.session, "", "", 0)
		return kind == revocation.Session
	}
	if !e.sampled && refused(e.one) {
		e.sampled = true
		f.one = append(f.one, time.Since(e.answered))
	}
	for e.refusing < len(f.feeds) && refused(e.refusing) {
		e.refusing++
	}
	if !e.sampled || e.refusing < len(f.feeds) {
		return false
	}
	f.all = append(f.all, time.Since(e.answered))
	return true
}

// pace waits for a moment.
func pace(ctx context.Context, until time.Time) {
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// part is the value below which so many percent are.
func part(values []time.Duration, percent int) time.Duration {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[(len(sorted)-1)*percent/100].Round(100 * time.Microsecond)
}
