package blackbox_test

import (
	"net/http"
	"testing"
	"time"
)

func TestWhatEndsASessionEndsItAtOnce(t *testing.T) {
	t.Parallel()
	server := start(t)
	c := server.client()
	c.register(t, "ada")
	c.register(t, "bob")

	t.Run("a password change ends every other session", func(t *testing.T) {
		here, there := c.login(t, "ada"), c.login(t, "ada")
		other := "another " + password
		c.refused(t, http.StatusForbidden, "wrong_password", "PUT", "/me/password", here.Access, members{"current_password": "wrong " + password, "new_password": other})
		c.accepted(t, there.Access)
		c.want(t, http.StatusNoContent, "PUT", "/me/password", here.Access, members{"current_password": password, "new_password": other})
		c.rejected(t, "token_revoked", there.Access)
		c.refreshRefused(t, "invalid_refresh_token", there.Refresh)
		here = c.refresh(t, here.Refresh)
		c.accepted(t, here.Access)
		c.refused(t, http.StatusUnauthorized, "invalid_credentials", "POST", "/login", "", members{"username": "ada", "password": password})
		c.want(t, http.StatusNoContent, "PUT", "/me/password", here.Access, members{"current_password": other, "new_password": password})
	})

	t.Run("a logout everywhere ends all sessions of the user and nobody else's", func(t *testing.T) {
		here, there, bob := c.login(t, "ada"), c.login(t, "ada"), c.login(t, "bob")
		c.want(t, http.StatusNoContent, "POST", "/logout/all", here.Access, nil)
		for _, ended := range []tokens{here, there} {
			c.rejected(t, "token_revoked", ended.Access)
			c.refreshRefused(t, "invalid_refresh_token", ended.Refresh)
		}
		c.accepted(t, bob.Access)
		c.refresh(t, bob.Refresh)
	})

	t.Run("a session is listed, and ended by its id from another one", func(t *testing.T) {
		here, there, bob := c.login(t, "ada"), c.login(t, "ada"), c.login(t, "bob")
		type session struct {
			ID      string
			Current bool
			IP      string
		}
		list := func(token string) map[string]session {
			byID := map[string]session{}
			for _, s := range decoded[struct{ Sessions []session }](t, c.want(t, http.StatusOK, "GET", "/me/sessions", token, nil)).Sessions {
				byID[s.ID] = s
			}
			return byID
		}
		listed := list(here.Access)
		if len(listed) != 2 || !listed[here.Session].Current || listed[there.Session].Current || listed[there.Session].IP != "127.0.0.1" {
			t.Errorf("the sessions are %+v, want this one and %s", listed, there.Session)
		}
		c.refused(t, http.StatusNotFound, "session_not_found", "DELETE", "/me/sessions/"+bob.Session, here.Access, nil)
		c.accepted(t, bob.Access)
		c.want(t, http.StatusNoContent, "DELETE", "/me/sessions/"+there.Session, here.Access, nil)
		c.rejected(t, "token_revoked", there.Access)
		c.refreshRefused(t, "invalid_refresh_token", there.Refresh)
		if listed := list(here.Access); len(listed) != 1 {
			t.Errorf("the sessions are %+v, want this one alone", listed)
		}
	})

	t.Run("a refresh token alone logs its session out", func(t *testing.T) {
		here := c.login(t, "ada")
		c.want(t, http.StatusNoContent, "POST", "/logout", "", members{"refresh_token": here.Refresh})
		c.rejected(t, "token_revoked", here.Access)
		c.refreshRefused(t, "invalid_refresh_token", here.Refresh)
	})

	t.Run("a disabled user is out and stays out until enabled", func(t *testing.T) {
		here := c.login(t, "bob")
		operate[any](t, server.data, "", "user", "disable", "bob")
		eventually(t, time.Second, "the token of a disabled user is refused", func() bool {
			return c.call(t, "GET", "/protected", here.Access, nil).problem(http.StatusUnauthorized, "token_revoked") == ""
		})
		c.refreshRefused(t, "invalid_refresh_token", here.Refresh)
		c.refused(t, http.StatusUnauthorized, "invalid_credentials", "POST", "/login", "", members{"username": "bob", "password": password})
		operate[any](t, server.data, "", "user", "enable", "bob")
		c.rejected(t, "token_revoked", here.Access)
		c.accepted(t, c.login(t, "bob").Access)
	})

	t.Run("a deleted user leaves nothing behind that works", func(t *testing.T) {
		c.register(t, "eve")
		here := c.login(t, "eve")
		c.want(t, http.StatusNoContent, "DELETE", "/me", here.Access, nil)
		c.rejected(t, "token_revoked", here.Access)
		c.refreshRefused(t, "invalid_refresh_token", here.Refresh)
		c.refused(t, http.StatusUnauthorized, "invalid_credentials", "POST", "/login", "", members{"username": "eve", "password": password})
		c.register(t, "eve")
		c.rejected(t, "token_revoked", here.Access)
	})
	server.stop()
	healthy(t, server.data)
}

func TestTwoTabsRefreshWithTheSameToken(t *testing.T) {
	t.Parallel()
	server := start(t, "--refresh-grace", "60s")
	c := server.client()
	c.register(t, "ada")

	session := c.login(t, "ada")
	one, two := c.refresh(t, session.Refresh), c.refresh(t, session.Refresh)
	if one.Refresh != two.Refresh {
		t.Error("two tabs have different successors of one refresh token")
	}
	c.accepted(t, one.Access)
	c.accepted(t, two.Access)
	next := c.refresh(t, one.Refresh)
	c.accepted(t, next.Access)
	// The successor has been used, so nobody can have lost the answer that held it.
	c.refreshRefused(t, "refresh_token_reused", session.Refresh)
	c.rejected(t, "token_revoked", next.Access)

	server = server.restart("--refresh-grace", "1ms")
	c = server.client()
	session = c.login(t, "ada")
	successor := c.refresh(t, session.Refresh)
	eventually(t, time.Second, "the grace is over", func() bool {
		return c.call(t, "POST", "/refresh", "", members{"refresh_token": session.Refresh}).problem(http.StatusUnauthorized, "refresh_token_reused") == ""
	})
	c.rejected(t, "token_revoked", successor.Access)
	server.stop()
	if got := len(events(t, server.data, "--action", "session.reuse")); got != 2 {
		t.Errorf("the audit log has %d cases of reuse, want 2", got)
	}
}
