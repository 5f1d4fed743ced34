//go:build unix

package blackbox_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// gateways holds the configurations that the documentation shows. They are run as they stand, but for the ports.
const gateways = "../../examples/gateways"

func TestNginxAsksBeforeItLetsARequestThrough(t *testing.T) {
	t.Parallel()
	nginx := need(t, "nginx", "/usr/sbin/nginx")
	g := newGateway(t)
	dir := publicDir(t)
	for _, file := range []string{"nginx.conf", "verify.conf", "service.conf"} {
		g.configure(t, filepath.Join(gateways, file), filepath.Join(dir, file))
	}
	p := launch(t, dir, nginx, "-p", dir, "-c", filepath.Join(dir, "nginx.conf"), "-e", "stderr", "-g", "daemon off;")
	p.listening(t, g.url)
	g.holds(t)
}

func TestCaddyAsksBeforeItLetsARequestThrough(t *testing.T) {
	t.Parallel()
	caddy := need(t, "caddy", "/usr/bin/caddy")
	g := newGateway(t)
	dir := publicDir(t)
	g.configure(t, filepath.Join(gateways, "Caddyfile"), filepath.Join(dir, "Caddyfile"))
	p := launch(t, dir, caddy, "run", "--config", filepath.Join(dir, "Caddyfile"), "--adapter", "caddyfile")
	p.listening(t, g.url)
	g.holds(t)
}

// gateway is a reverse proxy between a server, clients and an upstream in Python.
type gateway struct {
	server   *process
	addr     string // where the proxy is to listen
	url      string
	upstream string // address
	ada      tokens
	adaID    string
	grace    tokens // an administrator
}

func newGateway(t *testing.T) *gateway {
	t.Helper()
	python := need(t, "python3", "/usr/bin/python3")
	g := &gateway{server: start(t), addr: freeAddr(t), upstream: freeAddr(t)}
	g.url = "http://" + g.addr
	_, port, _ := strings.Cut(g.upstream, ":")
	p := launch(t, "", python, filepath.Join(gateways, "upstream.py"), port)
	p.listening(t, "http://"+g.upstream)

	c := g.server.client()
	c.register(t, "ada")
	operate[any](t, g.server.data, password, "user", "add", "grace", "--role", "admin", "--password-stdin")
	g.ada, g.grace = c.login(t, "ada"), c.login(t, "grace")
	g.adaID = decoded[struct{ ID string }](t, c.want(t, http.StatusOK, "GET", "/me", g.ada.Access, nil)).ID
	return g
}

// configure writes a configuration with the ports of this test.
func (g *gateway) configure(t *testing.T, from, to string) {
	t.Helper()
	text := readText(t, from)
	for example, here := range map[string]string{":8080": g.server.url, ":8000": g.addr, ":9000": g.upstream} {
		text = strings.ReplaceAll(text, example, here[strings.LastIndexByte(here, ':'):])
	}
	writePublic(t, to, text)
}

// reached is what the upstream was sent.
type reached struct {
	Method, Path, Body string
	Headers            [][2]string
}

// named are the values of the headers that an upstream takes for this one: CGI and WSGI tell neither case nor - from _.
func (r reached) named(name string) []string {
	var values []string
	for _, h := range r.Headers {
		if strings.EqualFold(strings.NewReplacer("_", "-", ".", "-").Replace(h[0]), name) {
			values = append(values, h[1])
		}
	}
	return values
}

// get sends a raw request through the gateway.
func (g *gateway) get(t *testing.T, path, token string, headers ...string) answer {
	t.Helper()
	if token != "" {
		headers = append(headers, "Authorization: Bearer "+token)
	}
	return (&process{url: g.url}).raw(t, strings.NewReader(lines("GET "+path, headers...)))
}

func (a answer) reached(t *testing.T) reached {
	t.Helper()
	var r reached
	if err := json.Unmarshal(a.body, &r); err != nil || a.status != http.StatusOK {
		t.Fatalf("the gateway answers %d %s (%v), want what the upstream got", a.status, tail(string(a.body)), err)
	}
	return r
}

