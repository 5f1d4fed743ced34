package httpapi_test

import (
	"strings"
	"testing"
	"time"

	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/audit"
)

// ask introspects a token.
func (d *door) ask(token string, options ...option) map[string]any {
	d.t.Helper()
	var got map[string]any
	a := d.want(d.post("/introspect", []string{"token", token}, options...), 200, "")
	a.decode(d.t, &got)
	if got["active"] != true && strings.TrimSpace(a.body) != `{"active":false}` {
		d.t.Errorf("got %s, want nothing but that it is inactive", a.body)
	}
	return got
}

func TestIntrospectionTellsWhatAnAccessTokenStandsFor(t *testing.T) {
	d := open(t)
	id := d.user("anna", "editor")
	g := d.login("anna")
	watcher := d.client("watcher", "introspect")
	got := d.ask(g.Access, watcher.basic())
	for member, want := range map[string]any{
		"active": true, "client_id": "durward", "username": "anna", "token_type": "Bearer", "sub": id, "aud": issuer, "iss": issuer,
		"sid": g.SessionID, "iat": float64(d.clock.Now().Unix()), "exp": float64(d.clock.Now().Unix() + 900), "scope": nil,
	} {
		if got[member] != want {
			t.Errorf("%s: got %v, want %v", member, got[member], want)
		}
	}
	if jti, _ := got["jti"].(string); jti == "" {
		t.Error("got no jti")
	}
	own := d.ask(d.grantTo(watcher).Access, watcher.basic())
	if own["sub"] != watcher.ID || own["client_id"] != watcher.ID || own["username"] != nil || own["sid"] != nil || own["scope"] != "introspect" {
		t.Errorf("a client's token: got %v", own)
	}
}

func TestIntrospectionTellsNothingOfATokenThatDoesNotCount(t *testing.T) {
	d := open(t)
	d.user("anna")
	watcher := d.client("watcher", "introspect")
	g := d.login("anna")
	for _, token := range []string{"x", "a.b.c", "drt_x", g.Access + "x", g.Access[:len(g.Access)-4] + "AAAA", g.Refresh + "x", strings.Repeat("a", 60_000), "\x00", watcher.secret} {
		d.ask(token, watcher.basic())
		if got := d.ask(token, watcher.basic()); got["active"] != false {
			t.Errorf("%.40q: got %v, want inactive", token, got)
		}
	}
	d.want(d.do("POST", "/logout", "", as(g.Access)), 204, "")
	for name, token := range map[string]string{"access": g.Access, "refresh": g.Refresh} {
		if got := d.ask(token, watcher.basic()); got["active"] != false {
			t.Errorf("the %s token after a logout: got %v, want inactive", name, got)
		}
	}
	g = d.login("anna")
	d.clock.advance(16 * time.Minute)
	if got := d.ask(g.Access, watcher.basic()); got["active"] != false {
		t.Errorf("an expired token: got %v, want inactive", got)
	}
}

func TestIntrospectionOfARefreshTokenChangesNothing(t *testing.T) {
	d := open(t)
	id := d.user("anna")
	watcher := d.client("watcher", "introspect")
	first := d.login("anna")
	for _, hint := range []string{"", "refresh_token", "access_token", "something"} {
		var got map[string]any
		d.want(d.post("/introspect", []string{"token", first.Refresh, "token_type_hint", hint}, watcher.basic()), 200, "").decode(t, &got)
		if got["active"] != true || got["token_type"] != "refresh_token" || got["sub"] != id || got["username"] != "anna" || got["sid"] != first.SessionID ||
			got["exp"] != float64(d.clock.Now().Add(30*24*time.Hour).Unix()) {
			t.Errorf("hint %q: got %v", hint, got)
		}
		if got["scope"] != nil || got["aud"] != nil {
			t.Errorf("hint %q: got %v, want neither scope nor aud: it is no access token", hint, got)
		}
	}
	var second tokens
	d.want(d.do("POST", "/refresh", `{"refresh_token":"`+first.Refresh+`"}`), 200, "").decode(t, &second)
	d.clock.advance(time.Minute) // past the grace
	if got := d.ask(first.Refresh, watcher.basic()); got["active"] != false {
		t.Errorf("the token before: got %v, want inactive", got)
	}
	if got := d.ask(second.Refresh, watcher.basic()); got["active"] != true {
		t.Errorf("the current token: got %v, want active: asking about the old one is no reuse", got)
	}
	d.want(d.do("POST", "/refresh", `{"refresh_token":"`+second.Refresh+`"}`), 200, "")
}

