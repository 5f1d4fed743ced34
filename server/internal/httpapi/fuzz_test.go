package httpapi_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/httpapi"
)

// FuzzRequest sends whatever there is: no request is answered with a 5xx, every refusal is a problem, and
// every request leaves one line in the log.
func FuzzRequest(f *testing.F) {
	d := open(f, func(c *httpapi.Config) {
		c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
		c.CORSOrigins = []string{"https://app.example.org"}
	})
	d.user("root", "admin")
	token := issued(f, d, "root")
	from(d, "127.0.0.1:4711", http.Header{"X-Forwarded-For": {"unknown"}}) // the one warning of it
	for route := range policy {
		method, path, _ := strings.Cut(route, " ")
		f.Add(method, strings.ReplaceAll(strings.TrimSuffix(path, "{$}"), "{id}", "x"), true, "", "198.51.100.1, 127.0.0.2", "application/json", bodied[route])
	}
	f.Add("POST", "/token", false, "Basic eDp5", "", "application/x-www-form-urlencoded", "grant_type=client_credentials&scope=%00")
	f.Add("POST", "/introspect", true, "", "", "application/x-www-form-urlencoded", "token=drt_x&token_type_hint=refresh_token")
	f.Add("POST", "/revoke", false, "", "", "application/x-www-form-urlencoded", "token=a.b.c&token_type_hint=access_token")
	f.Add("GET", "/admin/users?limit=2&after=AAAA&search=%ff", true, "", "", "", "")
	f.Add("GET", "/verify?role=a&role=b&scope=c", true, "", ",", "", "")
	f.Add("OPTIONS", "*", false, "Bearer a b", "::1%eth0", "application/json; charset=utf-8", "{}")
	f.Add("POST", "//login/../login", false, "Basic x", "", "text/plain", "{")
	f.Fuzz(func(t *testing.T, method, target string, known bool, authorization, forwarded, kind, body string) {
		r, err := http.NewRequest(method, target, strings.NewReader(body))
		if err != nil || r.URL == nil {
			t.Skip("not a request")
		}
		r.RemoteAddr = "127.0.0.1:4711"
		r.RequestURI = target
		if known {
			authorization = token
		}
		for name, value := range map[string]string{"Authorization": authorization, "X-Forwarded-For": forwarded, "Content-Type": kind} {
			if value != "" {
				r.Header.Set(name, value)
			}
		}
		before := strings.Count(d.log.String(), "\n")
		w := newRecorder()
		d.handler.ServeHTTP(w, r)
		if after := strings.Count(d.log.String(), "\n"); after != before+1 {
			t.Errorf("got %d lines in the log, want one", after-before)
		}
		if w.Code >= 500 {
			t.Fatalf("got %d %s", w.Code, w.Body)
		}
		if w.Code >= 400 {
			var problem struct {
				Status int
				Code   string
				Error  string // of the OAuth endpoints
			}
			content, _ := io.ReadAll(w.Body)
			err := json.Unmarshal(content, &problem)
			if err != nil || problem.Error == "" && (problem.Status != w.Code || problem.Code == "") {
				t.Errorf("got %d %s: %v", w.Code, content, err)
			}
		}
		if got := w.Header().Get("Location"); strings.HasPrefix(got, "//") || w.Code/100 == 3 && w.Code != http.StatusNotModified {
			t.Errorf("got %d to %q, want no redirect", w.Code, got)
		}
		d.log.reset()
		if method != http.MethodGet && w.Code < 300 {
			token = issued(t, d, "root") // the request may have been a logout
		}
	})
}

// issued is a fresh Authorization header of a user, whatever became of the password.
func issued(t testing.TB, d *door, name string) string {
	t.Helper()
	u, err := d.config.Accounts.FindUser(context.Background(), name)
	must(t, err)
	grant, err := d.config.Accounts.IssueToken(context.Background(), u, "", account.Operator, audit.Origin{Address: "cli"})
	must(t, err)
	return "Bearer " + grant.AccessToken
}

// FuzzCursor reads cursors that were not made: none passes but the one spelling of one that was.
func FuzzCursor(f *testing.F) {
	key := []byte(strings.Repeat("k", 32))
	made := httpapi.MakeCursor(key, "alice", "al")
	f.Add(made, "al")
	f.Add(made, "")
	f.Add(made[:20], "al")
	f.Add(made+"=", "al")
	f.Add("", "")
	f.Fuzz(func(t *testing.T, cursor, search string) {
		after, ok := httpapi.ReadCursor(key, cursor, search)
		if ok && httpapi.MakeCursor(key, after, search) != cursor {
			t.Errorf("got %q accepted as %q, which is spelt otherwise", cursor, after)
		}
		if ok && (cursor != made || search != "al") {
			t.Errorf("got %q accepted for %q, it was never made", cursor, search)
		}
	})
}
