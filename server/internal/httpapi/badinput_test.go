package httpapi_test

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// bodied are the routes that read a body, each with one that it takes.
var bodied = map[string]string{
	"POST /register":               `{"username":"zoe","password":"` + goodWord + `"}`,
	"POST /login":                  `{"username":"root","password":"` + goodWord + `"}`,
	"POST /refresh":                `{"refresh_token":"drt_x"}`,
	"POST /logout":                 `{"refresh_token":"drt_x"}`,
	"PATCH /me":                    `{"email":"a@example.org"}`,
	"PUT /me/password":             `{"current_password":"` + goodWord + `","new_password":"another good password"}`,
	"POST /admin/users":            `{"username":"zoe","password":"` + goodWord + `"}`,
	"POST /admin/clients":          `{"name":"billing","scopes":["orders:read"]}`,
	"PUT /admin/users/{id}/roles":  `{"roles":["editor"]}`,
	"PUT /admin/users/{id}/scopes": `{"scopes":["orders:read"]}`,
}

var badBodies = []struct {
	name   string
	change func(good string) string
	status int
	code   string
	says   string // part of the detail
}{
	{"text that is not JSON", func(string) string { return "username=a" }, 400, "invalid_request", "JSON"},
	{"JSON that is cut short", func(good string) string { return good[:len(good)-1] }, 400, "invalid_request", "at byte"},
	{"something after the object", func(good string) string { return good + "{}" }, 400, "invalid_request", "at byte"},
	{"an array", func(good string) string { return "[" + good + "]" }, 400, "invalid_request", "an object"},
	{"a string", func(string) string { return `"a"` }, 400, "invalid_request", "an object"},
	{"null", func(string) string { return "null" }, 400, "invalid_request", "an object"},
	{"an unknown member", func(good string) string { return `{"is_admin":true,` + good[1:] }, 400, "invalid_request", `"is_admin"`},
	{"a member in another case", func(good string) string { return strings.ToUpper(good[:4]) + good[4:] }, 400, "invalid_request", "not known"},
	{"a member twice", func(good string) string { return good[:len(good)-1] + "," + good[1:] }, 400, "invalid_request", "at byte"},
	{"a number for everything", func(good string) string {
		name, _, _ := strings.Cut(good, ":")
		return name + ":7}"
	}, 400, "invalid_request", "must be"},
	{"bytes that are not UTF-8", func(good string) string { return strings.Replace(good, `":"`, "\":\"\xff", 1) + " " }, 400, "invalid_request", ""},
	{"a byte order mark", func(good string) string { return "\ufeff" + good }, 400, "invalid_request", "at byte"},
	{"arrays a hundred thousand deep", func(string) string { return strings.Repeat("[", 60_000) }, 400, "invalid_request", ""},
	{"more than 64 KiB", func(good string) string { return good + strings.Repeat(" ", 64<<10) }, 413, "body_too_large", "64 KiB"},
}

func TestABadBodyIsRefusedOnEveryRouteAndNothingIsStored(t *testing.T) {
	for route, good := range bodied {
		d := open(t)
		id := d.user("root", "admin")
		method, path, _ := strings.Cut(route, " ")
		path = strings.ReplaceAll(path, "{id}", id)
		var options []option
		if policy[route] == "bearer" || policy[route] == "admin" {
			options = append(options, as(d.login("root").Access))
		}
		events := len(d.store.events)
		for _, bad := range badBodies {
			t.Run(route+": "+bad.name, func(t *testing.T) {
				d := d.in(t)
				body := bad.change(good)
				if bad.name == "bytes that are not UTF-8" && !strings.Contains(body, "\xff") {
					body = "{\"\xff\":1}"
				}
				a := d.want(d.do(method, path, body, options...), bad.status, bad.code)
				if !strings.Contains(a.body, strings.ReplaceAll(bad.says, `"`, `\"`)) {
					t.Errorf("got %s, want it to say %s", a.body, bad.says)
				}
			})
		}
		for name, change := range map[string]option{
			"no content type":            func(r *http.Request) { r.Header.Del("Content-Type") },
			"a form":                     with("Content-Type", "application/x-www-form-urlencoded"),
			"text":                       with("Content-Type", "text/plain"),
			"another charset":            with("Content-Type", "application/json; charset=utf-16"),
			"another parameter":          with("Content-Type", "application/json; boundary=x"),
			"two content types":          func(r *http.Request) { r.Header.Add("Content-Type", "application/json") },
			"a compressed body":          with("Content-Encoding", "gzip"),
			"a body said to be identity": with("Content-Encoding", "identity"),
		} {
			t.Run(route+": "+name, func(t *testing.T) {
				d := d.in(t)
				d.want(d.do(method, path, good, append(options, change)...), 415, "unsupported_media_type")
			})
		}
		t.Run(route+": no body", func(t *testing.T) {
			d := d.in(t)
			if route == "POST /logout" {
				d.want(d.do(method, path, "", options...), 401, "token_missing")
				return
			}
			d.want(d.do(method, path, "", options...), 400, "invalid_request")
		})
		if got := len(d.store.events); got != events {
			t.Errorf("%s: got %d events stored by refused requests, want none", route, got-events)
		}
	}
}

