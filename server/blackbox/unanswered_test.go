package blackbox_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/pgtest"
)

// TestACommitWhoseAnswerIsLostIsAnsweredAsEver loses the answers of PostgreSQL to commits that cannot be repeated by a client, and their
// connections with them.
func TestACommitWhoseAnswerIsLostIsAnsweredAsEver(t *testing.T) {
	t.Parallel()
	direct := pgtest.Database(t)
	at, err := url.Parse(direct)
	if err != nil {
		t.Fatal(err)
	}
	link := newLink(t, at.Host)
	server := start(t, "--db", link.through(direct))
	o := opened(t, server.data, direct)
	defer o.close()
	o.user("root", "admin")
	c, root := server.client(), o.open("root", 1)[0].Access
	keys := func() int {
		return len(decoded[struct{ Keys []any }](t, c.want(t, http.StatusOK, "GET", "/admin/keys", root, nil)).Keys)
	}
	before := keys()
	acts := map[audit.Action]struct {
		path   string
		body   any
		status int
	}{
		audit.UserCreate:   {"/register", members{"username": "ada", "password": password}, http.StatusCreated},
		audit.ClientCreate: {"/admin/clients", members{"name": "billing", "scopes": []string{"read"}}, http.StatusCreated},
		audit.KeyRotate:    {"/admin/keys/rotate", nil, http.StatusOK},
		audit.SessionLogin: {"/login", members{"username": "root", "password": password}, http.StatusOK},
	}
	for action, act := range acts {
		events := func() int {
			list, err := o.data.Store.Events(t.Context(), audit.Query{Action: action, Outcome: audit.Success, Limit: 1000})
			if err != nil {
				t.Fatal(err)
			}
			return len(list)
		}
		count := events()
		link.deaf.Store(3) // the server's own commits among them
		c.want(t, act.status, "POST", act.path, root, act.body)
		if left := link.deaf.Load(); left > 2 {
			t.Errorf("%s: %d answers left to lose, want fewer than 3", action, left)
		}
		link.deaf.Store(0)
		if got := events() - count; got != 1 {
			t.Errorf("%s: got %d events, want 1", action, got)
		}
	}
	if got := keys() - before; got != 1 {
		t.Errorf("got %d keys more after one rotation, want 1", got)
	}
	c.login(t, "ada")
}