// holds is what both gateways promise.
func (g *gateway) holds(t *testing.T) {
	t.Run("a token is needed, and it has to be good", func(t *testing.T) {
		for _, c := range []struct{ name, token, challenge string }{
			{"no token", "", "Bearer"},
			{"a bad token", g.ada.Access + "x", `Bearer error="invalid_token"`},
			{"a refresh token", g.ada.Refresh, `Bearer error="invalid_token"`},
		} {
			a := g.get(t, "/orders", c.token)
			if got := a.header.Get("WWW-Authenticate"); a.status != http.StatusUnauthorized || !strings.HasPrefix(got, c.challenge) {
				t.Errorf("%s: got %d with the challenge %q, want 401 with %q", c.name, a.status, got, c.challenge)
			}
		}
		if a := g.get(t, "/orders", g.ada.Access, "Authorization: Bearer "+g.grace.Access); a.status == http.StatusOK {
			t.Errorf("two tokens: got %d, want a refusal", a.status)
		}
	})

	t.Run("the upstream learns who it is, and does not get the token", func(t *testing.T) {
		r := g.get(t, "/orders?page=2", g.ada.Access).reached(t)
		if r.Method != "GET" || r.Path != "/orders?page=2" {
			t.Errorf("the upstream got %s %s, want the request as it was", r.Method, r.Path)
		}
		g.isAda(t, "a plain request", r)
		if got := r.named("Authorization"); len(got) != 0 {
			t.Errorf("the upstream got the token")
		}
		body := "hello"
		post := (&process{url: g.url}).raw(t, strings.NewReader(withBody("POST /orders", body, "Authorization: Bearer "+g.ada.Access)))
		if r := post.reached(t); r.Method != "POST" || r.Body != body {
			t.Errorf("the upstream got %s with %q, want POST with %q", r.Method, r.Body, body)
		}
		if got := g.get(t, "/orders", g.grace.Access).reached(t).named("X-Auth-Roles"); len(got) != 1 || got[0] != "admin" {
			t.Errorf("X-Auth-Roles is %q, want admin", got)
		}
	})

	t.Run("a role in the query is demanded", func(t *testing.T) {
		for _, path := range []string{"/admin", "/admin/", "/admin/users?role=x", "/admin/../admin/x"} {
			if a := g.get(t, path, g.ada.Access); a.status != http.StatusForbidden {
				t.Errorf("%s without the role: got %d, want 403", path, a.status)
			}
			if a := g.get(t, path, g.grace.Access); a.status != http.StatusOK {
				t.Errorf("%s with the role: got %d %s, want 200", path, a.status, a.body)
			}
		}
		if a := g.get(t, "/admin", ""); a.status != http.StatusUnauthorized {
			t.Errorf("without a token: got %d, want 401", a.status)
		}
	})

	t.Run("what a client writes into our headers never arrives", g.spoofed)

	t.Run("a token that was taken back is refused at once", func(t *testing.T) {
		c := g.server.client()
		g.get(t, "/orders", g.ada.Access).reached(t)
		c.want(t, http.StatusNoContent, "POST", "/logout", g.ada.Access, nil)
		if a := g.get(t, "/orders", g.ada.Access); a.status != http.StatusUnauthorized {
			t.Errorf("got %d after the logout, want 401", a.status)
		}
	})

	t.Run("nobody comes in while the server is away", func(t *testing.T) {
		g.server.stop()
		if a := g.get(t, "/orders", g.grace.Access); a.status < 500 {
			t.Errorf("got %d, want an error of the gateway", a.status)
		}
	})
}

// spoofed sends every header of ours in every spelling that some upstream might take for it.
func (g *gateway) spoofed(t *testing.T) {
	const lie = "mallory"
	for _, name := range []string{"X-Auth-Subject", "X-Auth-User", "X-Auth-Roles", "X-Auth-Scope", "X-Auth-Session"} {
		under := strings.ReplaceAll(name, "-", "_")
		for _, headers := range [][]string{
			{name + ": " + lie},
			{strings.ToLower(name) + ": " + lie},
			{strings.ToUpper(name) + ": " + lie},
			{under + ": " + lie},
			{strings.ToLower(under) + ": " + lie},
			{strings.Replace(name, "-", "_", 1) + ": " + lie},
			{strings.Replace(under, "_", "-", 1) + ": " + lie},
			{name + ": " + lie, name + ": " + lie},
			{name + ": ", strings.ToLower(name) + ": " + lie, under + ": " + lie},
			{name + ":" + lie + ", ada"},
		} {
			r := g.get(t, "/orders", g.ada.Access, headers...).reached(t)
			if strings.Contains(fmt.Sprint(r.Headers), lie) {
				t.Errorf("%q: the upstream got %q", headers, r.Headers)
			}
			g.isAda(t, fmt.Sprintf("%q", headers), r)
		}
		// A hop may drop what Connection names, ours with it.
		a := g.get(t, "/orders", g.ada.Access, "Connection: keep-alive, "+strings.ToLower(name), name+": "+lie)
		if a.status == http.StatusOK {
			g.isAda(t, "Connection: "+name, a.reached(t))
		}
	}
}

// isAda wants the names of ada, each once, and nothing of what she does not have.
func (g *gateway) isAda(t *testing.T, what string, r reached) {
	t.Helper()
	for name, want := range map[string]string{
		"X-Auth-Subject": g.adaID, "X-Auth-User": "ada", "X-Auth-Session": g.ada.Session, "X-Auth-Roles": "", "X-Auth-Scope": "",
	} {
		got := r.named(name)
		if strings.Join(got, ", ") != want || len(got) > 1 {
			t.Errorf("%s: %s is %q, want %q", what, name, got, want)
		}
	}
}

// listening waits until a program answers at an address.
func (p *outside) listening(t *testing.T, url string) {
	t.Helper()
	visitor := browser()
	over, again := time.After(patience), time.NewTicker(20*time.Millisecond)
	defer again.Stop()
	for {
		if response, err := visitor.Get(url); err == nil {
			response.Body.Close()
			return
		}
		select {
		case <-p.done:
			t.Fatalf("%s has ended: %v\n%s", p.name, p.err, p.log())
		case <-over:
			t.Fatalf("%s does not listen after %v\n%s", p.name, patience, p.log())
		case <-again.C:
		}
	}
}
