package blackbox_test

import (
	"net/http"
	"slices"
	"testing"
)

// kept wants everything that was acknowledged to be so still. The lineages come first: a rotation whose answer was lost
// can be asked for again within the grace alone. admin is the access token of an administrator, or "" when each who
// registered is to log in.
func (a *acknowledged) kept(t *testing.T, c *client, admin string) {
	t.Helper()
	for i, line := range a.lineages {
		if line.rotations == 0 {
			c.refresh(t, line.successor)
			continue
		}
		if i%2 == 0 {
			line.oneLineage(t, c)
		}
		if i%2 == 1 || !line.pending {
			next := c.refresh(t, line.successor)
			c.accepted(t, next.Access)
			c.refreshRefused(t, "refresh_token_reused", line.predecessor)
			c.refreshRefused(t, "invalid_refresh_token", next.Refresh)
		}
	}
	a.registered(t, c, admin)
	for _, session := range a.logouts {
		c.rejected(t, "token_revoked", session.Access)
		c.refreshRefused(t, "invalid_refresh_token", session.Refresh)
	}
	for _, p := range a.promotions {
		p.kept(t, c, admin)
	}
}

// oneLineage presents the predecessor: it leads to the successor that was answered, or to nothing.
func (l lineage) oneLineage(t *testing.T, c *client) {
	t.Helper()
	a := c.call(t, "POST", "/refresh", "", members{"refresh_token": l.predecessor})
	if a.status == http.StatusOK {
		if got := a.tokens(t).Refresh; got != l.successor {
			t.Error("the predecessor of an acknowledged rotation has a second successor")
		}
		return
	}
	// The rotation whose answer was lost took place: then the predecessor is two generations old.
	if complaint := a.problem(http.StatusUnauthorized, "refresh_token_reused"); complaint != "" || !l.pending {
		t.Errorf("the predecessor of an acknowledged rotation: %s (an answer was lost: %t)", complaint, l.pending)
	}
}

// registered looks each name up as an administrator, which costs no password hash, and lets two of them log in.
func (a *acknowledged) registered(t *testing.T, c *client, admin string) {
	t.Helper()
	const logins = 2
	for i, name := range a.registrations {
		if admin == "" || i < logins {
			c.login(t, name)
			continue
		}
		found := decoded[struct{ Users []struct{ Username string } }](t, c.want(t, http.StatusOK, "GET", "/admin/users?limit=1&search="+name, admin, nil))
		if len(found.Users) != 1 || found.Users[0].Username != name {
			t.Errorf("the registration of %s was acknowledged, and the list has %v", name, found.Users)
		}
	}
}

// kept wants the roles that were acknowledged last, or those whose answer was lost, and the tokens with older
// ones to stay refused.
func (p promotion) kept(t *testing.T, c *client, admin string) {
	t.Helper()
	if p.changes == 0 {
		return
	}
	user := decoded[struct{ Roles []string }](t, c.want(t, http.StatusOK, "GET", "/admin/users/"+p.user, admin, nil))
	want := []string{p.role}
	if !slices.Equal(user.Roles, want) && (p.pending == "" || !slices.Equal(user.Roles, []string{p.pending})) {
		t.Errorf("the roles are %q, want %q (or %q, whose answer was lost)", user.Roles, want, p.pending)
	}
	c.rejected(t, "token_revoked", p.before.Access)
}
