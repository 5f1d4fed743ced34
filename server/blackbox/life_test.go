package blackbox_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestTheLifeOfAUser(t *testing.T) {
	t.Parallel()
	server := start(t)
	c := server.client()
	eventually(t, patience, "the greeting on new data has a first request and the first administrator", func() bool {
		return inOrder(server.greeting(), []string{server.url + "/register", "durward user add grace --role admin --data "})
	})

	registered := c.want(t, http.StatusCreated, "POST", "/register", "", members{"username": "Ada", "password": password, "email": "ada@example.org"})
	if got := decoded[struct{ Message string }](t, registered).Message; got != "User registered successfully" {
		t.Errorf("the message is %q", got)
	}
	c.refused(t, http.StatusConflict, "username_taken", "POST", "/register", "", members{"username": "ADA", "password": password})
	c.refused(t, http.StatusUnauthorized, "invalid_credentials", "POST", "/login", "", members{"username": "Ada", "password": "something else"})

	first := c.login(t, "ada")
	if first.ExpiresIn != 900 || first.Session == "" {
		t.Errorf("the answer to a login is %+v", first)
	}
	if got := string(c.want(t, http.StatusOK, "GET", "/protected", first.Access, nil).body); got != `{"message":"This is a protected route","user":"Ada"}`+"\n" {
		t.Errorf("the protected route says %q", got)
	}
	c.rejected(t, "token_missing", "")
	c.rejected(t, "token_invalid", first.Access[:len(first.Access)-4])
	c.refused(t, http.StatusForbidden, "insufficient_role", "GET", "/admin", first.Access, nil)

	// The operator gives her a role by the command line: her token is revoked on the running server within a second.
	operate[any](t, server.data, "", "user", "roles", "ada", "admin")
	eventually(t, time.Second, "the token with the old roles is refused", func() bool {
		return c.call(t, "GET", "/protected", first.Access, nil).problem(http.StatusUnauthorized, "token_revoked") == ""
	})
	second := c.refresh(t, first.Refresh)
	if got := string(c.want(t, http.StatusOK, "GET", "/admin", second.Access, nil).body); got != `{"message":"Welcome to the admin panel"}`+"\n" {
		t.Errorf("the admin route says %q", got)
	}
	if second.Session != first.Session {
		t.Errorf("the refresh answers for the session %s, want %s", second.Session, first.Session)
	}

	c.want(t, http.StatusNoContent, "POST", "/logout", second.Access, nil)
	c.rejected(t, "token_revoked", second.Access)
	c.refreshRefused(t, "invalid_refresh_token", second.Refresh)
	c.want(t, http.StatusNoContent, "POST", "/logout", second.Access, nil)
	server.stop()

	var actions []string
	for _, e := range events(t, server.data, "--user", "ada") {
		actions = append([]string{e.Action + " " + e.Outcome}, actions...)
	}
	story := strings.Join(actions, ", ")
	want := "user.create success, session.login refused, session.login success, user.roles success, session.refresh success, session.logout success"
	if !inOrder(story, strings.Split(want, ", ")) {
		t.Errorf("the audit log says %s, want in this order %s", story, want)
	}
	// Refusals that change nothing are written in bundles, up to a second later.
	if !strings.Contains(story, "access.forbidden refused") {
		t.Errorf("the audit log says %s, want a refused access", story)
	}
	healthy(t, server.data)
}

// inOrder says whether the parts stand in the text one after another.
func inOrder(text string, parts []string) bool {
	for _, part := range parts {
		_, rest, ok := strings.Cut(text, part)
		if !ok {
			return false
		}
		text = rest
	}
	return true
}

func TestARestartForgetsNothing(t *testing.T) {
	t.Parallel()
	server := start(t, "--refresh-grace", "60s")
	c := server.client()
	c.register(t, "ada")
	c.register(t, "bob")
	kept, reused, ended, idle := c.login(t, "ada"), c.login(t, "ada"), c.login(t, "ada"), c.login(t, "bob")
	c.want(t, http.StatusNoContent, "POST", "/logout", ended.Access, nil)
	later := c.refresh(t, c.refresh(t, reused.Refresh).Refresh)
	again := c.refresh(t, kept.Refresh)
	kid := activeKey(t, server.data)

	server = server.restart("--refresh-grace", "60s")
	c = server.client()
	c.accepted(t, kept.Access)
	c.accepted(t, again.Access)
	c.accepted(t, idle.Access)
	c.rejected(t, "token_revoked", ended.Access)
	c.refreshRefused(t, "invalid_refresh_token", ended.Refresh)
	c.login(t, "bob")
	if got := activeKey(t, server.data); got != kid {
		t.Errorf("after the restart %s signs, want %s", got, kid)
	}

	// A token two generations old is a copy that somebody kept, before the restart as after it.
	c.refreshRefused(t, "refresh_token_reused", reused.Refresh)
	c.rejected(t, "token_revoked", later.Access)
	c.refreshRefused(t, "invalid_refresh_token", later.Refresh)

	// A lost answer is answered again, also by the server that did not give it.
	if got := c.refresh(t, kept.Refresh); got.Refresh != again.Refresh {
		t.Error("the same refresh token was answered with another successor after the restart")
	}

	// A rotated key signs no more but verifies, also after another restart.
	operate[any](t, server.data, "", "key", "rotate")
	eventually(t, 5*time.Second, "the next key signs", func() bool {
		return keyOf(t, c.login(t, "bob").Access) != kid
	})
	c.accepted(t, again.Access)
	server = server.restart()
	c = server.client()
	c.accepted(t, again.Access)
	c.rejected(t, "token_revoked", ended.Access)
	c.rejected(t, "token_revoked", later.Access)
	if got := decoded[struct{ Keys []any }](t, c.want(t, http.StatusOK, "GET", "/.well-known/jwks.json", "", nil)).Keys; len(got) != 3 {
		t.Errorf("the key set has %d keys, want 3: retired, active and next", len(got))
	}
	server.stop()
	healthy(t, server.data)
}
