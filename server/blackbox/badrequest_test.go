package blackbox_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// badHeaders are credentials that are not one access token in one place.
func badHeaders(token string) []bad {
	var cases []bad
	add := func(name string, status int, code string, headers ...string) {
		for _, route := range []string{"GET /protected", "POST /logout"} {
			cases = append(cases, bad{route + ": " + name, strings.NewReader(lines(route, append(headers, "Content-Length: 0")...)), status, code})
		}
	}
	good := "Authorization: Bearer " + token
	add("the same credential twice", http.StatusBadRequest, "invalid_request", good, good)
	add("a good credential and another", http.StatusBadRequest, "invalid_request", good, "Authorization: Bearer x")
	add("another credential and a good one", http.StatusBadRequest, "invalid_request", "Authorization: Basic eDp4", good)
	add("two credentials in one header", http.StatusBadRequest, "invalid_request", good+", Bearer x")
	add("something after the token", http.StatusBadRequest, "invalid_request", good+" x")
	add("a folded header", http.StatusBadRequest, "invalid_request", good+"\r\n x")
	add("two spaces before the token", http.StatusBadRequest, "invalid_request", "Authorization: Bearer  "+token)
	add("a scheme alone", http.StatusBadRequest, "invalid_request", "Authorization: Bearer")
	add("no credential", http.StatusUnauthorized, "token_missing")
	add("another scheme", http.StatusUnauthorized, "token_missing", "Authorization: Basic eDp4")
	add("a longer scheme", http.StatusUnauthorized, "token_missing", "Authorization: Bearer"+token)
	add("a token in another header", http.StatusUnauthorized, "token_missing", "X-Access-Token: "+token)
	add("a token in a cookie", http.StatusUnauthorized, "token_missing", "Cookie: access_token="+token)
	add("a token that is none", http.StatusUnauthorized, "token_invalid", "Authorization: Bearer nonsense")
	add("a token of many dots", http.StatusUnauthorized, "token_invalid", "Authorization: Bearer "+strings.Repeat(".", 9000))
	add("a token that is too long", http.StatusUnauthorized, "token_invalid", "Authorization: Bearer "+strings.Repeat("x", 9000))
	add("a token with padding", http.StatusUnauthorized, "token_invalid", good+"==")
	for _, route := range []string{"GET /protected", "POST /logout", "GET /admin", "DELETE /me"} {
		request := lines(route+"?access_token="+token, "Content-Length: 0")
		cases = append(cases, bad{route + ": a token in the URL", strings.NewReader(request), http.StatusBadRequest, "invalid_request"})
	}
	return cases
}

// badPaths are requests for what is not there, and spellings of /admin that some proxies take for another path. The
// token is a user's.
func badPaths(token string) []bad {
	var cases []bad
	add := func(request string, status int, code string) {
		cases = append(cases, bad{request, strings.NewReader(lines(request, "Authorization: Bearer "+token)), status, code})
	}
	for _, path := range []string{
		"/nothing", "/admin/../public", "/admin/../admin", "/./admin", "//admin", "/admin//", "/admin/", "/Admin", "/ADMIN", "/admin.", "/admin%20",
		"/admin%2f", "/admin%2F..%2Fprotected", "/admin;x", "/admin;/..", "/admin%00", "/admin%0a", "/admin%09", "/admin.json", "/me/x.css", "/protected/",
		"/%2e%2e/admin", "/..%2fadmin", "/protected/../admin", `/\admin`, "/register/../admin", "/%C0%AFadmin", "/.well-known", "/.well-known/", "/debug/pprof/", "/console/../admin", "/" + strings.Repeat("x", 8000),
	} {
		add("GET "+path, http.StatusNotFound, "not_found")
	}
	for _, path := range []string{"/admin", "/%61dmin", "/%61%64%6d%69%6e", "/admin?next=/protected", "/admin?x%23", "/admin?"} {
		add("GET "+path, http.StatusForbidden, "insufficient_role")
	}
	for _, request := range []string{
		"POST /protected", "PUT /protected", "DELETE /protected", "OPTIONS /protected", "TRACE /protected", "FROB /protected", "get /protected", "PROPFIND /me", "POST /admin",
		"GET /register", "GET /login", "GET /refresh", "GET /logout", "DELETE /register", "PUT /me", "GET /me/password", "DELETE /healthz", "POST /.well-known/jwks.json", "OPTIONS /login",
	} {
		add(request, http.StatusMethodNotAllowed, "method_not_allowed")
	}
	return cases
}

