package blackbox_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/revocation"
	"github.com/durward-auth/durward/server/internal/pgtest"
	"github.com/durward-auth/durward/statuslist"
)

// program adds a client with a scope of its own and takes a token for it.
func (p *process) program(c *client, name string) (id, token string) {
	p.t.Helper()
	added := addClient(p.t, p, name, "read")
	return added.ID, c.granted(p.t, added)
}

// Case F06: what is revoked at the server, in whichever way, is refused at a verifier that never asks it.
func TestWhatIsRevokedIsRefusedAtAVerifier(t *testing.T) {
	t.Parallel()
	l := newFront(t)
	server := l.start(t)
	c := server.client()
	for _, name := range []string{"ada", "bob", "eve"} {
		c.register(t, name)
	}
	root := server.administrator(t, "root").Access
	v := l.verifier(server, revocation.Options{})
	id := func(name string) string {
		found := decoded[struct {
			Users []struct{ ID, Username string }
		}](t, c.want(t, http.StatusOK, "GET", "/admin/users?search="+name, root, nil)).Users
		if len(found) != 1 {
			t.Fatalf("got %d users named %s", len(found), name)
		}
		return found[0].ID
	}
	for _, way := range []struct {
		name   string
		revoke func(t *testing.T) (token string)
	}{
		{"a logout", func(t *testing.T) string {
			token := c.login(t, "ada").Access
			v.accepts(t, token)
			c.want(t, http.StatusNoContent, "POST", "/logout", token, nil)
			return token
		}},
		{"a token revoked by its holder", func(t *testing.T) string {
			_, token := server.program(c, "billing")
			v.accepts(t, token)
			r, err := http.NewRequest("POST", c.base+"/revoke", strings.NewReader("token="+token))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Authorization", "Bearer "+token)
			if a, err := c.do(r); err != nil || a.status != http.StatusOK {
				t.Fatalf("POST /revoke: status %d and error %v: %s", a.status, err, a.body)
			}
			return token
		}},
		{"a session ended by its user", func(t *testing.T) string {
			here, there := c.login(t, "ada"), c.login(t, "ada")
			v.accepts(t, there.Access)
			c.want(t, http.StatusNoContent, "DELETE", "/me/sessions/"+there.Session, here.Access, nil)
			return there.Access
		}},
		{"durward user disable", func(t *testing.T) string {
			token := c.login(t, "bob").Access
			v.accepts(t, token)
			operate[any](t, server.data, "", "user", "disable", "bob")
			return token
		}},
		{"POST /admin/users/{id}/disable", func(t *testing.T) string {
			token := c.login(t, "eve").Access
			v.accepts(t, token)
			c.want(t, http.StatusOK, "POST", "/admin/users/"+id("eve")+"/disable", root, nil)
			return token
		}},
		{"durward client revoke", func(t *testing.T) string {
			_, token := server.program(c, "reports")
			v.accepts(t, token)
			operate[any](t, server.data, "", "client", "revoke", "reports")
			return token
		}},
		{"DELETE /admin/clients/{id}", func(t *testing.T) string {
			client, token := server.program(c, "mailer")
			v.accepts(t, token)
			c.want(t, http.StatusNoContent, "DELETE", "/admin/clients/"+client, root, nil)
			return token
		}},
		{"durward key revoke", func(t *testing.T) string { // case E05
			token := c.login(t, "ada").Access
			v.accepts(t, token)
			operate[any](t, server.data, "", "key", "revoke", keysOf(t, server.data, "active")[0])
			return token
		}},
		{"DELETE /admin/keys/{kid}", func(t *testing.T) string { // case E05
			settles(t, "the server signs with its next key", func() bool {
				status, _ := ask(v.guard, c.login(t, "root").Access)
				return status == http.StatusNoContent
			})
			root = c.login(t, "root").Access
			token := c.login(t, "ada").Access
			v.accepts(t, token)
			c.want(t, http.StatusNoContent, "DELETE", "/admin/keys/"+keysOf(t, server.data, "active")[0], root, nil)
			return token
		}},
	} {
		t.Run(way.name, func(t *testing.T) {
			took := v.refuses(t, way.revoke(t))
			t.Logf("refused %v after the answer", took.Round(time.Millisecond))
		})
	}
	if got := v.log.text(); got != "" {
		t.Errorf("the follower complains:\n%s", got)
	}
	server.stop()
}