// in is the same server under another test.
func (d *door) in(t *testing.T) *door {
	inner := *d
	inner.t = t
	return &inner
}

func TestEachMemberThatIsNeededIsNamed(t *testing.T) {
	d := open(t)
	id := d.user("root", "admin")
	token := as(d.login("root").Access)
	for _, c := range []struct{ method, path, body, member string }{
		{"POST", "/register", `{"password":"x"}`, "username"},
		{"POST", "/register", `{"username":"x"}`, "password"},
		{"POST", "/login", `{}`, "username"},
		{"POST", "/login", `{"username":"x"}`, "password"},
		{"POST", "/refresh", `{}`, "refresh_token"},
		{"PUT", "/me/password", `{"new_password":"x"}`, "current_password"},
		{"PUT", "/me/password", `{"current_password":"x"}`, "new_password"},
		{"POST", "/admin/users", `{"username":"x"}`, "password"},
		{"PUT", "/admin/users/" + id + "/roles", `{}`, "roles"},
		{"PUT", "/admin/users/" + id + "/scopes", `{}`, "scopes"},
	} {
		a := d.want(d.do(c.method, c.path, c.body, token), 400, "invalid_request")
		if !strings.Contains(a.body, `\"`+c.member+`\" is missing`) {
			t.Errorf("%s %s %s: got %s, want it to name %s", c.method, c.path, c.body, a.body, c.member)
		}
	}
}

func TestNamesAndPasswordsThatAreNoGood(t *testing.T) {
	d := open(t)
	for _, c := range []struct {
		name, username, password string
		status                   int
		code                     string
	}{
		{"a name with a control character", "a\u0007b", goodWord, 422, "invalid_username"},
		{"a name with a line break", "a\nb", goodWord, 422, "invalid_username"},
		{"an empty name", "", goodWord, 422, "invalid_username"},
		{"a name in two scripts", "\u0430dmin", goodWord, 422, "invalid_username"},
		{"a name of 10,000 characters", strings.Repeat("a", 10_000), goodWord, 422, "invalid_username"},
		{"an empty password", "zoe", "", 422, "weak_password"},
		{"a short password", "zoe", "seven77", 422, "weak_password"},
		{"a common password", "zoe", "password123", 422, "weak_password"},
		{"a password of 1,025 bytes", "zoe", strings.Repeat("x", 1025), 422, "weak_password"},
		{"a password of 1 MB", "zoe", strings.Repeat("x", 1<<20), 413, "body_too_large"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := d.in(t)
			d.want(d.do("POST", "/register", credentials(c.username, c.password)), c.status, c.code)
		})
	}
	if len(d.store.users) != 0 {
		t.Errorf("got users %v, want none", d.store.users)
	}
	d.want(d.do("POST", "/login", credentials("zoe", strings.Repeat("x", 1025))), 400, "invalid_request")
	d.want(d.do("POST", "/login", credentials("a\u0007b", goodWord)), 401, "invalid_credentials")
}

