package httpapi_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestRegisterAnswersAsTheContractSays(t *testing.T) {
	d := open(t)
	a := d.want(d.do("POST", "/register", `{"username":"Alice","password":"`+goodWord+`","email":"alice@example.org"}`), 201, "")
	var got map[string]any
	a.decode(t, &got)
	user := got["user"].(map[string]any)
	if got["message"] != "User registered successfully" || user["username"] != "Alice" || user["email"] != "alice@example.org" || user["created_at"] != "2026-11-22T12:00:00Z" {
		t.Errorf("got %s", a.body)
	}
	if roles, ok := user["roles"].([]any); !ok || len(roles) != 0 || len(user) != 5 || user["id"] == "" {
		t.Errorf("got user %v, want five members and no roles", user)
	}
	d.want(d.do("POST", "/register", credentials("alice", goodWord)), 409, "username_taken")
}

func TestTimesAreShownToTheMicrosecond(t *testing.T) {
	d := open(t)
	d.clock.advance(1234567 * time.Nanosecond)
	a := d.want(d.do("POST", "/register", credentials("alice", goodWord)), 201, "")
	if !strings.Contains(a.body, `"created_at":"2026-11-22T12:00:00.001234Z"`) {
		t.Errorf("got %s", a.body)
	}
}

func TestRegistrationCanBeClosed(t *testing.T) {
	d := open(t)
	d.config.Accounts.OpenRegistration = false
	d.want(d.do("POST", "/register", credentials("alice", goodWord)), 403, "registration_closed")
	d.want(d.do("POST", "//register", credentials("alice", goodWord)), 404, "not_found")
	d.want(d.do("PUT", "/register", credentials("alice", goodWord)), 405, "method_not_allowed")
	if len(d.store.users) != 0 {
		t.Errorf("got users %v, want none", d.store.users)
	}
}

func TestLoginAnswersWithTokens(t *testing.T) {
	d := open(t)
	d.user("alice")
	a := d.want(d.do("POST", "/login", credentials("ALICE", goodWord)), 200, "")
	if got := a.Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("got Cache-Control %q, want no-store", got)
	}
	var members map[string]any
	a.decode(t, &members)
	if len(members) != 7 {
		t.Errorf("got members %v, want seven", members)
	}
	var got tokens
	a.decode(t, &got)
	if got.Type != "Bearer" || got.ExpiresIn != 900 || got.RefreshExpiresIn != 30*24*3600 || got.SessionID == "" || !strings.HasPrefix(got.Refresh, "drt_") {
		t.Errorf("got %s", a.body)
	}
	p := d.want(d.do("GET", "/protected", "", as(got.Access)), 200, "")
	if p.body != `{"message":"This is a protected route","user":"alice"}`+"\n" {
		t.Errorf("got %s", p.body)
	}
}

func TestARefusedLoginIsTheSameForEveryReason(t *testing.T) {
	d := open(t)
	d.user("alice")
	disabled := d.user("bob")
	if _, _, err := d.store.Disable(t.Context(), disabled, d.clock.Now(), auditEvent()); err != nil {
		t.Fatal(err)
	}
	bodies := map[string]bool{}
	for _, body := range []string{credentials("alice", "a wrong password"), credentials("nobody", goodWord), credentials("bob", goodWord)} {
		a := d.want(d.do("POST", "/login", body), 401, "invalid_credentials")
		bodies[strings.ReplaceAll(a.body, a.Header.Get("X-Request-Id"), "ID")] = true
	}
	if len(bodies) != 1 {
		t.Errorf("got %d different answers, want one: %v", len(bodies), bodies)
	}
}

func TestTooManyFailedLoginsAreThrottled(t *testing.T) {
	d := open(t)
	d.user("alice")
	for range 10 {
		d.want(d.do("POST", "/login", credentials("alice", "a wrong password")), 401, "invalid_credentials")
	}
	a := d.want(d.do("POST", "/login", credentials("alice", goodWord)), 429, "too_many_attempts")
	if got := a.Header.Get("Retry-After"); got == "" || got == "0" || strings.ContainsAny(got, ".-") {
		t.Errorf("got Retry-After %q, want whole seconds", got)
	}
}

func TestScopesAreGrantedOnRequestOnly(t *testing.T) {
	d := open(t)
	admin, id := d.user("root", "admin"), d.user("alice")
	_ = admin
	token := d.login("root").Access
	d.want(d.do("PUT", "/admin/users/"+id+"/scopes", `{"scopes":["orders:write","orders:read"]}`, as(token)), 200, "")
	if got := d.login("alice").Scope; got != "orders:read orders:write" {
		t.Errorf("got scope %q, want both", got)
	}
	var narrow tokens
	d.want(d.do("POST", "/login", `{"username":"alice","password":"`+goodWord+`","scope":"orders:read"}`), 200, "").decode(t, &narrow)
	if narrow.Scope != "orders:read" {
		t.Errorf("got scope %q, want orders:read", narrow.Scope)
	}
	d.want(d.do("POST", "/login", `{"username":"alice","password":"`+goodWord+`","scope":"admin:all"}`), 400, "invalid_scope")
}