// beforeAnyRoute are requests that net/http itself refuses: their answers are its own.
func beforeAnyRoute(token string) []bad {
	request := func(name string, status int, text string) bad {
		return bad{name: name, raw: strings.NewReader(text), status: status}
	}
	good := "Authorization: Bearer " + token
	return []bad{
		request("a line that is no request", http.StatusBadRequest, "hello\r\n\r\n"),
		request("a request of HTTP/0.9", http.StatusBadRequest, "GET /protected\r\n\r\n"),
		request("no host", http.StatusBadRequest, "GET /protected HTTP/1.1\r\nConnection: close\r\n\r\n"),
		request("two hosts", http.StatusBadRequest, lines("GET /protected", "Host: evil.example.org", good)),
		request("a space before the colon", http.StatusBadRequest, lines("GET /protected", "Authorization : Bearer "+token)),
		request("a control character in a header", http.StatusBadRequest, lines("GET /protected", "Authorization: Bearer \x01"+token)),
		request("a header without a name", http.StatusBadRequest, lines("GET /protected", ": x", good)),
		request("a space in the path", http.StatusBadRequest, lines("GET /admin /x", good)),
		request("a malformed escape in the path", http.StatusBadRequest, lines("GET /admin%zz", good)),
		request("two lengths", http.StatusBadRequest, lines("POST /login", "Content-Length: 2", "Content-Length: 3")+"{} "),
		request("a length that is none", http.StatusBadRequest, lines("POST /login", "Content-Length: -1")),
		request("an unknown transfer coding", http.StatusNotImplemented, lines("POST /login", "Transfer-Encoding: gzip")),
		request("an expectation that nobody can meet", http.StatusExpectationFailed, lines("POST /login", "Expect: the-unexpected", "Content-Length: 0")),
		request("a header of 20 KB", http.StatusRequestHeaderFieldsTooLarge, lines("GET /protected", good, "X-Long: "+strings.Repeat("x", 20_000))),
		request("ten thousand headers", http.StatusRequestHeaderFieldsTooLarge, lines("GET /protected", good, strings.Repeat("X: y\r\n", 10_000)+"X: y")),
		request("a cookie of 64 KB", http.StatusRequestHeaderFieldsTooLarge, lines("GET /protected", good, "Cookie: a="+strings.Repeat("x", 64<<10))),
		request("a path of 1 MB", http.StatusRequestHeaderFieldsTooLarge, lines("GET /"+strings.Repeat("x", 1<<20), good)),
		request("a credential of 1 MB", http.StatusRequestHeaderFieldsTooLarge, lines("GET /protected", "Authorization: Bearer "+strings.Repeat(".", 1<<20))),
		{name: "headers without an end", raw: io.MultiReader(strings.NewReader("GET /protected HTTP/1.1\r\nHost: id.example.org\r\nX: "), endless(tenMegabytes)), status: http.StatusRequestHeaderFieldsTooLarge},
	}
}

func TestAHeadRequestOfAPostRouteIsRefused(t *testing.T) {
	t.Parallel()
	server := start(t)
	for _, path := range []string{"/login", "/register", "/refresh"} {
		a := server.client().call(t, "HEAD", path, "", nil)
		if a.status != http.StatusMethodNotAllowed || !strings.Contains(a.header.Get("Allow"), "POST") || len(a.body) != 0 {
			t.Errorf("HEAD %s answers %d with Allow %q and %d bytes, want 405, POST and none", path, a.status, a.header.Get("Allow"), len(a.body))
		}
	}
	server.stop()
}
