package httpapi_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/server/internal/account"
)

type page struct {
	Users []map[string]any
	Next  *string
}

func TestUsersAreListedPageByPage(t *testing.T) {
	d := open(t)
	d.user("root", "admin")
	for i := range 7 {
		d.user(fmt.Sprintf("user%d", i))
	}
	token := as(d.login("root").Access)
	list := func(query string) page {
		t.Helper()
		var p page
		d.want(d.do("GET", "/admin/users?"+query, "", token), 200, "").decode(t, &p)
		return p
	}
	var names []string
	query := "limit=3&search=user"
	for pages := 0; ; pages++ {
		p := list(query)
		for _, u := range p.Users {
			names = append(names, u["username"].(string))
		}
		if p.Next == nil {
			if pages != 2 {
				t.Errorf("got %d pages, want 3", pages+1)
			}
			break
		}
		if pages > 5 {
			t.Fatal("the list does not end")
		}
		query = "limit=3&search=user&after=" + *p.Next
	}
	if got := strings.Join(names, " "); got != "user0 user1 user2 user3 user4 user5 user6" {
		t.Errorf("got %s", got)
	}
	if p := list("search=nobody"); p.Users == nil || len(p.Users) != 0 || p.Next != nil {
		t.Errorf("got %+v, want an empty list", p)
	}
	if p := list("limit=8"); len(p.Users) != 8 || p.Next != nil {
		t.Errorf("got %d users and next %v, want all 8 and none", len(p.Users), p.Next)
	}
	u := list("search=root").Users[0]
	if u["disabled"] != false || u["updated_at"] != "2026-11-22T12:00:00Z" || u["scopes"] == nil || u["email"] != nil || len(u) != 8 {
		t.Errorf("got %v", u)
	}
}

func TestAForgedCursorIsRefused(t *testing.T) {
	d := open(t)
	d.user("root", "admin")
	d.user("alice")
	token := as(d.login("root").Access)
	var p page
	d.want(d.do("GET", "/admin/users?limit=1", "", token), 200, "").decode(t, &p)
	cursor := *p.Next
	d.want(d.do("GET", "/admin/users?after="+cursor, "", token), 200, "")
	for i := range cursor {
		other := byte('A')
		if cursor[i] == 'A' {
			other = 'B'
		}
		d.want(d.do("GET", "/admin/users?after="+cursor[:i]+string(other)+cursor[i+1:], "", token), 400, "invalid_request")
	}
	for _, query := range []string{
		"after=" + cursor + "&search=a", "after=" + cursor + "A", "after=" + cursor[:len(cursor)-1], "after=" + cursor + "=", "after=x", "after=", "after=%0A" + cursor,
		"after=" + strings.Repeat("A", 5000), "after=" + cursor + "&after=" + cursor,
		"limit=0", "limit=-1", "limit=1000000000", "limit=99999999999999999999", "limit=1e2", "limit=%2B1", "limit=1;search=a", "limit=1&limit=2", "limit=501",
		"search=" + strings.Repeat("a", 129), "search=%00", "search=%ff", "sort=name;DROP TABLE users", "offset=1", "search=%zz",
	} {
		d.want(d.do("GET", "/admin/users?"+strings.ReplaceAll(query, " ", "%20"), "", token), 400, "invalid_request")
	}
	d.want(d.do("GET", "/admin/users?search="+url.QueryEscape("' OR 1=1--"), "", token), 200, "")
}