func TestRefreshRotatesAndFindsReuse(t *testing.T) {
	d := open(t)
	d.user("alice")
	first := d.login("alice")
	refresh := func(token string) answer {
		return d.do("POST", "/refresh", `{"refresh_token":"`+token+`"}`)
	}
	var second, again, third tokens
	d.want(refresh(first.Refresh), 200, "").decode(t, &second)
	d.want(refresh(first.Refresh), 200, "").decode(t, &again)
	if second.Refresh != again.Refresh || second.Refresh == first.Refresh || second.SessionID != first.SessionID {
		t.Errorf("got successors %q and %q of %q, want one", second.Refresh, again.Refresh, first.Refresh)
	}
	d.want(refresh(second.Refresh), 200, "").decode(t, &third)
	d.want(d.do("GET", "/protected", "", as(third.Access)), 200, "")
	d.want(refresh(first.Refresh), 401, "refresh_token_reused")
	d.want(refresh(third.Refresh), 401, "invalid_refresh_token")
	d.want(d.do("GET", "/protected", "", as(third.Access)), 401, "token_revoked")
	d.want(refresh(first.Access), 401, "invalid_refresh_token")
	d.want(d.do("GET", "/protected", "", as(third.Refresh)), 401, "token_invalid")
}

func TestLogoutEndsTheSessionAndSaysYesAgain(t *testing.T) {
	d := open(t)
	d.user("alice")
	for name, logout := range map[string]func(tokens) answer{
		"by access token":                  func(g tokens) answer { return d.do("POST", "/logout", "", as(g.Access)) },
		"by access token and empty object": func(g tokens) answer { return d.do("POST", "/logout", "{}", as(g.Access)) },
		"by refresh token": func(g tokens) answer {
			return d.do("POST", "/logout", `{"refresh_token":"`+g.Refresh+`"}`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			g, other := d.login("alice"), d.login("alice")
			for range 2 {
				if a := d.want(logout(g), 204, ""); a.body != "" {
					t.Errorf("got body %q, want none", a.body)
				}
			}
			d.want(d.do("GET", "/protected", "", as(g.Access)), 401, "token_revoked")
			d.want(d.do("POST", "/refresh", `{"refresh_token":"`+g.Refresh+`"}`), 401, "invalid_refresh_token")
			d.want(d.do("GET", "/protected", "", as(other.Access)), 200, "")
		})
	}
}

func TestLogoutTakesAnExpiredTokenAndNoOtherBadOne(t *testing.T) {
	d := open(t)
	d.user("alice")
	g, stranger := d.login("alice"), open(t)
	stranger.user("alice")
	foreign := stranger.login("alice")
	d.want(d.do("POST", "/logout", "", as(foreign.Access)), 401, "token_invalid")
	d.want(d.do("POST", "/logout", "", as("abc")), 401, "token_invalid")
	d.want(d.do("POST", "/logout", "", as("a b")), 400, "invalid_request")
	d.want(d.do("POST", "/logout", ""), 401, "token_missing")
	d.want(d.do("POST", "/logout", `{}`), 401, "token_missing")
	d.want(d.do("POST", "/logout", `{"refresh_token":"drt_x"}`), 401, "invalid_refresh_token")
	d.want(d.do("POST", "/logout", `{"refresh_token":"`+g.Refresh+`"}`, as(g.Access)), 400, "invalid_request")
	d.clock.advance(time.Hour)
	d.want(d.do("GET", "/protected", "", as(g.Access)), 401, "token_expired")
	d.want(d.do("POST", "/logout", "", as(g.Access)), 204, "")
	d.want(d.do("POST", "/refresh", `{"refresh_token":"`+g.Refresh+`"}`), 401, "invalid_refresh_token")
}

func TestLogoutEverywhere(t *testing.T) {
	d := open(t)
	d.user("alice")
	a, b := d.login("alice"), d.login("alice")
	d.want(d.do("POST", "/logout/all", "", as(a.Access)), 204, "")
	for _, g := range []tokens{a, b} {
		d.want(d.do("GET", "/protected", "", as(g.Access)), 401, "token_revoked")
	}
}

