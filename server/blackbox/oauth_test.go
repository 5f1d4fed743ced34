package blackbox_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// clientOf is a client of the server (RFC 6749 §4.4).
type clientOf struct{ ID, Secret string }

func addClient(t *testing.T, server *process, name string, scopes ...string) clientOf {
	t.Helper()
	args := []string{"client", "add", name}
	for _, scope := range scopes {
		args = append(args, "--scope", scope)
	}
	return operate[struct{ Client clientOf }](t, server.data, "", args...).Client
}

// form posts parameters, which come in pairs, with an Authorization header unless it is "".
func (c *client) form(t *testing.T, path, authorization string, pairs ...string) answer {
	t.Helper()
	values := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		values.Add(pairs[i], pairs[i+1])
	}
	request, err := http.NewRequest("POST", c.base+path, strings.NewReader(values.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if authorization != "" {
		request.Header.Set("Authorization", authorization)
	}
	a, err := c.do(request)
	if err != nil {
		t.Fatalf("POST %s: %v", path, err)
	}
	return a
}

func (c clientOf) basic() string {
	r := http.Request{Header: http.Header{}}
	r.SetBasicAuth(c.ID, c.Secret)
	return r.Header.Get("Authorization")
}

// oauth fails the test unless the answer is an error of RFC 6749 §5.2.
func (a answer) oauth(t *testing.T, what string, status int, code string) {
	t.Helper()
	type failure struct {
		Error       string
		Description string `json:"error_description"`
	}
	var got failure
	if a.status == status {
		got = decoded[failure](t, a)
	}
	if got.Error != code || got.Description == "" || a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("%s: got %d %s, want %d %s", what, a.status, tail(string(a.body)), status, code)
	}
	if status == http.StatusUnauthorized && a.header.Get("WWW-Authenticate") == "" {
		t.Errorf("%s: got 401 without a challenge", what)
	}
}

const grant = "client_credentials"

// granted gets the client an access token.
func (c *client) granted(t *testing.T, by clientOf) string {
	t.Helper()
	a := c.form(t, "/token", by.basic(), "grant_type", grant)
	got := decoded[struct {
		tokens
		Type string `json:"token_type"`
	}](t, a)
	if a.status != http.StatusOK || got.Access == "" || got.Refresh != "" || got.Type != "Bearer" || a.header.Get("Cache-Control") != "no-store" {
		t.Fatalf("POST /token: got %d %s, want an access token alone", a.status, a.body)
	}
	return got.Access
}

// active asks what a token stands for.
func (c *client) active(t *testing.T, authorization, token string) bool {
	t.Helper()
	a := c.form(t, "/introspect", authorization, "token", token)
	if a.status != http.StatusOK {
		t.Fatalf("POST /introspect: got %d %s", a.status, a.body)
	}
	return decoded[struct{ Active bool }](t, a).Active
}

func TestClientsSignInAndNobodyElseDoes(t *testing.T) {
	t.Parallel()
	server := start(t)
	c := server.client()
	c.register(t, "ada")
	ada := c.login(t, "ada")
	billing, other := addClient(t, server, "billing", "orders:read"), addClient(t, server, "other")
	token := c.granted(t, billing)
	c.want(t, http.StatusNoContent, "GET", "/verify?scope=orders:read", token, nil)

	for _, test := range []struct {
		name, authorization string
		status              int
		code                string
		form                []string
	}{
		{"a wrong secret", clientOf{billing.ID, other.Secret}.basic(), 401, "invalid_client", []string{"grant_type", grant}},
		{"an unknown client", clientOf{"dwc_x", billing.Secret}.basic(), 401, "invalid_client", []string{"grant_type", grant}},
		{"nobody", "", 401, "invalid_client", []string{"grant_type", grant}},
		{"I13: a user's name and password", clientOf{"ada", password}.basic(), 401, "invalid_client", []string{"grant_type", grant}},
		{"I13: a user's access token", "Bearer " + ada.Access, 401, "invalid_client", []string{"grant_type", grant}},
		{"two ways at once", billing.basic(), 400, "invalid_request", []string{"grant_type", grant, "client_id", billing.ID, "client_secret", billing.Secret}},
		{"another client's id beside the credentials", billing.basic(), 400, "invalid_request", []string{"grant_type", grant, "client_id", other.ID}},
		{"a scope that was not granted", billing.basic(), 400, "invalid_scope", []string{"grant_type", grant, "scope", "orders:read admin"}},
		{"no grant type", billing.basic(), 400, "invalid_request", nil},
		{"two grant types", billing.basic(), 400, "invalid_request", []string{"grant_type", grant, "grant_type", grant}},
		{"the password grant", billing.basic(), 400, "unsupported_grant_type", []string{"grant_type", "password", "username", "ada", "password", password}},
		{"F12: a client presents the refresh token of a user", billing.basic(), 400, "unsupported_grant_type", []string{"grant_type", "refresh_token", "refresh_token", ada.Refresh}},
	} {
		c.form(t, "/token", test.authorization, test.form...).oauth(t, test.name, test.status, test.code)
	}
	c.form(t, "/token?grant_type="+grant, billing.basic()).oauth(t, "parameters in the URL", 400, "invalid_request")
	c.refused(t, 401, "invalid_credentials", "POST", "/login", "", members{"username": billing.ID, "password": billing.Secret}) // I13
	for _, route := range []string{"GET /me", "GET /protected", "GET /me/sessions", "POST /logout", "POST /logout/all"} {
		method, path, _ := strings.Cut(route, " ")
		c.refused(t, 403, "user_required", method, path, token, nil) // I13: a client is no user
	}
	c.refused(t, 403, "insufficient_role", "GET", "/admin", token, nil)
	ada = c.refresh(t, ada.Refresh) // F12: the session is as it was

	operate[any](t, server.data, "", "client", "revoke", "billing")
	eventually(t, 10*time.Second, "the token of a revoked client is refused", func() bool {
		return c.call(t, "GET", "/verify", token, nil).problem(401, "token_revoked") == ""
	})
	c.form(t, "/token", billing.basic(), "grant_type", grant).oauth(t, "a revoked client", 401, "invalid_client")
	c.accepted(t, ada.Access)
	server.stop()
	if text := server.log() + server.greeting(); strings.Contains(text, billing.Secret) || strings.Contains(text, token) {
		t.Error("the server's log has a secret or a token")
	}
}

