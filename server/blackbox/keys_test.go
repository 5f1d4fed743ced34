package blackbox_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// keyState is a key as durward key list and /admin/keys show it.
type keyState struct{ Kid, Alg, State string }

// keysOf are the kids in a state, the oldest first.
func keysOf(t *testing.T, data, state string) (kids []string) {
	t.Helper()
	for _, key := range operate[struct{ Keys []keyState }](t, data, "", "key", "list").Keys {
		if key.State == state {
			kids = append(kids, key.Kid)
		}
	}
	return kids
}

// administrator registers a user with the role, and logs in.
func (p *process) administrator(t *testing.T, name string) tokens {
	t.Helper()
	operate[any](t, p.data, password, "user", "add", name, "--role", "admin", "--password-stdin")
	return p.client().login(t, name)
}

// signedBy refreshes until the token is of the key, which another process may just have made active.
func (c *client) signedBy(t *testing.T, kid string, session tokens) tokens {
	t.Helper()
	eventually(t, patience, "a token of the key "+kid, func() bool {
		session = c.refresh(t, session.Refresh)
		return keyOf(t, session.Access) == kid
	})
	return session
}

// publishes says whether the key set of the server has a key.
func (c *client) publishes(t *testing.T, kid string) bool {
	t.Helper()
	set := decoded[struct{ Keys []keyState }](t, c.want(t, http.StatusOK, "GET", "/.well-known/jwks.json", "", nil))
	return slices.ContainsFunc(set.Keys, func(key keyState) bool { return key.Kid == kid })
}

// Keys are rotated and revoked in each of their states beside a running server, by its route and by the command: it follows by
// itself, refuses what a revoked key has signed and nothing else, and so it stays after a restart.
func TestKeysAreRotatedAndRevokedWhileTheServerRuns(t *testing.T) {
	t.Parallel()
	server := start(t)
	c := server.client()
	session := server.administrator(t, "ada")
	first := keyOf(t, session.Access)
	old := session.Access

	next := keysOf(t, server.data, "next")[0]
	operate[any](t, server.data, "", "key", "rotate")
	session = c.signedBy(t, next, session)
	c.accepted(t, old)
	c.accepted(t, session.Access)

	operate[any](t, server.data, "", "key", "revoke", first)
	eventually(t, patience, "a token of the retired key is refused", func() bool {
		return c.call(t, "GET", "/protected", old, nil).problem(http.StatusUnauthorized, "token_revoked") == ""
	})
	c.accepted(t, session.Access)

	unused := keysOf(t, server.data, "next")[0]
	c.want(t, http.StatusNoContent, "DELETE", "/admin/keys/"+unused, session.Access, nil)
	c.accepted(t, session.Access)
	if c.publishes(t, unused) || len(keysOf(t, server.data, "next")) != 1 {
		t.Errorf("the next key %s was revoked: it is published still, or nothing is next", unused)
	}

	active := keyOf(t, session.Access)
	c.want(t, http.StatusNoContent, "DELETE", "/admin/keys/"+active, session.Access, nil)
	c.rejected(t, "token_revoked", session.Access)
	renewed := c.refresh(t, session.Refresh)
	if kid := keyOf(t, renewed.Access); kid == active {
		t.Errorf("after the revocation of the active key a token is of %s, want another", kid)
	}
	c.accepted(t, renewed.Access)
	c.want(t, http.StatusOK, "POST", "/admin/keys/rotate", renewed.Access, nil)
	c.accepted(t, renewed.Access)
	c.refused(t, http.StatusNotFound, "key_not_found", "DELETE", "/admin/keys/nothing", renewed.Access, nil)

	again := server.restart()
	c = again.client()
	c.accepted(t, renewed.Access)
	for _, token := range []string{old, session.Access} {
		c.rejected(t, "token_revoked", token)
	}
	for _, kid := range []string{first, unused, active} {
		if c.publishes(t, kid) {
			t.Errorf("the revoked key %s is in the key set after a restart", kid)
		}
	}
	if got := len(keysOf(t, server.data, "revoked")); got != 3 {
		t.Errorf("got %d revoked keys, want 3", got)
	}
	if got := len(events(t, server.data, "--action", "key.revoke")); got != 3 {
		t.Errorf("the audit log has %d revocations of keys, want 3", got)
	}
	again.stop()
}

func TestTheCommandsForKeysSayWhatTheyRefuse(t *testing.T) {
	t.Parallel()
	server := start(t)
	server.stop()
	data, kid := server.data, activeKey(t, server.data)
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"an unknown key is revoked":       {[]string{"key", "revoke", "nothing"}, `there is no signing key "nothing"`},
		"an unknown key is exported":      {[]string{"key", "export", "nothing"}, `there is no signing key "nothing"`},
		"a key is exported to a file":     {[]string{"key", "export", "--private", "--out", data}, "exists: name a new file"},
		"the new master key is in no way": {[]string{"key", "rewrap", "--to", data}, "master key"},
	} {
		out, complaint, status := command(t, "", append(test.args, "--data", data)...)
		if status != 1 || out != "" || !strings.Contains(complaint, test.want) || strings.Count(complaint, "\n") != 1 {
			t.Errorf("%s: got status %d, %q and %q, want 1, nothing and one line with %q", name, status, out, complaint, test.want)
		}
	}
	// Standard input is a pipe: nobody can be asked, and nothing is.
	_, complaint, status := command(t, "n\n", "key", "revoke", kid, "--data", data)
	if status != 0 || !strings.Contains(complaint, "is refused at once") || strings.Contains(complaint, "[y/N]") {
		t.Errorf("revoke without a terminal: got status %d and %q, want what it does and no question", status, complaint)
	}
	// Standard output is a pipe: the private key may go there, and the audit log has it.
	out, complaint, status := command(t, "", "key", "export", "--private", "--data", data)
	if status != 0 || !strings.Contains(out, "PRIVATE KEY") {
		t.Errorf("export into a pipe: got status %d and %q, want the key", status, complaint)
	}
	if got := events(t, data, "--action", "key.export"); len(got) != 1 || got[0].Target == kid {
		t.Errorf("exports in the audit log: got %+v, want the one of the new active key", got)
	}
}
