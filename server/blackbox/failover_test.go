package blackbox_test

import (
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/durward-auth/durward/server/internal/pgtest"
)

// TestAFailoverLosesNothingThatWasAcknowledged kills the primary of a synchronous pair under load on two servers, promotes the
// standby, and looks at what the servers had said yes to. Throughout, both verify tokens without one error.
func TestAFailoverLosesNothingThatWasAcknowledged(t *testing.T) {
	t.Parallel()
	var sum tally
	var slowest time.Duration
	verified := 0
	for range sized(10, 5, 1, 1) {
		recovery, n := failOver(t, &sum)
		slowest, verified = max(slowest, recovery), verified+n
	}
	proved(t, "%s; the slowest recovery after the promotion took %v; %d tokens verified meanwhile without an error", sum.String(), slowest.Round(time.Millisecond), verified)
}

// failOver returns how long after the promotion both servers wrote again, and how many tokens were verified.
func failOver(t *testing.T, sum *tally) (recovery time.Duration, verified int) {
	t.Helper()
	primary := pgtest.Start(t, "fsync=off") // the machine goes on: what a process wrote is there
	standby := primary.Standby(t)
	at, err := url.Parse(primary.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	at.Host += fmt.Sprintf(",127.0.0.1:%d", standby.Port)
	data := filepath.Join(t.TempDir(), "data")
	flags := []string{"--db", at.String(), "--refresh-grace", "60s", "--log-level", "error"}
	var servers []*process
	for range 2 {
		servers = append(servers, startOn(t, data, flags...))
	}
	people := appoint(t, servers[0])
	watch := newTraffic(t)
	var loads []*load
	var probes []tokens
	for i, server := range servers {
		c := server.client()
		held := people.probe(t)
		watch.repeat(func() {
			a, err := c.send("GET", "/protected", held.Access, nil)
			watch.note("protected", a, err, http.StatusOK)
			pause()
		})
		work := people.orders(t, fmt.Sprintf("user-%d", i), sized(3000, 1000, 200, 100))
		if i > 0 { // two administrators would undo each other's changes
			work.promote = nil
		}
		work.again = []int{http.StatusServiceUnavailable}
		loads = append(loads, startLoad(server.client(), work))
		probes = append(probes, people.probe(t))
	}
	for _, l := range loads {
		l.awaitSome(t, sized(800, 500, 100, 30))
	}

	if err := primary.End(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for i, server := range servers {
		c := server.client()
		eventually(t, 5*time.Second+patience/4, fmt.Sprintf("server %d is not ready", i), func() bool {
			return c.call(t, "GET", "/readyz", "", nil).status == http.StatusServiceUnavailable
		})
	}
	promoted := time.Now()
	standby.Promote(t)
	for i, server := range servers {
		c := server.client()
		eventually(t, patience, fmt.Sprintf("server %d writes again", i), func() bool {
			return c.call(t, "POST", "/refresh", "", members{"refresh_token": probes[i].Refresh}).status == http.StatusOK
		})
	}
	recovery = time.Since(promoted)
	for _, l := range loads { // goes on where it was
		l.awaitSome(t, 50)
		close(l.quiet)
	}
	var said []acknowledged
	for _, l := range loads {
		said = append(said, l.end(t))
	}
	watch.flawless(t, "protected")

	// A new server knows what the database knows and nothing else.
	fresh := startOn(t, data, flags...)
	admin := people.orders(t, "", 1).admin
	for i := range said {
		said[i].kept(t, fresh.client(), admin)
		sum.add(said[i])
	}
	for _, server := range append(servers, fresh) {
		server.signal(syscall.SIGTERM)
		server.wait()
		if server.err != nil || strings.Contains(server.log(), "panic") {
			t.Errorf("a server ended with %v\n%s", server.err, tail(server.log()))
		}
	}
	return recovery, watch.count("protected")
}
