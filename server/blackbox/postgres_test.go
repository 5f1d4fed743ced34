package blackbox_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/durward-auth/durward/server/internal/pgtest"
)

func TestTheLifeOfAUserOnPostgreSQL(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	server := start(t, "--db", url)
	c := server.client()
	c.register(t, "Ada")
	c.refused(t, http.StatusConflict, "username_taken", "POST", "/register", "", members{"username": "ADA", "password": password})
	c.refused(t, http.StatusUnauthorized, "invalid_credentials", "POST", "/login", "", members{"username": "Ada", "password": "something else"})
	first := c.login(t, "ada")
	c.accepted(t, first.Access)

	operate[any](t, server.data, "", "user", "roles", "ada", "admin", "--db", url)
	eventually(t, patience, "the token with the old roles is refused", func() bool {
		return c.call(t, "GET", "/protected", first.Access, nil).problem(http.StatusUnauthorized, "token_revoked") == ""
	})
	second := c.refresh(t, first.Refresh)
	c.want(t, http.StatusOK, "GET", "/admin", second.Access, nil)
	c.want(t, http.StatusNoContent, "DELETE", "/me/sessions/"+second.Session, second.Access, nil)
	third := c.login(t, "ada")
	// A zero byte, which PostgreSQL cannot hold, is in no id.
	c.refused(t, http.StatusNotFound, "session_not_found", "DELETE", "/me/sessions/%00", third.Access, nil)
	c.want(t, http.StatusNoContent, "POST", "/logout", third.Access, nil)
	c.rejected(t, "token_revoked", third.Access)
	c.refreshRefused(t, "invalid_refresh_token", third.Refresh)

	server = server.restart("--db", url)
	c = server.client()
	c.rejected(t, "token_revoked", third.Access)
	c.login(t, "ada")
	found := operate[struct{ Healthy bool }](t, server.data, "", "doctor", "--db", url)
	if !found.Healthy {
		t.Error("doctor finds something to mend")
	}
	for _, args := range [][]string{{"user", "list"}, {"key", "list"}, {"audit", "list"}, {"config"}} {
		operate[any](t, server.data, "", append(args, "--db", url)...)
	}
	server.stop()
}

// replicas are servers on one database with one master key.
func replicas(t *testing.T, url string, n int) []*process {
	t.Helper()
	data := filepath.Join(t.TempDir(), "data")
	list := make([]*process, n)
	for i := range list {
		list[i] = startOn(t, data, "--db", url)
	}
	return list
}

func TestReplicasOnPostgreSQLAreOneServer(t *testing.T) {
	t.Parallel()
	servers := replicas(t, pgtest.Database(t), 3)
	var clients []*client
	for _, server := range servers {
		clients = append(clients, server.client())
	}
	a, b := clients[0], clients[1]
	a.register(t, "ada")
	session := b.login(t, "ada")
	for _, c := range clients {
		c.accepted(t, session.Access)
	}

	// However many requests race, there is one successor.
	var mu sync.Mutex
	successors := map[string]int{}
	var racing sync.WaitGroup
	for i := range 30 {
		racing.Go(func() {
			answer, err := clients[i%3].send("POST", "/refresh", "", members{"refresh_token": session.Refresh})
			mu.Lock()
			defer mu.Unlock()
			if err != nil || answer.status != http.StatusOK {
				t.Errorf("a racing refresh: status %d, error %v: %s", answer.status, err, answer.body)
				return
			}
			successors[answer.tokens(t).Refresh]++
		})
	}
	racing.Wait()
	if len(successors) != 1 {
		t.Errorf("there are %d successors, want one", len(successors))
	}

	a.want(t, http.StatusNoContent, "POST", "/logout/all", session.Access, nil)
	a.rejected(t, "token_revoked", session.Access)
	for i, c := range clients[1:] {
		eventually(t, patience, fmt.Sprintf("replica %d refuses what another revoked", i+1), func() bool {
			return c.call(t, "GET", "/protected", session.Access, nil).problem(http.StatusUnauthorized, "token_revoked") == ""
		})
	}

	// A key that one replica does not know yet is the next key of all.
	operate[any](t, servers[0].data, "", "key", "rotate", "--db", servers[0].database())
	next := a.login(t, "ada")
	for i, c := range clients {
		eventually(t, patience, fmt.Sprintf("replica %d accepts the new key", i), func() bool {
			return c.call(t, "GET", "/protected", next.Access, nil).status == http.StatusOK
		})
	}
	for _, server := range servers {
		server.stop()
	}
}

// database is the URL after --db.
func (p *process) database() string {
	for i, arg := range p.cmd.Args {
		if arg == "--db" {
			return p.cmd.Args[i+1]
		}
	}
	return ""
}

func TestAReplicaOfPostgreSQLWithAnotherMasterKeyDoesNotStart(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	start(t, "--db", url)
	for name, data := range map[string]string{"another": start(t).data, "none": filepath.Join(t.TempDir(), "empty")} {
		_, complaint, status := command(t, "", "serve", "--addr", "127.0.0.1:0", "--data", data, "--db", url)
		if status != 1 || !strings.Contains(complaint, "the master key is") || strings.Count(complaint, "\n") != 1 {
			t.Errorf("%s: status %d and %q, want 1 and one sentence about the master key", name, status, complaint)
		}
	}
}

// TestALossOfPostgreSQLIsNoticedAndSurvived stops the database under a server.
func TestALossOfPostgreSQLIsNoticedAndSurvived(t *testing.T) {
	t.Parallel()
	postgres := pgtest.Start(t)
	server := start(t, "--db", postgres.Database(t))
	c := server.client()
	c.register(t, "ada")
	session := c.login(t, "ada")
	ready := func() int { return c.call(t, "GET", "/readyz", "", nil).status }
	if got := ready(); got != http.StatusOK {
		t.Fatalf("readyz answers %d, want 200", got)
	}

	if err := postgres.End(syscall.SIGQUIT); err != nil {
		t.Fatal(err)
	}
	eventually(t, 5*time.Second, "the server is not ready", func() bool { return ready() == http.StatusServiceUnavailable })
	c.accepted(t, session.Access)
	lost := c.refused(t, http.StatusServiceUnavailable, "busy", "POST", "/refresh", "", members{"refresh_token": session.Refresh})
	if lost.header.Get("Retry-After") == "" {
		t.Error("a refresh without a database has no Retry-After")
	}
	c.refused(t, http.StatusServiceUnavailable, "busy", "POST", "/login", "", members{"username": "ada", "password": password})

	if err := postgres.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, patience, "the server is ready again", func() bool { return ready() == http.StatusOK })
	c.refresh(t, session.Refresh)
	server.signal(syscall.SIGTERM)
	server.wait()
	if server.err != nil {
		t.Errorf("the server ended with %v", server.err)
	}
}