func TestAUserReadsAndChangesThemself(t *testing.T) {
	d := open(t)
	id := d.user("alice")
	token := d.login("alice").Access
	me := func(a answer) map[string]any {
		t.Helper()
		var got map[string]any
		d.want(a, 200, "").decode(t, &got)
		return got
	}
	if got := me(d.do("GET", "/me", "", as(token))); got["id"] != id || got["username"] != "alice" || got["email"] != nil || got["scopes"] == nil {
		t.Errorf("got %v", got)
	}
	if got := me(d.do("PATCH", "/me", `{"email":"a@example.org"}`, as(token))); got["email"] != "a@example.org" {
		t.Errorf("got %v", got)
	}
	if got := me(d.do("PATCH", "/me", `{}`, as(token))); got["email"] != "a@example.org" {
		t.Errorf("an empty object: got %v, want no change", got)
	}
	for _, none := range []string{`{"email":null}`, `{"email":""}`} {
		me(d.do("PATCH", "/me", `{"email":"a@example.org"}`, as(token)))
		if got := me(d.do("PATCH", "/me", none, as(token))); got["email"] != nil {
			t.Errorf("%s: got %v, want no address", none, got)
		}
	}
	d.want(d.do("PATCH", "/me", `{"email":"nonsense"}`, as(token)), 422, "invalid_email")
	d.want(d.do("PATCH", "/me", `{"email":7}`, as(token)), 400, "invalid_request")
	d.want(d.do("PATCH", "/me", `{"roles":["admin"]}`, as(token)), 400, "invalid_request")
	d.want(d.do("DELETE", "/me", "", as(token)), 204, "")
	d.want(d.do("GET", "/me", "", as(token)), 401, "token_revoked")
	d.want(d.do("POST", "/login", credentials("alice", goodWord)), 401, "invalid_credentials")
}

func TestAPasswordIsChangedWithTheCurrentOne(t *testing.T) {
	d := open(t)
	d.user("alice")
	mine, other := d.login("alice"), d.login("alice")
	change := func(current, replacement string) answer {
		body, _ := json.Marshal(map[string]string{"current_password": current, "new_password": replacement})
		return d.do("PUT", "/me/password", string(body), as(mine.Access))
	}
	d.want(change("a wrong password", "another good password"), 403, "wrong_password")
	d.want(change(goodWord, "short"), 422, "weak_password")
	d.want(change(goodWord, "another good password"), 204, "")
	d.want(d.do("GET", "/me", "", as(mine.Access)), 401, "token_revoked")
	d.want(d.do("POST", "/refresh", `{"refresh_token":"`+other.Refresh+`"}`), 401, "invalid_refresh_token")
	d.want(d.do("POST", "/refresh", `{"refresh_token":"`+mine.Refresh+`"}`), 200, "")
	d.want(d.do("POST", "/login", credentials("alice", goodWord)), 401, "invalid_credentials")
}

func TestSessionsAreListedAndEndedByTheirOwnerOnly(t *testing.T) {
	d := open(t)
	d.user("alice")
	d.user("mallory")
	a, mallory := d.login("alice"), d.login("mallory")
	b := tokens{}
	d.want(d.do("POST", "/login", credentials("alice", goodWord), with("User-Agent", "phone\x09"+strings.Repeat("ä", 200))), 200, "").decode(t, &b)
	var got struct {
		Sessions []struct {
			ID, IP     string
			UserAgent  string `json:"user_agent"`
			CreatedAt  string `json:"created_at"`
			LastUsedAt string `json:"last_used_at"`
			ExpiresAt  string `json:"expires_at"`
			Current    bool
		}
	}
	d.want(d.do("GET", "/me/sessions", "", as(a.Access)), 200, "").decode(t, &got)
	if len(got.Sessions) != 2 {
		t.Fatalf("got %d sessions, want 2", len(got.Sessions))
	}
	for _, s := range got.Sessions {
		if s.Current != (s.ID == a.SessionID) || s.IP != "127.0.0.1" || s.CreatedAt != "2026-11-22T12:00:00Z" || s.ExpiresAt != "2026-12-22T12:00:00Z" || len(s.UserAgent) > 256 || strings.Contains(s.UserAgent, "\t") {
			t.Errorf("got session %+v", s)
		}
	}
	d.want(d.do("DELETE", "/me/sessions/"+a.SessionID, "", as(mallory.Access)), 404, "session_not_found")
	d.want(d.do("DELETE", "/me/sessions/nothing%2Fhere", "", as(a.Access)), 404, "session_not_found")
	d.want(d.do("DELETE", "/me/sessions/"+b.SessionID, "", as(a.Access)), 204, "")
	d.want(d.do("DELETE", "/me/sessions/"+b.SessionID, "", as(a.Access)), 404, "session_not_found")
	d.want(d.do("GET", "/me", "", as(b.Access)), 401, "token_revoked")
	d.want(d.do("GET", "/me", "", as(a.Access)), 200, "")
}

func TestTheAdminPanel(t *testing.T) {
	d := open(t)
	d.user("root", "admin")
	d.user("alice")
	a := d.want(d.do("GET", "/admin", "", as(d.login("root").Access)), 200, "")
	if a.body != `{"message":"Welcome to the admin panel"}`+"\n" {
		t.Errorf("got %s", a.body)
	}
	d.want(d.do("GET", "/admin", "", as(d.login("alice").Access)), 403, "insufficient_role")
	d.want(d.do(http.MethodHead, "/admin", "", as(d.login("alice").Access)), 403, "insufficient_role")
}
