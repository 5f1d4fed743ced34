package blackbox_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/durward-auth/durward/server/internal/pgtest"
)

// TestACrashOfPostgreSQLLosesNothing ends the database at once, as pg_ctl -m immediate does, and starts it again, in mid load
// (CASES.md K08). The server goes on by itself; a client that was told 503 asks again, and nothing happens twice.
func TestACrashOfPostgreSQLLosesNothing(t *testing.T) {
	t.Parallel()
	crashes := sized(200, 60, 1, 1)
	postgres := pgtest.Start(t)
	server := start(t, "--refresh-grace", "60s", "--log-level", "error", "--db", postgres.Database(t))
	c := server.client()
	staff := appoint(t, server)
	var sum tally
	var all []acknowledged
	var refused int64
	var slowest time.Duration
	for crash := range crashes {
		work := staff.orders(t, fmt.Sprintf("user-%d", crash), 1000)
		work.again = []int{http.StatusServiceUnavailable}
		who := staff.outsiders(t, c)
		load := startLoad(c, work)
		load.awaitSome(t, 20+rand.IntN(sized(200, 200, 50, 20)))
		if err := postgres.End(syscall.SIGQUIT); err != nil {
			t.Fatal(err)
		}
		c.accepted(t, who.plain.Access)
		c.rejected(t, "token_revoked", who.revoked.Access)
		if crash%10 == 0 {
			who.trespass(t, c)
		}
		begin := time.Now()
		if err := postgres.Start(); err != nil {
			t.Fatal(err)
		}
		started := time.Now()
		eventually(t, patience, "the server is ready again", func() bool { return c.call(t, "GET", "/readyz", "", nil).status == http.StatusOK })
		slowest = max(slowest, time.Since(started))
		load.await(t, 20)
		said := load.end(t)
		refused += load.refused.Load()
		said.kept(t, c, work.admin)
		sum.add(said)
		all = append(all, said)
		if t.Failed() {
			t.Fatalf("after crash %d, which took %v to recover from", crash, started.Sub(begin))
		}
	}
	for _, said := range all {
		for _, session := range said.logouts {
			c.refreshRefused(t, "invalid_refresh_token", session.Refresh)
		}
	}
	sum.nonzero(t)
	server.finish()
	proved(t, "%d × an immediate restart of PostgreSQL: %v; %d requests refused with 503 and sent again; 0 lost, 0 revived; ready at most %v after the database",
		crashes, &sum, refused, slowest.Round(time.Millisecond))
}

// TestABadLinkToPostgreSQLIsSurvived makes the link to the database slow, silent, cut and reset in mid load (CASES.md K09): answers
// come within a bound, nobody is let in who should not be, nothing piles up, and all is well when the link is.
func TestABadLinkToPostgreSQLIsSurvived(t *testing.T) {
	t.Parallel()
	rounds := sized(10, 3, 1, 1)
	direct := pgtest.Database(t)
	at, err := url.Parse(direct)
	if err != nil {
		t.Fatal(err)
	}
	link := newLink(t, at.Host)
	data := filepath.Join(t.TempDir(), "data")
	server := startOn(t, data, "--refresh-grace", "60s", "--log-level", "error", "--db", link.through(direct))
	staff := appoint(t, server)
	staff.url = direct
	states := []linkState{slow, silent, cut, broken}
	if !proving() {
		states = []linkState{broken}
	}
	var found linkReport
	for round := range rounds {
		for _, state := range states {
			found.suffer(t, server, link, staff, state, fmt.Sprintf("user-%d-%s", round, state))
			if t.Failed() {
				t.FailNow()
			}
		}
	}
	server.finish()
	found.sum.nonzero(t)
	proved(t, "the link to PostgreSQL %v, %d × each: %d requests of outsiders, not one 2xx; slowest answer %v; not ready after at most %v, ready again after %v; goroutines: %d before, at most %d, %d after; %v; 0 lost, 0 revived",
		states, rounds, found.trespasses, found.slowest.Round(time.Millisecond), found.unready.Round(time.Millisecond), found.ready.Round(time.Millisecond),
		found.before, found.most, found.after, &found.sum)
}

// linkReport is the worst that was seen.
type linkReport struct {
	trespasses              int
	slowest, unready, ready time.Duration
	before, most, after     int // goroutines
	sum                     tally
}

// slowestAnswer is the longest that a request waits for a connection and for an answer of the database.
const slowestAnswer = 15 * time.Second

// suffer brings the link into a state under load and back.
func (r *linkReport) suffer(t *testing.T, server *process, link *link, staff *staff, state linkState, names string) {
	t.Helper()
	c := server.client()
	who := staff.outsiders(t, c)
	work := staff.orders(t, names, 600)
	work.again = []int{http.StatusServiceUnavailable}
	before := server.gauges(t)
	if r.before == 0 {
		r.before = before.goroutines
	}
	load := startLoad(server.client(), work)
	load.awaitSome(t, 20)
	ready := func(want int) func() bool {
		return func() bool { return c.call(t, "GET", "/readyz", "", nil).status == want }
	}
	allowed := patience
	if proving() {
		allowed = 5 * time.Second
	}

	link.set(state)
	begin := time.Now()
	if state != slow {
		eventually(t, allowed, "the server is not ready: the link is "+string(state), ready(http.StatusServiceUnavailable))
		r.unready = max(r.unready, time.Since(begin))
	}
	c.accepted(t, who.plain.Access)
	requests, took := who.trespass(t, c)
	r.trespasses += requests
	r.slowest = max(r.slowest, took)
	begin = time.Now()
	refreshed := c.call(t, "POST", "/refresh", "", members{"refresh_token": who.plain.Refresh})
	r.slowest = max(r.slowest, time.Since(begin))
	if state == slow && refreshed.status != http.StatusOK || state != slow && refreshed.problem(http.StatusServiceUnavailable, "busy") != "" {
		t.Errorf("a refresh while the link is %s: status %d: %s", state, refreshed.status, refreshed.body)
	}
	if r.slowest > slowestAnswer {
		t.Errorf("an answer took %v while the link is %s, want at most %v", r.slowest, state, slowestAnswer)
	}
	c.http.CloseIdleConnections() // of the outsiders
	const clients = 30            // of the load: each may have a connection of two goroutines here, and one to the database
	eventually(t, patience, "no more goroutines than clients have requests, while the link is "+string(state), func() bool {
		during := server.gauges(t).goroutines
		r.most = max(r.most, during)
		return during <= before.goroutines+4*clients
	})

	link.set(passing)
	begin = time.Now()
	eventually(t, allowed, "the server is ready again after the link was "+string(state), ready(http.StatusOK))
	r.ready = max(r.ready, time.Since(begin))
	load.await(t, 20)
	said := load.end(t)
	said.kept(t, c, work.admin)
	r.sum.add(said)
	c.http.CloseIdleConnections()
	eventually(t, patience, "goroutines are as few as before", func() bool {
		r.after = server.gauges(t).goroutines
		return r.after <= before.goroutines+20
	})
}
