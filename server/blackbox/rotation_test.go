package blackbox_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"
)

// Two hundred goroutines refresh one session with the same token at once, round after round: every one of them is
// answered with the same successor, and the session lives.
func TestOneSuccessorForTwoHundredRefreshesAtOnce(t *testing.T) {
	t.Parallel()
	const clients = 200
	rounds := sized(1000, 250, 25, 3)
	server := start(t, "--refresh-grace", "60s", "--log-level", "error")
	c := server.client()
	c.register(t, "ada")
	session := c.login(t, "ada")
	before := len(events(t, server.data, "--action", "session.login"))

	seen := map[string]bool{session.Refresh: true}
	begin := time.Now()
	for round := range rounds {
		var answers [clients]tokens
		var complaints [clients]error
		together(clients, func(i int) {
			answers[i], complaints[i] = c.tryRefresh(session.Refresh)
		})
		for i, err := range complaints {
			if err != nil {
				t.Fatalf("round %d, client %d: %v", round, i, err)
			}
		}
		for i, got := range answers {
			if got.Refresh != answers[0].Refresh || got.Session != session.Session {
				t.Fatalf("round %d: the clients 0 and %d have different successors", round, i)
			}
		}
		if seen[answers[0].Refresh] {
			t.Fatalf("round %d: the successor is a token of an earlier round", round)
		}
		seen[answers[0].Refresh] = true
		session = answers[clients-1]
	}
	took := time.Since(begin)
	proved(t, "%d rounds of %d refreshes: %d successors in %v, %.0f refreshes a second", rounds, clients, len(seen)-1, took.Round(time.Millisecond), float64(rounds*clients)/took.Seconds())

	c.accepted(t, session.Access)
	sessions := decoded[struct{ Sessions []struct{ ID string } }](t, c.want(t, http.StatusOK, "GET", "/me/sessions", session.Access, nil)).Sessions
	if len(sessions) != 1 || sessions[0].ID != session.Session {
		t.Errorf("the sessions are %v, want %s alone", sessions, session.Session)
	}
	if got := c.refresh(t, session.Refresh); seen[got.Refresh] {
		t.Error("the last successor has no successor of its own")
	}
	server.stop()
	if got := len(events(t, server.data, "--action", "session.reuse")); got != 0 {
		t.Errorf("the audit log has %d cases of reuse, want none", got)
	}
	if got := len(events(t, server.data, "--action", "session.login")); got != before {
		t.Errorf("the audit log has %d logins, want %d", got, before)
	}
}

// tryRefresh is refresh for goroutines, which may not fail the test.
func (c *client) tryRefresh(token string) (tokens, error) {
	a, err := c.send("POST", "/refresh", "", members{"refresh_token": token})
	if err != nil {
		return tokens{}, err
	}
	if a.status != http.StatusOK {
		return tokens{}, fmt.Errorf("status %d: %s", a.status, a.body)
	}
	var answered tokens
	if err := json.Unmarshal(a.body, &answered); err != nil {
		return tokens{}, err
	}
	return answered, nil
}
