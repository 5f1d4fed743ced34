package blackbox_test

import (
	"maps"
	"net/http"
	"strconv"
	"testing"
)

func TestFailedSignInsAreLimitedAcrossARestart(t *testing.T) {
	t.Parallel()
	server := start(t)
	c := server.client()
	c.register(t, "ada")
	c.register(t, "bob")
	wrong := members{"username": "ada", "password": "not " + password}
	right := members{"username": "ada", "password": password}

	const budget = 10 // failures for one account from one address
	for range budget {
		c.refused(t, http.StatusUnauthorized, "invalid_credentials", "POST", "/login", "", wrong)
	}
	throttled := func(c *client, body members) {
		t.Helper()
		a := c.refused(t, http.StatusTooManyRequests, "too_many_attempts", "POST", "/login", "", body)
		if seconds, err := strconv.Atoi(a.header.Get("Retry-After")); err != nil || seconds < 1 || seconds > 15*60 {
			t.Errorf("Retry-After is %q, want 1 to 900 seconds", a.header.Get("Retry-After"))
		}
	}
	throttled(c, wrong)
	throttled(c, right)
	c.login(t, "bob")

	server = server.restart()
	c = server.client()
	throttled(c, right)
	c.login(t, "bob")

	// An unknown name is no different.
	unknown := members{"username": "nobody", "password": password}
	for range budget {
		c.refused(t, http.StatusUnauthorized, "invalid_credentials", "POST", "/login", "", unknown)
	}
	throttled(c, unknown)
	server.stop()

	refused := map[string]int{}
	for _, e := range events(t, server.data, "--action", "session.login", "--outcome", "refused") {
		refused[e.Reason] += e.Count
	}
	want := map[string]int{"wrong_password": budget, "unknown_user": budget, "too_many_attempts": 4}
	if !maps.Equal(refused, want) {
		t.Errorf("the audit log counts %v, want %v", refused, want)
	}
}
