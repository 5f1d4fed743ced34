package httpapi_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// shown is a session as a list shows it.
type shown struct {
	ID       string
	UserID   string `json:"user_id"`
	Username string
	Device   string
	AuthTime string `json:"auth_time"`
	Current  bool
}

func (d *door) sessions(path, token string) (list []shown, next *string) {
	d.t.Helper()
	var got struct {
		Sessions []shown
		Next     *string
	}
	d.want(d.do("GET", path, "", as(token)), 200, "").decode(d.t, &got)
	return got.Sessions, got.Next
}

func TestADeletedAccountNeedsAFreshLogin(t *testing.T) {
	d := open(t)
	id := d.user("alice")
	g := d.login("alice")
	d.clock.advance(5*time.Minute + time.Second)
	a := d.want(d.do("DELETE", "/me", "", as(g.Access)), 403, "insufficient_user_authentication")
	if got, want := a.Header.Get("WWW-Authenticate"), `Bearer error="insufficient_user_authentication", max_age="300"`; got != want {
		t.Errorf("got the challenge %s, want %s", got, want)
	}
	d.want(d.do("POST", "/me/reauthenticate", `{"password":"wrong horse"}`, as(g.Access)), 403, "wrong_password")
	d.want(d.do("POST", "/me/reauthenticate", `{}`, as(g.Access)), 400, "invalid_request")
	d.want(d.do("POST", "/me/reauthenticate", `{"password":null}`, as(g.Access)), 400, "invalid_request")
	a = d.want(d.do("POST", "/me/reauthenticate", fmt.Sprintf(`{"password":%q}`, goodWord), as(g.Access)), 200, "")
	if got := a.Header.Get("Cache-Control"); got != "no-store" || strings.Contains(a.body, "refresh_token") {
		t.Errorf("got %s with Cache-Control %q, want no refresh token and no-store", a.body, got)
	}
	var renewed tokens
	a.decode(t, &renewed)
	if renewed.SessionID != g.SessionID || renewed.Type != "Bearer" || renewed.ExpiresIn != 900 {
		t.Errorf("got %+v, want a token of the same session for 900 s", renewed)
	}
	d.want(d.do("DELETE", "/me", "", as(g.Access)), 403, "insufficient_user_authentication")
	d.want(d.do("DELETE", "/me", "", as(renewed.Access)), 204, "")
	found := false
	for _, e := range d.tally.Drain() {
		found = found || string(e.Action) == "access.forbidden" && e.Reason == "insufficient_user_authentication" && e.Target == "DELETE /me" && e.Count == 2 && e.ActorID == id && e.ActorName == "alice"
	}
	if !found {
		t.Error("the audit log does not tell who was refused")
	}
	if text := d.scrape(); !strings.Contains(text, `durward_sign_ins_total{outcome="invalid_credentials"} 1`) || !strings.Contains(text, `durward_sign_ins_total{outcome="success"} 2`) {
		t.Error("passwords given again are not counted as sign-ins")
	}
}

func TestScopesNarrowOverHTTP(t *testing.T) {
	d := open(t)
	id := d.user("alice")
	d.user("root", "admin")
	d.want(d.do("PUT", "/admin/users/"+id+"/scopes", `{"scopes":["a","b"]}`, as(d.login("root").Access)), 200, "")
	g := d.login("alice")
	ask := func(scope string) string { return fmt.Sprintf(`{"refresh_token":%q,"scope":%q}`, g.Refresh, scope) }
	d.want(d.do("POST", "/refresh", ask("a admin")), 400, "invalid_scope")
	var next tokens
	d.want(d.do("POST", "/refresh", ask("a")), 200, "").decode(t, &next)
	if next.Scope != "a" {
		t.Errorf("got the scope %q, want a", next.Scope)
	}
	if got := d.want(d.do("GET", "/verify?scope=a", "", as(next.Access)), 204, "").Header.Get("X-Auth-Scope"); got != "a" {
		t.Errorf("the access token has the scope %q, want a", got)
	}
	d.want(d.do("GET", "/verify?scope=b", "", as(next.Access)), 403, "insufficient_scope")
	if text := d.scrape(); !strings.Contains(text, `durward_refreshes_total{outcome="invalid_scope"} 1`) {
		t.Error("a scope that is too wide is not counted")
	}
}