// The server is killed, and while it is down a user is disabled: the follower goes on from its cursor and has missed nothing.
func TestAFollowerOutlivesAKilledServer(t *testing.T) {
	t.Parallel()
	l := newFront(t)
	server := l.start(t)
	c := server.client()
	c.register(t, "ada")
	c.register(t, "bob")
	v := l.verifier(server, revocation.Options{})
	ada, bob, kept := c.login(t, "ada"), c.login(t, "bob"), c.login(t, "ada")
	v.accepts(t, ada.Access)
	v.accepts(t, bob.Access)
	epoch, _, _ := strings.Cut(v.feed.Status().Cursor, ".")

	c.want(t, http.StatusNoContent, "POST", "/logout", ada.Access, nil)
	server.kill() // maybe before the event was sent
	operate[any](t, server.data, "", "user", "disable", "bob")
	server = l.restart(server)
	v.refuses(t, ada.Access)
	v.refuses(t, bob.Access)
	v.accepts(t, kept.Access)
	settles(t, "the follower is in step again", func() bool { return v.feed.Status().Err == nil })
	status := v.feed.Status()
	if now, _, _ := strings.Cut(status.Cursor, "."); now != epoch || status.Reconnects == 0 {
		t.Errorf("got the cursor %s after %d reconnections, want one of the epoch %s", status.Cursor, status.Reconnects, epoch)
	}
	// A server that stops in order says so, and is followed again.
	server.stop()
	server = l.restart(server)
	again := server.client()
	again.want(t, http.StatusNoContent, "POST", "/logout", kept.Access, nil)
	v.refuses(t, kept.Access)
	server.stop()
}

// Case F16: without the feed a verifier refuses what it cannot judge once MaxStaleness is over, whether the server is gone
// or the link keeps everything, and goes on when the feed is back.
func TestAVerifierWithoutTheFeedAnswers503(t *testing.T) {
	t.Parallel()
	l := newFront(t)
	server := l.start(t)
	c := server.client()
	c.register(t, "ada")
	const bound = 5 * time.Second
	v := l.verifier(server, revocation.Options{MaxStaleness: bound})
	ended, lives := c.login(t, "ada").Access, c.login(t, "ada").Access
	c.want(t, http.StatusNoContent, "POST", "/logout", ended, nil)
	v.refuses(t, ended)
	stale := func(t *testing.T) {
		t.Helper()
		settles(t, "the verifier refuses to judge", func() bool {
			status, code := ask(v.guard, lives)
			if status != http.StatusNoContent && status != http.StatusServiceUnavailable {
				t.Fatalf("the verifier answers %d %s, want 204 and then 503", status, code)
			}
			return status == http.StatusServiceUnavailable
		})
		status := v.feed.Status()
		if age := time.Since(status.LastHeartbeat); age < bound-time.Second || !status.Stale {
			t.Errorf("503 came %v after the last heartbeat, want about %v: %+v", age, bound, status)
		} else {
			t.Logf("503 came %v after the last heartbeat, the bound is %v", age.Round(time.Millisecond), bound)
		}
		if status, code := ask(v.guard, ended); status != http.StatusUnauthorized || code != "token_revoked" {
			t.Errorf("the verifier answers %d %s for what it knows to be revoked, want 401 token_revoked", status, code)
		}
	}
	fresh := func(t *testing.T) {
		t.Helper()
		settles(t, "the verifier judges again", func() bool {
			status, _ := ask(v.guard, lives)
			return status == http.StatusNoContent
		})
	}
	t.Run("while the link keeps everything", func(t *testing.T) {
		missed := c.login(t, "ada").Access
		l.cut()
		c.want(t, http.StatusNoContent, "POST", "/logout", missed, nil)
		stale(t)
		l.mend()
		fresh(t)
		v.refuses(t, missed)
	})
	t.Run("while the server is down", func(t *testing.T) {
		server.stop()
		stale(t)
		server = l.restart(server)
		fresh(t)
	})
	server.stop()
}

// The access token of the follower itself expires again and again, and nobody notices.
func TestAFollowerRenewsItsTokenUnnoticed(t *testing.T) {
	t.Parallel()
	l := newFront(t)
	server := l.start(t, "--access-ttl", "6s")
	c := server.client()
	c.register(t, "ada")
	v := l.verifier(server, revocation.Options{})
	for renewals := 1; renewals <= 2; renewals++ {
		settles(t, "the token is renewed", func() bool { return v.feed.Status().Reconnects >= renewals })
		session := c.login(t, "ada")
		c.want(t, http.StatusNoContent, "POST", "/logout", session.Access, nil)
		settles(t, "the session is revoked", func() bool {
			kind, err := v.feed.Revoked("", session.Session, "", "", 0)
			if err != nil {
				t.Fatalf("got error %v while the token is renewed: %+v", err, v.feed.Status())
			}
			return kind == revocation.Session
		})
	}
	if got := v.log.text(); got != "" {
		t.Errorf("the follower complains:\n%s", got)
	}
	server.stop()
}

