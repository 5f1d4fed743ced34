package httpapi_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/httpapi"
)

func parseLine(t testing.TB, line string) map[string]any {
	t.Helper()
	var entry map[string]any
	if err := json.Unmarshal([]byte(line), &entry); err != nil {
		t.Fatalf("got log line %q: %v", line, err)
	}
	return entry
}

func TestEachRequestIsOneLineInTheLog(t *testing.T) {
	d := open(t)
	id := d.user("alice")
	g := d.login("alice")
	a := d.want(d.do("GET", "/me/sessions?x=secret-in-the-query", "", as(g.Access)), 200, "")
	all := strings.Split(strings.TrimSpace(d.log.String()), "\n")
	if len(all) != 2 {
		t.Fatalf("got %d lines for two requests: %v", len(all), all)
	}
	entry := parseLine(t, all[1])
	for name, want := range map[string]any{
		"level": "INFO", "msg": "request", "request_id": a.Header.Get("X-Request-Id"), "method": "GET", "route": "GET /me/sessions",
		"path": "/me/sessions", "status": 200.0, "bytes": float64(len(a.body)), "client": "127.0.0.1", "user": id,
	} {
		if entry[name] != want {
			t.Errorf("%s: got %v, want %v", name, entry[name], want)
		}
	}
	if _, number := entry["microseconds"].(float64); !number {
		t.Errorf("got no duration in milliseconds in %s", all[1])
	}
	d.do("GET", "/a%0Ab%1B%E2%80%A8/"+strings.Repeat("x", 3000), "", with("User-Agent", "a"))
	all = strings.Split(strings.TrimSpace(d.log.String()), "\n")
	if len(all) != 3 || len(all[2]) > 1000 {
		t.Errorf("got %d lines, the last of %d bytes, want 3 and a short one", len(all), len(all[len(all)-1]))
	}
}

// TestNoSecretLeavesTheServer drives secrets through every route (CASES.md J02).
func TestNoSecretLeavesTheServer(t *testing.T) {
	d := open(t)
	d.user("root", "admin")
	const canary = "Canary-7f3a-of-a-password"
	admin, victim := d.login("root"), d.login("root")
	secrets := []string{canary, admin.Access, admin.Refresh, victim.Refresh, signature(admin.Access), goodWord}
	var problems strings.Builder
	for _, breakage := range []func(){
		func() {},
		func() { d.store.panics = true },
	} {
		breakage()
		for route := range policy {
			method, path, _ := strings.Cut(route, " ")
			path = strings.ReplaceAll(strings.TrimSuffix(path, "{$}"), "{id}", admin.Access)
			if route == "DELETE /me" || route == "POST /logout/all" {
				continue // would end the session that the others need
			}
			body := ""
			if _, ok := bodied[route]; ok {
				body = credentials("zoe", canary)
			}
			for _, b := range []string{body, `{"` + canary + `":1`, `{"refresh_token":"` + victim.Refresh + `x"}`, `{"current_password":"` + canary + `","new_password":"` + canary + `"}`} {
				for _, o := range []option{as(admin.Access), as(admin.Access + "x"), as(victim.Refresh), with("X-Other", "1")} {
					if method == "GET" {
						b = ""
					}
					a := d.do(method, path+"?access_token="+admin.Access+"&password="+canary, b, o, with("X-Forwarded-For", canary), with("X-Request-Id", canary))
					if a.StatusCode >= 400 {
						problems.WriteString(a.body)
					}
					d.do(method, "/me/sessions/"+victim.Refresh, "", o)
				}
			}
		}
	}
	tallied, err := json.Marshal(d.tally.Drain())
	must(t, err)
	d.store.panics = false
	events, err := json.Marshal(d.store.events)
	must(t, err)
	for place, text := range map[string]string{
		"log": d.log.String(), "metrics": d.scrape(), "tally": string(tallied), "events": string(events), "problems": problems.String(),
	} {
		if len(text) < 100 {
			t.Errorf("%s: got only %q, the test looks at nothing", place, text)
		}
		for _, secret := range secrets {
			if strings.Contains(text, secret) {
				i := strings.Index(text, secret)
				t.Errorf("%s has a secret: …%s…", place, text[max(0, i-100):min(len(text), i+40)])
			}
		}
	}
}

func signature(token string) string { return token[strings.LastIndexByte(token, '.')+1:] }

func TestTheMetricsCountByRouteStatusAndOutcome(t *testing.T) {
	d := open(t)
	d.user("alice")
	g := d.login("alice")
	d.do("POST", "/login", credentials("alice", "a wrong password"))
	d.do("GET", "/protected", "", as(g.Access))
	d.do("GET", "/protected", "", as(g.Access[:len(g.Access)-4]+"AAAA"))
	d.do("GET", "/protected", "")
	d.do("GET", "/nothing/"+g.SessionID, "")
	d.do("DELETE", "/me/sessions/"+strings.Repeat("x", 22), "", as(g.Access))
	d.do("POST", "/refresh", `{"refresh_token":"`+g.Refresh+`"}`)
	d.do("POST", "/refresh", `{"refresh_token":"drt_x"}`)
	text := d.want(d.do("GET", "/metrics", ""), 200, "").body
	for _, want := range []string{
		`durward_http_requests_total{route="POST /login",status="200"} 1`,
		`durward_http_requests_total{route="POST /login",status="401"} 1`,
		`durward_http_requests_total{route="GET /protected",status="200"} 1`,
		`durward_http_requests_total{route="GET /protected",status="401"} 2`,
		`durward_http_requests_total{route="DELETE /me/sessions/{id}",status="404"} 1`,
		`durward_http_requests_total{route="other",status="404"} 1`,
		`durward_http_request_duration_seconds_count{route="GET /protected"} 3`,
		`durward_sign_ins_total{outcome="success"} 1`,
		`durward_sign_ins_total{outcome="invalid_credentials"} 1`,
		`durward_sign_ins_total{outcome="throttled"} 0`,
		`durward_refreshes_total{outcome="success"} 1`,
		`durward_refreshes_total{outcome="invalid"} 1`,
		`durward_refused_tokens_total{reason="missing"} 1`,
		`durward_refused_tokens_total{reason="signature"} 1`,
		`durward_build_info{go_version="go`,
		"go_goroutines", "process_start_time_seconds",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("got no %s in the metrics", want)
		}
	}
	if strings.Contains(text, g.SessionID) {
		t.Error("a path stands in the metrics")
	}
	off := open(t, func(c *httpapi.Config) { c.MetricsOnMain = false })
	off.want(off.do("GET", "/metrics", ""), 404, "not_found")
}