func TestDevicesAndTheOtherSessions(t *testing.T) {
	d := open(t)
	d.user("alice")
	g := d.login("alice")
	body := strings.TrimSuffix(credentials("alice", goodWord), "}") + `,"device":"the phone"}`
	d.want(d.do("POST", "/login", body), 200, "")
	d.want(d.do("POST", "/login", strings.Replace(body, "the phone", `a\u0000b`, 1)), 400, "invalid_request")
	list, _ := d.sessions("/me/sessions", g.Access)
	var devices []string
	for _, s := range list {
		devices = append(devices, s.Device)
		if s.AuthTime == "" || s.UserID != "" || s.Current != (s.ID == g.SessionID) {
			t.Errorf("got %+v, want auth_time, no user and the current one marked", s)
		}
	}
	if slices.Sort(devices); !slices.Equal(devices, []string{"Go-http-client", "the phone"}) {
		t.Errorf("got the devices %q", devices)
	}
	d.want(d.do("POST", "/logout/others", "", as(g.Access)), 204, "")
	if list, _ := d.sessions("/me/sessions", g.Access); len(list) != 1 || list[0].ID != g.SessionID {
		t.Errorf("got %+v, want the own session alone", list)
	}
}

func TestAdministratorsListAndEndSessions(t *testing.T) {
	d := open(t)
	d.user("root", "admin")
	alice := d.user("alice")
	root := d.login("root").Access
	var want []string
	for range 5 {
		d.clock.advance(time.Second)
		want = append([]string{d.login("alice").SessionID}, want...)
	}
	path := "/admin/sessions?limit=2&user=" + alice
	var got []string
	for next := path; next != ""; {
		list, cursor := d.sessions(next, root)
		for _, s := range list {
			got = append(got, s.ID)
			if s.UserID != alice || s.Username != "alice" || s.Device == "" {
				t.Errorf("got %+v, want alice's session", s)
			}
		}
		next = ""
		if cursor != nil {
			next = path + "&after=" + url.QueryEscape(*cursor)
			d.want(d.do("GET", "/admin/sessions?after="+url.QueryEscape(*cursor), "", as(root)), 400, "invalid_request")
			d.want(d.do("GET", "/admin/users?after="+url.QueryEscape(*cursor), "", as(root)), 400, "invalid_request")
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got the sessions %v, want %v", got, want)
	}
	if list, _ := d.sessions("/admin/sessions", root); len(list) != 6 {
		t.Errorf("got %d sessions of everybody, want 6", len(list))
	}
	for _, query := range []string{"?limit=0", "?limit=501", "?limit=x", "?after=x", "?search=a", "?user=" + strings.Repeat("a", 65), "?user=a&user=b"} {
		d.want(d.do("GET", "/admin/sessions"+query, "", as(root)), 400, "invalid_request")
	}
	d.want(d.do("DELETE", "/admin/sessions/"+want[0], "", as(root)), 204, "")
	d.want(d.do("DELETE", "/admin/sessions/"+want[0], "", as(root)), 404, "session_not_found")
	d.want(d.do("DELETE", "/admin/sessions/a%20b", "", as(root)), 404, "session_not_found")
	if list, _ := d.sessions(strings.Replace(path, "limit=2", "limit=500", 1), root); len(list) != 4 {
		t.Errorf("got %d sessions after one was ended, want 4", len(list))
	}
	d.store.broken = fmt.Errorf("the disk is gone")
	d.want(d.do("GET", "/admin/sessions", "", as(root)), http.StatusInternalServerError, "internal_error")
}

// A user who was deleted at another replica holds a token that this one still takes for good.
func TestADeletedUserIsToldThatTheTokenIsRevoked(t *testing.T) {
	d := open(t)
	id := d.user("alice")
	token := as(d.login("alice").Access)
	d.store.mu.Lock()
	delete(d.store.users, id)
	d.store.mu.Unlock()
	for route, body := range map[string]string{
		"GET /me": "", "PATCH /me": `{"email":null}`, "DELETE /me": "", "POST /logout/all": "", "POST /logout/others": "",
		"POST /me/reauthenticate": fmt.Sprintf(`{"password":%q}`, goodWord),
		"PUT /me/password":        fmt.Sprintf(`{"current_password":%q,"new_password":"another good word"}`, goodWord),
	} {
		method, path, _ := strings.Cut(route, " ")
		a := d.do(method, path, body, token)
		if strings.HasPrefix(path, "/logout") && a.StatusCode == 204 {
			continue // nothing is left to end
		}
		d.want(a, 401, "token_revoked")
	}
}