func TestAnAdministratorKeepsTheUsers(t *testing.T) {
	d := open(t)
	root := d.user("root", "admin")
	token := as(d.login("root").Access)
	created := d.want(d.do("POST", "/admin/users", `{"username":"Zoe","password":"`+goodWord+`","email":"zoe@example.org","roles":["editor","author","editor"],"scopes":["a:b"]}`, token), 201, "")
	var u map[string]any
	created.decode(t, &u)
	path := "/admin/users/" + u["id"].(string)
	if created.Header.Get("Location") != path || fmt.Sprint(u["roles"]) != "[author editor]" || fmt.Sprint(u["scopes"]) != "[a:b]" || u["email"] != "zoe@example.org" {
		t.Errorf("got %s at %s", created.body, created.Header.Get("Location"))
	}
	d.want(d.do("GET", path, "", token), 200, "")
	d.want(d.do("POST", "/admin/users", credentials("zoe", goodWord), token), 409, "username_taken")
	d.want(d.do("POST", "/admin/users", `{"username":"a","password":"`+goodWord+`","roles":["a b"]}`, token), 422, "invalid_role")
	d.want(d.do("POST", "/admin/users", `{"username":"a","password":"`+goodWord+`","roles":["a",null]}`, token), 400, "invalid_request")

	zoe := d.login("Zoe")
	d.clock.advance(time.Minute)
	d.want(d.do("PUT", path+"/roles", `{"roles":["admin"]}`, token), 200, "").decode(t, &u)
	if fmt.Sprint(u["roles"]) != "[admin]" || u["updated_at"] != "2026-11-22T12:01:00Z" {
		t.Errorf("got %v", u)
	}
	d.want(d.do("GET", "/me", "", as(zoe.Access)), 401, "token_revoked")
	d.want(d.do("POST", "/refresh", `{"refresh_token":"`+zoe.Refresh+`"}`), 200, "").decode(t, &zoe)
	d.want(d.do("GET", "/admin", "", as(zoe.Access)), 200, "")
	d.want(d.do("PUT", path+"/roles", `{"roles":[]}`, token), 200, "")
	d.want(d.do("GET", "/admin", "", as(zoe.Access)), 401, "token_revoked")
	d.want(d.do("PUT", path+"/scopes", `{"scopes":["a b"]}`, token), 400, "invalid_scope")

	d.want(d.do("POST", path+"/disable", "", token), 200, "").decode(t, &u)
	if u["disabled"] != true {
		t.Errorf("got %v, want disabled", u)
	}
	d.want(d.do("POST", "/login", credentials("zoe", goodWord)), 401, "invalid_credentials")
	d.want(d.do("POST", "/refresh", `{"refresh_token":"`+zoe.Refresh+`"}`), 401, "invalid_refresh_token")
	d.want(d.do("POST", path+"/enable", "", token), 200, "")
	zoe = d.login("zoe")
	d.want(d.do("POST", path+"/revoke", "", token), 204, "")
	d.want(d.do("GET", "/me", "", as(zoe.Access)), 401, "token_revoked")
	d.want(d.do("DELETE", path, "", token), 204, "")
	for _, id := range []string{u["id"].(string), "x", "..%2F", strings.Repeat("a", 65), "%27%20OR%201=1"} {
		d.want(d.do("GET", "/admin/users/"+id, "", token), 404, "user_not_found")
		d.want(d.do("DELETE", "/admin/users/"+id, "", token), 404, "user_not_found")
		d.want(d.do("POST", "/admin/users/"+id+"/disable", "", token), 404, "user_not_found")
		d.want(d.do("PUT", "/admin/users/"+id+"/roles", `{"roles":[]}`, token), 404, "user_not_found")
	}
	self := "/admin/users/" + root
	d.want(d.do("PUT", self+"/roles", `{"roles":[]}`, token), 409, "last_admin")
	d.want(d.do("POST", self+"/disable", "", token), 409, "last_admin")
	d.want(d.do("DELETE", self, "", token), 409, "last_admin")
	d.want(d.do("DELETE", "/me", "", token), 409, "last_admin")
}

func TestVerifyTellsAProxyWhoAsks(t *testing.T) {
	d := open(t)
	d.user("root", "admin")
	id := d.user("zoé", "editor", "author")
	d.want(d.do("PUT", "/admin/users/"+id+"/scopes", `{"scopes":["a","b"]}`, as(d.login("root").Access)), 200, "")
	g := d.login("zoé")
	token := as(g.Access)
	a := d.want(d.do("GET", "/verify", "", token, with("X-Auth-User", "root"), with("X-Auth-Subject", "root")), 204, "")
	for name, want := range map[string]string{
		"X-Auth-Subject": id, "X-Auth-User": "zo%C3%A9", "X-Auth-Roles": "author,editor", "X-Auth-Scope": "a b", "X-Auth-Session": g.SessionID,
	} {
		if got := a.Header.Values(name); len(got) != 1 || got[0] != want {
			t.Errorf("got %s %q, want %q", name, got, want)
		}
	}
	for query, c := range map[string]struct {
		status int
		code   string
	}{
		"role=editor":              {204, ""},
		"role=admin&role=editor":   {204, ""},
		"scope=a&scope=b":          {204, ""},
		"role=editor&scope=a":      {204, ""},
		"role=admin":               {403, "insufficient_role"},
		"role=Editor":              {403, "insufficient_role"},
		"role=editor,author":       {403, "insufficient_role"},
		"scope=a&scope=c":          {403, "insufficient_scope"},
		"role=admin&scope=a":       {403, "insufficient_role"},
		"role=":                    {400, "invalid_request"},
		"roles=editor":             {400, "invalid_request"},
		"role=editor&user=x":       {400, "invalid_request"},
		"role=editor;role=admin":   {400, "invalid_request"},
		"role=editor&access_token": {400, "invalid_request"},
	} {
		a := d.want(d.do("GET", "/verify?"+query, "", token), c.status, c.code)
		if (a.Header.Get("X-Auth-Subject") != "") != (c.status == 204) {
			t.Errorf("%s: got X-Auth-Subject %q with %d", query, a.Header.Get("X-Auth-Subject"), c.status)
		}
	}
	d.want(d.do("GET", "/verify?role=editor", ""), 401, "token_missing")
}

