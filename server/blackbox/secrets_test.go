package blackbox_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"unicode"
)

// canary is a password that no output may show.
const canary = "canary-in-the-coal-mine"

// abuse drives the password and the tokens through every place where a client may put them by mistake.
func abuse(t *testing.T, c *client, session tokens) {
	t.Helper()
	secrets := []string{canary, session.Access, session.Refresh}
	for _, secret := range secrets {
		paths := []string{"/protected?access_token=" + secret, "/verify?scope=" + secret, "/nothing?q=" + secret, "/admin/users?after=" + secret}
		if secret != canary { // a log of requests shows short paths as they are
			paths = append(paths, "/"+secret, "/me/sessions/"+secret, "/admin/users/"+secret)
		}
		for _, path := range paths {
			c.call(t, "GET", path, session.Access, nil)
			c.call(t, "DELETE", path, secret, nil)
		}
		for _, path := range []string{"/register", "/login", "/refresh", "/logout", "/me/password", "/admin/users"} {
			method := "POST"
			if path == "/me/password" {
				method = "PUT"
			}
			for _, body := range []any{
				secret, []string{secret}, members{secret: secret}, members{"username": "ada", "password": []string{secret}},
				members{"username": "ada", "password": secret + "x"}, members{"username": "bob", "password": secret + secret},
				members{"refresh_token": secret + "x"}, members{"refresh_token": secret, "x": secret},
				members{"current_password": secret + "x", "new_password": secret},
			} {
				c.call(t, method, path, session.Access, body)
			}
		}
		request, err := http.NewRequest("GET", c.base+"/protected", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header = http.Header{"Authorization": {"Basic " + secret}, "Cookie": {"token=" + secret}, "X-Access-Token": {secret}, "X-Request-Id": {secret}, "Referer": {"https://app.example.org/?t=" + secret}}
		if _, err := c.do(request); err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+secret+"x")
		if _, err := c.do(request); err != nil {
			t.Fatal(err)
		}
	}
}