func TestWhoMayIntrospect(t *testing.T) {
	d := open(t)
	d.user("root", "admin")
	d.user("anna")
	token := d.login("anna").Access
	watcher := d.client("watcher", "introspect", "read")
	for name, o := range map[string]option{
		"a client with the scope, by Basic": watcher.basic(), "its token": as(d.grantTo(watcher).Access), "an administrator": as(d.login("root").Access),
	} {
		if got := d.ask(token, o); got["active"] != true {
			t.Errorf("%s: got %v, want active", name, got)
		}
	}
	d.want(d.post("/introspect", []string{"token", token, "client_id", watcher.ID, "client_secret", watcher.secret}), 200, "")

	var narrow clientGranted
	d.want(d.post("/token", append([]string{"scope", "read"}, clientCredentials...), watcher.basic()), 200, "").decode(t, &narrow)
	a := d.wantOAuth(d.post("/introspect", []string{"token", token}, as(narrow.Access)), 403, "insufficient_scope")
	if got := a.Header.Get("WWW-Authenticate"); got != `Bearer error="insufficient_scope", scope="introspect"` {
		t.Errorf("got challenge %q", got)
	}
	d.wantOAuth(d.post("/introspect", []string{"token", token}, d.client("other", "introspection").basic()), 403, "insufficient_scope")
	d.wantOAuth(d.post("/introspect", []string{"token", token}, as(token)), 403, "insufficient_scope") // not even about one's own

	scoped := account.NewUser{Username: "eve", Password: goodWord, Scopes: []string{"introspect"}}
	_, err := d.config.Accounts.CreateUser(t.Context(), scoped, account.Operator, audit.Origin{Address: "cli"})
	must(t, err)
	eve := d.login("eve")
	if eve.Scope != "introspect" {
		t.Fatalf("got scope %q, want a user's token with introspect", eve.Scope)
	}
	a = d.wantOAuth(d.post("/introspect", []string{"token", token}, as(eve.Access)), 403, "insufficient_scope")
	if !strings.Contains(a.body, "a client with the scope introspect") {
		t.Errorf("got %s, want it to say that the scope is for clients", a.body)
	}
	d.wantOAuth(d.post("/introspect", []string{"token", token}), 401, "invalid_client")
	d.wantOAuth(d.post("/introspect", []string{"token", token}, basic(watcher.ID, "x")), 401, "invalid_client")
	d.wantOAuth(d.post("/introspect", []string{"token", token}, with("Authorization", "Digest x")), 401, "invalid_client")
	d.wantOAuth(d.post("/introspect", []string{"token", token}, as("a.b.c")), 401, "invalid_token")
	d.wantOAuth(d.post("/introspect", []string{"token", token}, as("a b")), 400, "invalid_request")
	d.wantOAuth(d.post("/introspect", nil, watcher.basic()), 400, "invalid_request")
	d.wantOAuth(d.post("/introspect", []string{"token", token, "token", token}, watcher.basic()), 400, "invalid_request")
	d.wantOAuth(d.post("/introspect?token="+token, nil, watcher.basic()), 400, "invalid_request")
	d.want(d.do("GET", "/introspect", "", watcher.basic()), 405, "method_not_allowed")
}

