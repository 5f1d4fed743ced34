package blackbox_test

import (
	"path/filepath"
	"syscall"
	"testing"

	"github.com/durward-auth/durward/server/internal/pgtest"
)

// TestARollingRestartBehindHAProxyFailsNoRequest restarts three servers on one database one after another, under load and
// behind the sample configuration. At full length the delay alone ends them, as it would in production; otherwise a second
// signal does when HAProxy has looked. Then one is killed, as a machine that fails would be.
func TestARollingRestartBehindHAProxyFailsNoRequest(t *testing.T) {
	t.Parallel()
	proxy := startProxy(t)
	url := pgtest.Database(t)
	data := filepath.Join(t.TempDir(), "data")
	drain := "2m"
	if full() {
		drain = "5s"
	}
	begin := func(i int) *process {
		return startOn(t, data, "--db", url, "--addr", proxy.servers[i], "--drain-delay", drain, "--refresh-grace", "60s",
			"--trusted-proxy", "127.0.0.0/8", "--log-level", "error")
	}
	var servers [3]*process
	for i := range servers {
		servers[i] = begin(i)
	}
	for _, name := range names {
		proxy.await(t, name, "UP")
	}
	c := &client{proxy.url, browser()}
	t.Cleanup(c.http.CloseIdleConnections)
	c.register(t, "ada")
	refreshers, sessions := scaled(16, 6, 3), scaled(5000, 200, 50)

	mixed := newTraffic(t)
	for _, session := range opened(t, data, url).sessions("ada", refreshers) {
		mixed.refresh(t, c, session)
	}
	mixed.logout(c, opened(t, data, url).sessions("ada", sessions))
	mixed.login(t, c, "ada")
	rounds, kills := sized(5, 3, 1, 1), sized(20, 10, 1, 1)
	for range rounds {
		for i, name := range names {
			mixed.await(t, "refresh", "protected", "logout", "login")
			servers[i].signal(syscall.SIGTERM)
			if !full() {
				proxy.await(t, name, "DOWN")
				servers[i].signal(syscall.SIGTERM)
			}
			servers[i].wait()
			if servers[i].err != nil {
				t.Errorf("server %s ended with %v, want status 0", name, servers[i].err)
			}
			servers[i].sound()
			mixed.await(t, "refresh", "protected", "logout", "login")
			servers[i] = begin(i)
			proxy.await(t, name, "UP")
		}
	}
	restarted := mixed.flawless(t, "refresh", "protected", "logout", "login")

	// Requests whose answer never came are repeated on another server where that is right.
	repeated := newTraffic(t)
	for _, session := range opened(t, data, url).sessions("ada", refreshers) {
		repeated.refresh(t, c, session)
	}
	repeated.logout(c, opened(t, data, url).sessions("ada", sessions))
	for i := range kills {
		repeated.await(t, "refresh", "protected", "logout")
		servers[i%3].kill()
		repeated.await(t, "refresh", "protected", "logout")
		servers[i%3] = begin(i % 3)
		proxy.await(t, names[i%3], "UP")
	}
	killed := repeated.flawless(t, "refresh", "protected", "logout")
	proved(t, "%d restarts: %s; %d kills: %s", 3*rounds, restarted, kills, killed)
}