func TestRefusalsAreTalliedForTheAuditLog(t *testing.T) {
	d := open(t)
	id := d.user("alice")
	g := d.login("alice")
	d.do("GET", "/me", "", as(g.Access+"AAAA"))
	d.do("GET", "/me", "", as(g.Access+"AAAA"))
	d.do("GET", "/me", "")
	a := d.do("GET", "/admin", "", as(g.Access))
	b := d.do("GET", "/verify?role=editor", "", as(g.Access))
	d.want(b, 403, "insufficient_role")
	events := map[audit.Action]audit.Event{}
	for _, e := range d.tally.Drain() {
		events[e.Action] = e
	}
	if len(events) != 2 {
		t.Fatalf("got %v, want two kinds of event", events)
	}
	if e := events[audit.TokenRefused]; e.Count != 2 || e.Reason != "signature" && e.Reason != "malformed" || e.Address != "127.0.0.1" || e.Outcome != audit.Refused {
		t.Errorf("got %+v", e)
	}
	if e := events[audit.AccessForbidden]; e.Count != 2 || e.Reason != "insufficient_role" || e.ActorID != id || e.ActorName != "alice" || e.RequestID != a.Header.Get("X-Request-Id") {
		t.Errorf("got %+v", e)
	}
}

func TestATokenIsInOnePlaceInOneForm(t *testing.T) {
	d := open(t)
	d.user("alice")
	for _, c := range []struct {
		name   string
		header []string
		status int
		code   string
	}{
		{"another case of the scheme", []string{"bearer GOOD"}, 0, ""},
		{"the scheme in capitals", []string{"BEARER GOOD"}, 0, ""},
		{"good and bad", []string{"Bearer GOOD", "Bearer bad"}, 400, "invalid_request"},
		{"bad and good", []string{"Bearer bad", "Bearer GOOD"}, 400, "invalid_request"},
		{"the same twice", []string{"Bearer GOOD", "Bearer GOOD"}, 400, "invalid_request"},
		{"a list", []string{"Bearer GOOD, Bearer GOOD"}, 400, "invalid_request"},
		{"two spaces", []string{"Bearer  GOOD"}, 400, "invalid_request"},
		{"a tab", []string{"Bearer\tGOOD"}, 400, "invalid_request"},
		{"two words", []string{"Bearer GOOD b"}, 400, "invalid_request"},
		{"nothing after the scheme", []string{"Bearer"}, 400, "invalid_request"},
		{"no space", []string{"BearerGOOD"}, 401, "token_missing"},
		{"Basic", []string{"Basic YTpi"}, 401, "token_missing"},
	} {
		for method, path := range map[string]string{"GET": "/me", "POST": "/logout"} {
			good := d.login("alice").Access
			a := d.do(method, path, "", func(r *http.Request) {
				for _, value := range c.header {
					r.Header["Authorization"] = append(r.Header["Authorization"], strings.ReplaceAll(value, "GOOD", good))
				}
			})
			if c.status != 0 {
				d.want(a, c.status, c.code)
			} else if a.StatusCode >= 300 {
				t.Errorf("%s: %s: got %d %s", path, c.name, a.StatusCode, a.body)
			}
		}
	}
	good := d.login("alice").Access
	d.want(d.do("GET", "/me?access_token="+good, ""), 400, "invalid_request")
	d.want(d.do("GET", "/me?access_token="+good, "", as(good)), 400, "invalid_request")
	d.want(d.do("GET", "/me?jwt="+good, ""), 401, "token_missing")
	d.want(d.do("GET", "/me", "", with("Cookie", "access_token="+good)), 401, "token_missing")
}

func TestNothingOfARequestIsLeftForTheNext(t *testing.T) {
	d := open(t)
	d.user("alice")
	token := d.login("alice").Access
	for range 20 {
		for _, c := range []struct {
			path, authorization string
			known               bool
		}{{"/protected", "Bearer " + token, true}, {"/healthz", "", false}} {
			r := httptest.NewRequest("GET", c.path, nil)
			if c.authorization != "" {
				r.Header.Set("Authorization", c.authorization)
			}
			d.log.reset()
			d.handler.ServeHTTP(newRecorder(), r)
			if _, known := parseLine(t, d.log.String())["user"]; known != c.known {
				t.Fatalf("%s: got a user in the log %v, want %v", c.path, known, c.known)
			}
		}
	}
}