func TestATokenIsGoodForItsOwnPurposeAlone(t *testing.T) {
	t.Parallel()
	server := start(t)
	c := server.client()
	c.register(t, "ada")
	ada := c.login(t, "ada")
	// D16: an access token where a refresh token belongs, and the other way round.
	c.refused(t, 401, "invalid_refresh_token", "POST", "/refresh", "", members{"refresh_token": ada.Access})
	c.refused(t, 401, "invalid_refresh_token", "POST", "/logout", "", members{"refresh_token": ada.Access})
	for _, path := range []string{"/protected", "/admin", "/me", "/verify", "/admin/users"} {
		c.refused(t, 401, "token_invalid", "GET", path, ada.Refresh, nil)
	}
	c.form(t, "/introspect", "Bearer "+ada.Refresh, "token", ada.Access).oauth(t, "a refresh token as a credential", 401, "invalid_token")
	c.accepted(t, ada.Access) // the session was not touched
	c.refresh(t, ada.Refresh)
}

func TestWhoMayAskAboutATokenAndTakeItBack(t *testing.T) {
	t.Parallel()
	server := start(t)
	c := server.client()
	c.register(t, "ada")
	operate[any](t, server.data, password, "user", "add", "root", "--role", "admin", "--scope", "introspect", "--password-stdin")
	operate[any](t, server.data, password, "user", "add", "eve", "--scope", "introspect", "--password-stdin")
	watcher, billing := addClient(t, server, "watcher", "introspect"), addClient(t, server, "billing", "orders:read")
	ada, eve, root := c.login(t, "ada"), c.login(t, "eve"), c.login(t, "root")

	for name, authorization := range map[string]string{
		"a client with the scope": watcher.basic(), "its access token": "Bearer " + c.granted(t, watcher), "an administrator": "Bearer " + root.Access,
	} {
		if !c.active(t, authorization, ada.Access) || !c.active(t, authorization, ada.Refresh) {
			t.Errorf("%s: got inactive, want both tokens active", name)
		}
	}
	for name, authorization := range map[string]string{
		"a client without the scope": billing.basic(), "a user, about her own token": "Bearer " + ada.Access, "a user with the scope": "Bearer " + eve.Access,
	} {
		c.form(t, "/introspect", authorization, "token", ada.Access).oauth(t, name, 403, "insufficient_scope")
	}
	c.form(t, "/introspect", "", "token", ada.Access).oauth(t, "nobody", 401, "invalid_client")
	for _, garbage := range []string{"x", "a.b.c", ada.Access + "x", ada.Refresh[:len(ada.Refresh)-1], watcher.Secret, strings.Repeat("a", 50_000)} {
		if c.active(t, watcher.basic(), garbage) {
			t.Errorf("%.30q is active", garbage)
		}
		if a := c.form(t, "/revoke", "", "token", garbage); a.status != http.StatusOK || len(a.body) != 0 {
			t.Errorf("revoke %.30q: got %d %s, want 200 and nothing", garbage, a.status, a.body)
		}
	}
	c.form(t, "/revoke", clientOf{watcher.ID, "dws_x"}.basic(), "token", ada.Access).oauth(t, "revoke with a wrong secret", 401, "invalid_client")
	c.form(t, "/revoke", watcher.basic(), "token", ada.Access, "token", eve.Access).oauth(t, "two tokens", 400, "invalid_request")
	c.accepted(t, ada.Access)

	// What was revoked, for the operator: the session of a user's token, a client's token itself.
	of := c.granted(t, billing)
	for _, revoked := range []struct{ what, token, says string }{
		{"an access token of a session", ada.Access, "its session has ended (sid)"},
		{"a refresh token", eve.Refresh, ""},
		{"a client's access token", of, "the token itself (jti)"},
	} {
		for range 2 { // again is fine
			if a := c.form(t, "/revoke", "", "token", revoked.token); a.status != http.StatusOK {
				t.Errorf("revoke %s: got %d %s, want 200", revoked.what, a.status, a.body)
			}
		}
		if c.active(t, watcher.basic(), revoked.token) {
			t.Errorf("%s is active after its revocation", revoked.what)
		}
		if revoked.says == "" {
			continue
		}
		_, complaint, status := command(t, "", "token", "verify", "--data", server.data, revoked.token)
		if status != 1 || !strings.Contains(complaint, "(revoked)") || !strings.Contains(complaint, revoked.says) {
			t.Errorf("durward token verify of %s: got status %d, %q, want it to say %q", revoked.what, status, complaint, revoked.says)
		}
	}
	c.rejected(t, "token_revoked", ada.Access)
	c.rejected(t, "token_revoked", eve.Access)
	c.refreshRefused(t, "invalid_refresh_token", ada.Refresh)
	c.accepted(t, root.Access)
}