func TestRevocationEndsTheSession(t *testing.T) {
	d := open(t)
	d.user("anna")
	watcher := d.client("watcher")
	for name, c := range map[string]struct {
		token   func(tokens) string
		options []option
	}{
		"a refresh token, by its holder":                  {func(g tokens) string { return g.Refresh }, nil},
		"an access token, by its holder":                  {func(g tokens) string { return g.Access }, nil},
		"a refresh token, by a client":                    {func(g tokens) string { return g.Refresh }, []option{watcher.basic()}},
		"an access token, by a client":                    {func(g tokens) string { return g.Access }, []option{watcher.basic()}},
		"an access token, by a client's own access token": {func(g tokens) string { return g.Access }, []option{as(d.grantTo(watcher).Access)}},
		"a refresh token of an earlier generation":        {func(g tokens) string { return d.refreshed(g).Refresh }, nil},
		"an access token whose session ended already":     {func(g tokens) string { d.post("/revoke", []string{"token", g.Access}); return g.Access }, nil},
		"an access token with a hint at the other kind":   {func(g tokens) string { return g.Access }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			g := d.login("anna")
			before := len(d.store.events)
			a := d.want(d.post("/revoke", []string{"token", c.token(g), "token_type_hint", "refresh_token"}, c.options...), 200, "")
			if a.body != "" || a.Header.Get("Content-Type") != "" {
				t.Errorf("got body %q of type %q, want none", a.body, a.Header.Get("Content-Type"))
			}
			d.want(d.do("GET", "/me", "", as(g.Access)), 401, "token_revoked")
			d.want(d.do("POST", "/refresh", `{"refresh_token":"`+g.Refresh+`"}`), 401, "")
			logouts := 0
			for _, e := range d.store.events[before:] {
				if e.Action == audit.SessionLogout && e.Target == g.SessionID {
					logouts++
					if len(c.options) > 0 && e.ActorID != watcher.ID {
						t.Errorf("got actor %q, want the client", e.ActorID)
					}
				}
			}
			if logouts != 1 {
				t.Errorf("got %d logouts in the audit log, want 1", logouts)
			}
		})
	}
}

func (d *door) refreshed(g tokens) tokens {
	d.t.Helper()
	var next tokens
	d.want(d.do("POST", "/refresh", `{"refresh_token":"`+g.Refresh+`"}`), 200, "").decode(d.t, &next)
	return g
}

func TestAnExpiredAccessTokenStillEndsItsSession(t *testing.T) {
	d := open(t)
	d.user("anna")
	g := d.login("anna")
	d.clock.advance(time.Hour)
	d.want(d.post("/revoke", []string{"token", g.Access}), 200, "")
	d.want(d.do("POST", "/refresh", `{"refresh_token":"`+g.Refresh+`"}`), 401, "invalid_refresh_token")
}

func TestRevocationOfAClientsTokenTakesThatOneBack(t *testing.T) {
	d := open(t)
	m := d.client("billing", "read")
	first, second := d.grantTo(m).Access, d.grantTo(m).Access
	for range 2 {
		d.want(d.post("/revoke", []string{"token", first}), 200, "")
	}
	d.want(d.do("GET", "/verify", "", as(first)), 401, "token_revoked")
	d.want(d.do("GET", "/verify", "", as(second)), 204, "")
	revoked := 0
	for _, e := range d.store.events {
		if e.Action == audit.TokenRevoke {
			revoked++
		}
	}
	if revoked != 1 {
		t.Errorf("got %d revocations in the audit log, want 1", revoked)
	}
	a := d.want(d.do("POST", "/logout", "", as(second)), 403, "user_required")
	if !strings.Contains(a.body, "/revoke") {
		t.Errorf("got %s, want it to say what to do", a.body)
	}
}

func TestRevocationOfWhatCountsForNothing(t *testing.T) {
	d := open(t)
	d.user("anna")
	g := d.login("anna")
	before := len(d.store.events)
	for _, token := range []string{"x", "a.b.c", "drt_x", g.Access + "x", g.Refresh + "x", strings.Repeat("a", 60_000), "\x00", "é"} {
		if a := d.want(d.post("/revoke", []string{"token", token}), 200, ""); a.body != "" {
			t.Errorf("%.20q: got body %q", token, a.body)
		}
	}
	if got := len(d.store.events); got != before {
		t.Errorf("got %d new events, want none", got-before)
	}
	d.wantOAuth(d.post("/revoke", nil), 400, "invalid_request")
	d.wantOAuth(d.post("/revoke", []string{"token", ""}), 400, "invalid_request")
	d.wantOAuth(d.post("/revoke", []string{"token", "a", "token", "b"}), 400, "invalid_request")
	d.wantOAuth(d.post("/revoke?token="+g.Access, nil), 400, "invalid_request")
	d.wantOAuth(d.post("/revoke", []string{"token", g.Access}, basic("dwc_x", "dws_x")), 401, "invalid_client")
	d.wantOAuth(d.post("/revoke", []string{"token", g.Access}, as("a.b.c")), 401, "invalid_token")
	d.want(d.do("GET", "/revoke", ""), 405, "method_not_allowed")
	d.want(d.do("GET", "/me", "", as(g.Access)), 200, "") // nothing of this touched the session
}