func TestNobodyRegistersAsAnAdministrator(t *testing.T) {
	d := open(t)
	for _, member := range []string{`"role":"admin"`, `"roles":["admin"]`, `"is_admin":true`, `"id":"1"`, `"created_at":"2020-01-01T00:00:00Z"`, `"scopes":["x"]`, `"Username":"y"`} {
		d.want(d.do("POST", "/register", `{"username":"zoe","password":"`+goodWord+`",`+member+`}`), 400, "invalid_request")
	}
	if len(d.store.users) != 0 {
		t.Errorf("got users %v, want none", d.store.users)
	}
}

// endless is a body that never ends; it counts what is taken of it.
type endless struct{ taken int }

func (e *endless) Read(p []byte) (int, error) {
	e.taken += len(p)
	return copy(p, bytes.Repeat([]byte(" "), len(p))), nil
}

func TestALargeBodyIsRefusedWithoutReadingIt(t *testing.T) {
	d := open(t)
	for name, size := range map[string]int64{"of a known size": 10 << 20, "in chunks": -1} {
		body := new(endless)
		var reader io.Reader = body
		if size > 0 {
			reader = io.LimitReader(body, size)
		}
		w := newRecorder()
		r, err := http.NewRequest("POST", "/register", reader)
		must(t, err)
		r.ContentLength = size
		r.Header.Set("Content-Type", "application/json")
		d.handler.ServeHTTP(w, r)
		if w.Code != 413 || w.Header().Get("Connection") != "close" {
			t.Errorf("%s: got %d and Connection %q, want 413 and close", name, w.Code, w.Header().Get("Connection"))
		}
		if body.taken > 256<<10 {
			t.Errorf("%s: got %d bytes read, want hardly more than 64 KiB", name, body.taken)
		}
	}
}

func TestABodyThatStopsIsAnsweredWhenTheTimeIsOver(t *testing.T) {
	d := open(t)
	d.server.Close()
	d.server = newUnstarted(d.handler)
	d.server.Config.ReadHeaderTimeout = patience
	d.server.Config.ReadTimeout = 100 * time.Millisecond
	d.server.Start()
	conn, err := net.Dial("tcp", d.server.Listener.Addr().String())
	must(t, err)
	defer conn.Close()
	must(t, conn.SetDeadline(time.Now().Add(patience)))
	r, err := http.NewRequest("POST", d.server.URL+"/login", nil)
	must(t, err)
	// Nothing is sent after this, so that no write meets a connection that was closed.
	_, err = io.WriteString(conn, "POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"username\":")
	must(t, err)
	response, err := http.ReadResponse(bufio.NewReader(conn), r)
	must(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	must(t, err)
	d.want(answer{response, string(body)}, 408, "request_timeout")
}

func TestPathsAndMethodsThatAreNotThere(t *testing.T) {
	d := open(t)
	d.user("root", "admin")
	root := as(d.login("root").Access)
	for _, path := range []string{
		"/nothing", "/Admin", "/admin/", "/me/", "/me/x.css", "/admin%2Fusers", "/admin;x", "//admin", "/admin/../protected", "/./protected",
		"/protected%20", "/protected.", "/.well-known/", "/debug/pprof/", "/register/", "/me/sessions/",
	} {
		a := d.want(d.do("GET", path, "", root), 404, "not_found")
		if a.Header.Get("Location") != "" {
			t.Errorf("%s: got a redirect to %s, want none", path, a.Header.Get("Location"))
		}
	}
	for _, c := range []struct{ method, path, allow string }{
		{"POST", "/protected", "GET, HEAD"}, {"DELETE", "/login", "POST"}, {"GET", "/register", "POST"},
		{"PUT", "/me", "DELETE, GET, HEAD, PATCH"}, {"TRACE", "/me", "DELETE, GET, HEAD, PATCH"}, {"OPTIONS", "/protected", "GET, HEAD"},
		{"BREW", "/", "GET, HEAD"}, {"PROPFIND", "/admin/users/x", "DELETE, GET, HEAD"},
	} {
		a := d.want(d.do(c.method, c.path, "", root, with("X-HTTP-Method-Override", "GET")), 405, "method_not_allowed")
		if got := a.Header.Get("Allow"); got != c.allow {
			t.Errorf("%s %s: got Allow %q, want %q", c.method, c.path, got, c.allow)
		}
	}
	d.want(d.do("GET", "/%61dmin", ""), 401, "token_missing")
	d.want(d.do("GET", "/admin?x=/public", ""), 401, "token_missing")
}