// A verifier whose client is revoked loses its stream, is told why, and does not go on blindly.
func TestTheStreamOfARevokedClientEnds(t *testing.T) {
	t.Parallel()
	l := newFront(t)
	server := l.start(t)
	c := server.client()
	c.register(t, "ada")
	v := l.verifier(server, revocation.Options{MaxStaleness: 5 * time.Second})
	token := c.login(t, "ada").Access
	v.accepts(t, token)
	operate[any](t, server.data, "", "client", "revoke", "orders")
	settles(t, "the follower says that its client is refused", func() bool {
		status := v.feed.Status()
		return !status.Connected && status.Err != nil && strings.Contains(status.Err.Error(), "invalid_client")
	})
	settles(t, "the log tells the operator", func() bool { return strings.Contains(v.log.text(), "invalid_client") })
	settles(t, "the verifier refuses to judge", func() bool {
		status, _ := ask(v.guard, token)
		return status == http.StatusServiceUnavailable
	})
	server.stop()
}

// A logout at one replica is refused at a verifier that follows another.
func TestAFollowerOfOneReplicaHearsOfTheOther(t *testing.T) {
	t.Parallel()
	url, l := pgtest.Database(t), newFront(t)
	data := filepath.Join(t.TempDir(), "data")
	one := startOn(t, data, "--issuer", l.url, "--db", url)
	other := startOn(t, data, "--issuer", l.url, "--db", url)
	l.leadTo(one)
	v := l.verifier(one, revocation.Options{}, "--db", url)
	c := other.client()
	c.register(t, "ada")
	token := c.login(t, "ada").Access
	v.accepts(t, token)
	c.want(t, http.StatusNoContent, "POST", "/logout", token, nil)
	t.Logf("refused %v after the answer of the other replica", v.refuses(t, token).Round(time.Millisecond))
	// The follower moves to the replica that is left, and its cursor means the same there.
	l.leadTo(other)
	epoch, _, _ := strings.Cut(v.feed.Status().Cursor, ".")
	one.stop()
	token = c.login(t, "ada").Access
	c.want(t, http.StatusNoContent, "POST", "/logout", token, nil)
	v.refuses(t, token)
	if now, _, _ := strings.Cut(v.feed.Status().Cursor, "."); now != epoch {
		t.Errorf("got the epoch %s at the other replica, want %s", now, epoch)
	}
	other.stop()
}

// A verifier that knows no feed sees a logout in the status list, when its copy is as old as the list allows.
func TestAStatusListTellsOfALogout(t *testing.T) {
	t.Parallel()
	l := newFront(t)
	server := l.start(t, "--status-list-ttl", "1s")
	c := server.client()
	c.register(t, "ada")
	statuses, err := statuslist.New(statuslist.Config{Issuer: l.url, Keys: l.keys(t), Required: true})
	if err != nil {
		t.Fatal(err)
	}
	guard := l.guard(t, statuses.Check)
	ended, lives := c.login(t, "ada").Access, c.login(t, "ada").Access
	for _, token := range []string{ended, lives} {
		if status, code := ask(guard, token); status != http.StatusNoContent {
			t.Fatalf("the verifier answers %d %s, want 204", status, code)
		}
	}
	begin := time.Now()
	c.want(t, http.StatusNoContent, "POST", "/logout", ended, nil)
	settles(t, "the status list tells of the logout", func() bool {
		status, code := ask(guard, ended)
		if status == http.StatusUnauthorized && code != "token_revoked" {
			t.Fatalf("the verifier answers %s, want token_revoked", code)
		}
		return status == http.StatusUnauthorized
	})
	t.Logf("refused %v after the logout, with a ttl of 1s", time.Since(begin).Round(time.Millisecond))
	if status, code := ask(guard, lives); status != http.StatusNoContent {
		t.Errorf("the verifier answers %d %s for another session, want 204", status, code)
	}

	keys := l.keys(t)
	a := c.want(t, http.StatusOK, "GET", "/statuslist/0", "", nil)
	list, err := statuslist.Verify(t.Context(), keys, string(a.body), 1<<24)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := durward.NewVerifier(durward.Config{Issuer: l.url, Audience: l.url, Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	for token, want := range map[string]statuslist.Status{ended: statuslist.Invalid, lives: statuslist.Valid} {
		claims, err := verifier.Verify(t.Context(), token)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := list.List.Get(claims.Status.Index); !ok || got != want || claims.Status.URI != list.URI || list.URI != l.url+"/statuslist/0" {
			t.Errorf("place %d of %s: got %v, %v, want %v", claims.Status.Index, claims.Status.URI, got, ok, want)
		}
	}
	server.stop()
}