func TestNoOutputShowsASecret(t *testing.T) {
	t.Parallel()
	if raceDetector {
		t.Skip("the race detector takes SIGQUIT for itself")
	}
	server := start(t, "--log-level", "debug")
	c := server.client()
	c.want(t, http.StatusCreated, "POST", "/register", "", members{"username": "ada", "password": canary})
	login := func() tokens {
		return c.want(t, http.StatusOK, "POST", "/login", "", members{"username": "ada", "password": canary}).tokens(t)
	}
	abused, ended, kept := login(), login(), login()
	operate[any](t, server.data, "", "user", "roles", "ada", "admin")
	abused, ended, kept = c.refresh(t, abused.Refresh), c.refresh(t, ended.Refresh), c.refresh(t, kept.Refresh)
	abuse(t, c, abused)
	c.want(t, http.StatusNoContent, "POST", "/logout", ended.Access, nil)
	c.rejected(t, "token_revoked", ended.Access)
	c.refreshRefused(t, "invalid_refresh_token", ended.Refresh)

	master, err := os.ReadFile(filepath.Join(server.data, "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	secrets := map[string]string{"the password": canary, "the master key": strings.TrimSpace(string(master)), "a hash": "$argon2id$"}
	for name, session := range map[string]tokens{"the abused": abused, "the ended": ended, "the living": kept} {
		secrets[name+" access token"] = session.Access
		secrets[name+" access token's signature"] = session.Access[strings.LastIndex(session.Access, ".")+1:]
		secrets[name+" refresh token"] = session.Refresh
	}
	outputs := map[string]string{"/metrics": string(c.want(t, http.StatusOK, "GET", "/metrics", "", nil).body)}
	for _, path := range []string{"/", "/me", "/me/sessions", "/admin/users", "/openapi.json", "/.well-known/jwks.json", "/.well-known/oauth-authorization-server"} {
		outputs[path] = string(c.want(t, http.StatusOK, "GET", path, kept.Access, nil).body)
	}
	for _, args := range [][]string{{"audit", "list", "--limit", "1000"}, {"audit", "list", "--limit", "1000", "--json"}, {"user", "show", "ada"}, {"user", "list", "--json"}, {"key", "list", "--json"}, {"config"}, {"doctor"}} {
		out, complaint, status := command(t, "", append(args, "--data", server.data)...)
		if status != 0 {
			t.Errorf("durward %s: status %d, %s", strings.Join(args, " "), status, complaint)
		}
		outputs["durward "+strings.Join(args, " ")] = out + complaint
	}
	// The stacks of all goroutines are the last thing that a process says.
	server.signal(syscall.SIGQUIT)
	server.wait()
	if !strings.Contains(server.log(), "goroutine ") {
		t.Error("the process has not told of its goroutines")
	}
	outputs["standard output"], outputs["standard error"] = server.greeting(), server.log()
	for where, text := range outputs {
		for what, secret := range secrets {
			if strings.Contains(text, secret) || strings.Contains(text, url.PathEscape(secret)) {
				t.Errorf("%s shows %s", where, what)
			}
		}
	}

	for _, name := range []string{"durward.db", "durward.db-wal"} {
		text, err := os.ReadFile(filepath.Join(server.data, name))
		if err != nil {
			t.Fatal(err)
		}
		for what, secret := range secrets {
			if what != "a hash" && strings.Contains(string(text), secret) {
				t.Errorf("%s holds %s", name, what)
			}
		}
	}
}

// hostile are texts that break lines, steer terminals or end JSON.
var hostile = []string{
	"eve\nroot", "eve\r\n{\"level\":\"INFO\"}", "\x1b[31meve\x1b[0m", "eve\x00root", "eve\u2028root", "eve\u202eroot", "eve\u0085root", `eve","level":"ERROR`, "eve\x7f", strings.Repeat("eve", 20_000),
}

func TestNobodyWritesIntoTheLog(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"json", "text"} {
		t.Run(format, func(t *testing.T) {
			server := start(t, "--log-format", format)
			c := server.client()
			requests := 0
			for _, text := range hostile {
				c.call(t, "POST", "/login", "", members{"username": text, "password": password})
				c.call(t, "POST", "/register", "", members{"username": text, "password": password})
				c.call(t, "GET", "/"+url.PathEscape(text[:min(len(text), 2000)]), "", nil)
				requests += 3
				if request := lines("GET /protected", "User-Agent: "+text, "Authorization: Bearer "+text); len(request) < 10_000 {
					server.raw(t, strings.NewReader(request))
				}
			}
			c.call(t, "GET", "/healthz", "", nil)
			server.stop()

			logged := 0
			for line := range strings.Lines(server.log()) {
				checkLine(t, format, line)
				if strings.Contains(line, "request_id") {
					logged++
				}
			}
			if logged < requests {
				t.Errorf("the log has %d requests, want at least %d", logged, requests)
			}
			table, _, _ := command(t, "", "audit", "list", "--limit", "1000", "--data", server.data)
			rows := strings.Count(table, "\n") - 1
			if got := len(events(t, server.data)); rows != got || got == 0 {
				t.Errorf("the table of %d audit rows has %d lines", got, rows)
			}
			list, _, _ := command(t, "", "audit", "list", "--limit", "1000", "--json", "--data", server.data)
			for name, text := range map[string]string{"table": table, "JSON": list} {
				if at := strings.IndexFunc(strings.ReplaceAll(text, "\n", ""), unprintable); at >= 0 {
					t.Errorf("the %s of the audit log steers terminals", name)
				}
			}
			for _, e := range events(t, server.data) {
				if len(e.ActorName) > 256 || len(e.UserAgent) > 256 || strings.ContainsFunc(e.UserAgent, unprintable) {
					t.Errorf("an audit row keeps the name %q and the user agent %q, want at most 256 bytes each", tail(e.ActorName), tail(e.UserAgent))
				}
			}
		})
	}
}

func unprintable(r rune) bool { return !unicode.IsPrint(r) }

// checkLine wants one event in one line.
func checkLine(t *testing.T, format, line string) {
	t.Helper()
	text := strings.TrimSuffix(line, "\n")
	if len(text) > 4096 {
		t.Errorf("a line of the log has %d bytes", len(text))
	}
	if strings.ContainsFunc(text, unprintable) {
		t.Errorf("a line of the log steers terminals: %q", tail(text))
	}
	if format == "text" {
		if !strings.HasPrefix(text, "time=") || strings.Count(text, " level=") != 1 {
			t.Errorf("a line of the log is not one event: %s", tail(text))
		}
		return
	}
	var event map[string]any
	if err := json.Unmarshal([]byte(text), &event); err != nil || event["time"] == nil || event["level"] == nil || event["msg"] == nil {
		t.Errorf("a line of the log is not one event: %v in %s", err, tail(text))
	}
}