func TestVerifyWritesNothingIntoHeadersThatCouldBeReadOtherwise(t *testing.T) {
	d := open(t)
	signer, err := durward.NewSigner(durward.SignerConfig{Issuer: issuer, Audience: issuer, Key: d.key, Clock: d.clock.Now})
	must(t, err)
	token, _, err := signer.Sign(t.Context(), durward.Claims{Subject: "1", Username: "a,b\r\nX-Auth-Roles: admin", Roles: []string{"x,admin", "100%"}})
	must(t, err)
	a := d.want(d.do("GET", "/verify", "", as(token)), 204, "")
	if got := a.Header.Get("X-Auth-User"); got != "a%2Cb%0D%0AX-Auth-Roles:%20admin" {
		t.Errorf("got user %q", got)
	}
	if got := a.Header.Values("X-Auth-Roles"); len(got) != 1 || got[0] != "x%2Cadmin,100%25" {
		t.Errorf("got roles %q", got)
	}
}

func TestTheKeySetIsServedToCaches(t *testing.T) {
	d := open(t)
	a := d.want(d.do("GET", "/.well-known/jwks.json", "", with("Origin", "https://any.example")), 200, "")
	for name, want := range map[string]string{
		"Content-Type": "application/jwk-set+json", "Cache-Control": "public, max-age=600", "Access-Control-Allow-Origin": "*", "Access-Control-Allow-Credentials": "",
	} {
		if got := a.Header.Get(name); got != want {
			t.Errorf("got %s %q, want %q", name, got, want)
		}
	}
	if !strings.Contains(a.body, d.key.ID()) || strings.Contains(a.body, `"d":`) {
		t.Errorf("got %s", a.body)
	}
	tag := a.Header.Get("ETag")
	for condition, status := range map[string]int{tag: 304, "W/" + tag: 304, `"x", ` + tag: 304, "*": 304, `"x"`: 200, "": 200} {
		a := d.want(d.do("GET", "/.well-known/jwks.json", "", with("If-None-Match", condition)), status, "")
		if a.Header.Get("ETag") != tag || (status == 304 && a.body != "") {
			t.Errorf("%s: got %q with ETag %q", condition, a.body, a.Header.Get("ETag"))
		}
	}
}

func TestTheMetadataPromisesWhatIsThere(t *testing.T) {
	d := open(t)
	var got map[string]any
	d.want(d.do("GET", "/.well-known/oauth-authorization-server", "", with("X-Forwarded-Host", "evil.example"), with("X-Forwarded-Proto", "http")), 200, "").decode(t, &got)
	want := `{"grant_types_supported":["client_credentials"],"introspection_endpoint":"` + issuer + `/introspect",` +
		`"introspection_endpoint_auth_methods_supported":["client_secret_basic","client_secret_post","Bearer"],` +
		`"issuer":"` + issuer + `","jwks_uri":"` + issuer + `/.well-known/jwks.json","response_types_supported":[],` +
		`"revocation_endpoint":"` + issuer + `/revoke","revocation_endpoint_auth_methods_supported":["client_secret_basic","client_secret_post","none"],` +
		`"service_documentation":"https://example.org/durward","token_endpoint":"` + issuer + `/token",` +
		`"token_endpoint_auth_methods_supported":["client_secret_basic","client_secret_post"]}`
	if compact(got) != want {
		t.Errorf("got %s, want %s", compact(got), want)
	}
	d.want(d.do("GET", "/", ""), 200, "").decode(t, &got)
	if got["name"] != "durward" || got["version"] != "v0.0.0-test" || got["issuer"] != issuer || got["documentation"] != "https://example.org/durward" {
		t.Errorf("got %v", got)
	}
}

func TestABusyServerSaysWhenToComeBack(t *testing.T) {
	d := open(t)
	d.store.broken = &account.BusyError{RetryAfter: 1500 * time.Millisecond}
	a := d.want(d.do("POST", "/login", credentials("alice", goodWord)), 503, "busy")
	if got := a.Header.Get("Retry-After"); got != "2" {
		t.Errorf("got Retry-After %q, want 2", got)
	}
	if !strings.Contains(d.scrape(), `durward_sign_ins_total{outcome="busy"} 1`) {
		t.Error("the busy answer is not counted")
	}
}
