package httpapi_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"github.com/durward-auth/durward/server/internal/httpapi"
)

func TestEveryAnswerHasTheSecurityHeaders(t *testing.T) {
	d := open(t)
	d.user("alice")
	token := d.login("alice").Access
	for _, a := range []answer{
		d.do("GET", "/", ""), d.do("GET", "/nothing", ""), d.do("PUT", "/me", ""), d.do("GET", "/me", ""), d.do("GET", "/me", "", as(token)),
		d.do("GET", "/protected", "", as(token)), d.do("GET", "/healthz", ""), d.do("GET", "/metrics", ""), d.do("POST", "/login", "{"),
		d.do("GET", "/.well-known/jwks.json", ""), d.do("POST", "/logout", "", as(token)),
	} {
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
			"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "Strict-Transport-Security": "",
			"Access-Control-Allow-Credentials": "", "Server": "", "X-Powered-By": "",
		} {
			if got := a.Header.Get(name); got != want {
				t.Errorf("%s: got %s %q, want %q", a.Request.URL.Path, name, got, want)
			}
		}
		if got := a.Header.Get("X-Request-Id"); !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(got) {
			t.Errorf("%s: got request id %q, want 128 bits in hex", a.Request.URL.Path, got)
		}
	}
}

func TestStrictTransportSecurityGoesWithTLSOnly(t *testing.T) {
	for name, c := range map[string]struct {
		state  *tls.ConnectionState
		behind bool
		want   string
	}{
		"plain":              {nil, false, ""},
		"TLS here":           {new(tls.ConnectionState), false, "max-age=31536000"},
		"TLS at the proxy's": {nil, true, "max-age=31536000"},
	} {
		d := open(t, func(c2 *httpapi.Config) { c2.BehindTLSProxy = c.behind })
		r := httptest.NewRequest("GET", "/healthz", nil)
		r.TLS = c.state
		w := newRecorder()
		d.handler.ServeHTTP(w, r)
		if got := w.Header().Get("Strict-Transport-Security"); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestAnswersToATokenAreNotKeptByCaches(t *testing.T) {
	d := open(t)
	d.user("root", "admin")
	token := d.login("root").Access
	for route, access := range policy {
		if access != "bearer" && access != "admin" {
			continue
		}
		method, path, _ := strings.Cut(route, " ")
		for _, options := range [][]option{nil, {as(token)}} {
			if len(options) > 0 && method != "GET" {
				continue
			}
			a := d.do(method, path, "", options...)
			if a.Header.Get("Cache-Control") != "no-store" || a.Header.Get("Vary") != "Authorization" {
				t.Errorf("%s: got Cache-Control %q and Vary %q, want no-store and Authorization", route, a.Header.Get("Cache-Control"), a.Header.Get("Vary"))
			}
		}
	}
}

func TestHeadIsGetWithoutABody(t *testing.T) {
	d := open(t)
	d.user("root", "admin")
	token := as(d.login("root").Access)
	for route := range policy {
		method, path, _ := strings.Cut(route, " ")
		path = strings.ReplaceAll(strings.TrimSuffix(path, "{$}"), "{id}", d.id("root"))
		if method != "GET" {
			continue
		}
		get, head := d.do("GET", path, "", token), d.do("HEAD", path, "", token)
		if head.StatusCode != get.StatusCode || head.body != "" || head.Header.Get("Content-Type") != get.Header.Get("Content-Type") {
			t.Errorf("%s: got %d %q for HEAD, %d for GET", path, head.StatusCode, head.Header.Get("Content-Type"), get.StatusCode)
		}
		if policy[route] != "all" {
			d.want(d.do("HEAD", path, ""), 401, "token_missing")
		}
	}
}

// from sends a request as from an address, past the network, and returns the client in the log and the id.
func from(d *door, remote string, header http.Header) (client, id string) {
	r := httptest.NewRequest("GET", "/healthz", nil)
	r.RemoteAddr = remote
	for name, values := range header {
		r.Header[name] = values
	}
	before := len(d.log.String())
	w := newRecorder()
	d.handler.ServeHTTP(w, r)
	lines := strings.Split(strings.TrimSpace(d.log.String()[before:]), "\n")
	entry := parseLine(d.t, lines[len(lines)-1])
	return entry["client"].(string), w.Header().Get("X-Request-Id")
}

func TestTheClientIsTheLastHopThatIsNoTrustedProxy(t *testing.T) {
	d := open(t, func(c *httpapi.Config) {
		c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	})
	for _, c := range []struct {
		name, remote string
		forwarded    []string
		want         string
	}{
		{"a peer that is no proxy is the client", "203.0.113.9:1234", []string{"198.51.100.1"}, "203.0.113.9"},
		{"a proxy without the header is the client", "10.0.0.1:1234", nil, "10.0.0.1"},
		{"the hop that the proxy saw", "10.0.0.1:1234", []string{"198.51.100.1"}, "198.51.100.1"},
		{"a hop that the client made up is not believed", "10.0.0.1:1234", []string{"1.2.3.4, 198.51.100.1"}, "198.51.100.1"},
		{"proxies in a row are passed over", "10.0.0.1:1234", []string{"1.2.3.4, 198.51.100.1, 10.0.0.7"}, "198.51.100.1"},
		{"several lines are one list", "10.0.0.1:1234", []string{"1.2.3.4", "198.51.100.1", "10.0.0.7"}, "198.51.100.1"},
		{"only proxies: the first of them", "10.0.0.1:1234", []string{"10.0.0.9,10.0.0.8"}, "10.0.0.9"},
		{"a malformed hop: the peer", "10.0.0.1:1234", []string{"198.51.100.1, unknown"}, "10.0.0.1"},
		{"an empty hop: the peer", "10.0.0.1:1234", []string{"198.51.100.1,"}, "10.0.0.1"},
		{"IPv6 peers and hops", "[fd00::1]:1234", []string{"2001:db8::7"}, "2001:db8::7"},
		{"a zone is dropped", "[fe80::1%eth0]:1234", nil, "fe80::1"},
		{"an IPv4 address in IPv6 clothes", "[::ffff:10.0.0.1]:1234", []string{"::ffff:198.51.100.1"}, "198.51.100.1"},
	} {
		if got, _ := from(d, c.remote, http.Header{"X-Forwarded-For": c.forwarded}); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
	if got, _ := from(open(t), "10.0.0.1:1234", http.Header{"X-Forwarded-For": {"1.2.3.4"}}); got != "10.0.0.1" {
		t.Errorf("without trusted proxies: got %s, want the peer", got)
	}
}

func TestTheRequestIDIsOursUnlessATrustedProxyBringsOne(t *testing.T) {
	d := open(t, func(c *httpapi.Config) { c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")} })
	for _, c := range []struct {
		remote string
		given  []string
		taken  bool
	}{
		{"10.0.0.1:1", []string{"abc-1.2_3"}, true},
		{"203.0.113.9:1", []string{"abc-1.2_3"}, false},
		{"10.0.0.1:1", []string{""}, false},
		{"10.0.0.1:1", []string{"with space"}, false},
		{"10.0.0.1:1", []string{"a", "b"}, false},
		{"10.0.0.1:1", []string{strings.Repeat("a", 65)}, false},
	} {
		if _, got := from(d, c.remote, http.Header{"X-Request-Id": c.given}); (got == c.given[0]) != c.taken {
			t.Errorf("%q from %s: got %q, want taken %v", c.given, c.remote, got, c.taken)
		}
	}
	seen := map[string]bool{}
	for range 100 {
		_, id := from(d, "203.0.113.9:1", nil)
		seen[id] = true
	}
	if len(seen) != 100 {
		t.Errorf("got %d different ids of 100", len(seen))
	}
}

func TestCORSIsForNamedOriginsOnly(t *testing.T) {
	const good = "https://app.example.org"
	d := open(t, func(c *httpapi.Config) { c.CORSOrigins = []string{good} })
	d.user("alice")
	token := as(d.login("alice").Access)
	preflight := with("Access-Control-Request-Method", "GET")

	a := d.want(d.do("GET", "/protected", "", token, with("Origin", good)), 200, "")
	if a.Header.Get("Access-Control-Allow-Origin") != good || a.Header.Get("Vary") != "Authorization, Origin" {
		t.Errorf("got headers %v", a.Header)
	}
	a = d.want(d.do("OPTIONS", "/protected", "", with("Origin", good), preflight), 204, "")
	if a.Header.Get("Access-Control-Allow-Origin") != good || !strings.Contains(a.Header.Get("Access-Control-Allow-Headers"), "Authorization") || a.Header.Get("Vary") != "Origin" {
		t.Errorf("got headers %v", a.Header)
	}
	for _, origin := range []string{"https://evil.example", "null", good + ".evil.example", "http://app.example.org", "https://sub.app.example.org", good + ":444", "*"} {
		for _, a := range []answer{d.do("GET", "/protected", "", token, with("Origin", origin)), d.do("OPTIONS", "/protected", "", with("Origin", origin), preflight)} {
			if got := a.Header.Get("Access-Control-Allow-Origin"); got != "" || !strings.Contains(a.Header.Get("Vary"), "Origin") {
				t.Errorf("%s: got Access-Control-Allow-Origin %q and Vary %q", origin, got, a.Header.Get("Vary"))
			}
		}
	}
	off := open(t)
	if got := off.do("GET", "/", "", with("Origin", good)).Header.Get("Access-Control-Allow-Origin"); got != "" {
		t.Errorf("without origins: got %q, want none", got)
	}
}

func TestAPanicIsA500WithoutAWordAboutIt(t *testing.T) {
	d := open(t)
	d.user("alice")
	token := d.login("alice").Access
	d.store.panics = true
	a := d.want(d.do("GET", "/me", "", as(token)), 500, "internal_error")
	if strings.Contains(a.body, "mind") || strings.Contains(a.body, "goroutine") {
		t.Errorf("got %s, want nothing of the panic", a.body)
	}
	d.store.panics = false
	d.want(d.do("GET", "/me", "", as(token)), 200, "")
	if got := strings.Count(d.log.String(), "out of its mind"); got != 1 {
		t.Errorf("got the panic %d times in the log, want once", got)
	}
	for line := range strings.Lines(d.log.String()) {
		if entry := parseLine(t, line); entry["status"] == 500.0 && (entry["level"] != "ERROR" || !strings.Contains(entry["stack"].(string), "fake_store_test.go")) {
			t.Errorf("got %s, want an error with the stack", line)
		}
	}
}

func TestABrokenStoreIsA500WithoutAWordAboutIt(t *testing.T) {
	d := open(t)
	d.user("root", "admin")
	token := as(d.login("root").Access)
	d.store.broken = errors.New("disk I/O error at /var/lib/secret.db: SELECT * FROM users")
	for _, a := range []answer{
		d.do("GET", "/me", "", token), d.do("POST", "/login", credentials("alice", goodWord)), d.do("POST", "/register", credentials("alice", goodWord)),
		d.do("GET", "/admin/users", "", token), d.do("POST", "/logout/all", "", token), d.do("POST", "/logout", "", token),
	} {
		d.want(a, 500, "internal_error")
		if strings.Contains(a.body, "SELECT") || strings.Contains(a.body, "disk") || !strings.Contains(d.log.String(), a.Header.Get("X-Request-Id")) {
			t.Errorf("got %s", a.body)
		}
	}
	d.want(d.do("GET", "/protected", "", token), 200, "")
	d.store.broken = context.DeadlineExceeded
	a := d.want(d.do("GET", "/me", "", token), 503, "temporarily_unavailable")
	if a.Header.Get("Retry-After") != "1" {
		t.Errorf("got Retry-After %q, want 1", a.Header.Get("Retry-After"))
	}
}

func TestReadiness(t *testing.T) {
	var down, draining bool
	d := open(t, func(c *httpapi.Config) {
		c.Ready = func(context.Context) error {
			if down {
				return errors.New("the database is at 10.1.2.3")
			}
			return nil
		}
		c.Draining = func() bool { return draining }
	})
	d.want(d.do("GET", "/readyz", ""), 200, "")
	down = true
	a := d.want(d.do("GET", "/readyz", ""), 503, "not_ready")
	if strings.Contains(a.body, "10.1.2.3") {
		t.Errorf("got %s, want nothing about why", a.body)
	}
	if level := d.lastLine()["level"]; level != "ERROR" {
		t.Errorf("a server that is not ready: got level %v in the log, want ERROR", level)
	}
	down, draining = false, true
	d.want(d.do("GET", "/readyz", ""), 503, "not_ready")
	if entry := d.lastLine(); entry["level"] != "INFO" || entry["error"] != "the server is stopping" {
		t.Errorf("a server that stops: got %v in the log, want why at INFO", entry)
	}
	said := strings.Count(d.log.String(), "\n")
	d.want(d.do("GET", "/readyz", ""), 503, "not_ready")
	if got := strings.Count(d.log.String(), "\n"); got != said {
		t.Errorf("a second probe of a server that stops: got %d lines in the log, want %d as before", got, said)
	}
	d.want(d.do("GET", "/healthz", ""), 200, "")
}

func TestABadConfigurationIsNamedAtOnce(t *testing.T) {
	_, err := httpapi.New(httpapi.Config{CORSOrigins: []string{"*", "https://a.example/"}, CursorKey: []byte("short"), KeySetMaxAge: -1})
	if err == nil {
		t.Fatal("got no error")
	}
	for _, part := range []string{"Accounts", "KeySet is", "Keys is", "Ready", "Tally", "Log", "Issuer", "CursorKey", `"*"`, `"https://a.example/"`, "KeySetMaxAge"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("got %v, want it to name %s", err, part)
		}
	}
}
