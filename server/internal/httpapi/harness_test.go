package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/revocation"
	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/feed"
	"github.com/durward-auth/durward/server/internal/httpapi"
	"github.com/durward-auth/durward/server/internal/keyring"
	"github.com/durward-auth/durward/server/internal/limit"
	"github.com/durward-auth/durward/server/internal/password"
	"github.com/durward-auth/durward/session"
)

const (
	issuer   = "https://id.example.org"
	goodWord = "correct horse battery staple"
)

// clock is a time that a test holds.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// lines is a log in memory.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.buf.Reset()
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// door is a server over a fake store.
type door struct {
	t       testing.TB
	store   *fakeStore
	clock   *clock
	tally   *audit.Tally
	log     *lines
	key     *durward.SigningKey
	handler http.Handler
	metrics *httpapi.Metrics
	config  httpapi.Config
	keys    *fakeKeys
	server  *httptest.Server
	feed    *fakeFeed
	hub     *feed.Hub
}

// open starts a server; changes are applied to its configuration.
func open(t testing.TB, changes ...func(*httpapi.Config)) *door {
	t.Helper()
	d := &door{t: t, store: newFakeStore(), clock: &clock{now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}, log: new(lines)}
	var err error
	d.key, err = durward.GenerateKey(durward.ES256)
	must(t, err)
	signer, err := durward.NewSigner(durward.SignerConfig{Issuer: issuer, Audience: issuer, Key: d.key, Clock: d.clock.Now})
	must(t, err)
	codec, err := session.NewCodec(bytes.Repeat([]byte("k"), session.MinKeyLen))
	must(t, err)
	passwords, err := password.NewPool(password.PoolConfig{Params: password.Params{MemoryKiB: 8, Iterations: 1, Parallelism: 1}})
	must(t, err)
	limiter, err := limit.New(limit.DefaultLimits(), bytes.Repeat([]byte("l"), 16), d.clock.Now)
	must(t, err)
	clients, err := limit.New(limit.DefaultLimits(), bytes.Repeat([]byte("c"), 16), d.clock.Now)
	must(t, err)
	d.tally = audit.NewTally(1000, d.clock.Now)
	revoked := revocation.NewSet(d.clock.Now)
	d.feed = newFakeFeed()
	d.hub, err = feed.Open(t.Context(), feed.Config{Store: d.feed, Revoked: revoked, Kick: d.feed.kick, Clock: d.clock.Now, MaxStreams: maxStreams})
	must(t, err)
	must(t, d.hub.Begin(t.Context()))
	accounts, err := account.New(account.Config{
		Store: d.store, Clients: d.store, Signer: signer, Audience: []string{issuer}, Codec: codec, Sessions: session.DefaultPolicy(), Revoked: revoked, Passwords: passwords,
		PasswordPolicy: password.Policy{MinLength: 8, MaxBytes: password.MaxBytes}, Limiter: limiter, ClientLimiter: clients, Tally: d.tally,
		OpenRegistration: true, StatusIssuer: issuer, Clock: d.clock.Now,
	})
	must(t, err)
	keys, err := durward.NewKeySet(d.key.Public())
	must(t, err)
	document, err := keys.MarshalJWKS()
	must(t, err)
	d.metrics = httpapi.NewMetrics()
	d.keys = &fakeKeys{records: []keyring.Record{{KeyID: "first", Algorithm: "ES256", State: keyring.Active, Sealed: "x1.canary", CreatedAt: d.clock.Now()}}}
	d.config = httpapi.Config{
		Accounts:     accounts,
		Guard:        durward.Config{Issuer: issuer, Audience: issuer, Keys: keys, Revocation: durward.RevokedIn(revoked), Clock: d.clock.Now},
		KeySet:       func() []byte { return document },
		Keys:         d.keys,
		KeySetMaxAge: 10 * time.Minute,
		Ready:        func(context.Context) error { return nil },
		Tally:        d.tally,
		Feed:         d.hub,
		StatusLists: feed.NewLists(feed.ListsConfig{
			Store: d.feed, Hub: d.hub, Keys: d.key, Issuer: issuer, Size: account.ListSize, TTL: 5 * time.Second, Clock: d.clock.Now,
			URI: func(n int64) string { return account.ListURI(issuer, n*account.ListSize) },
		}),
		StatusListTTL: 5 * time.Second,
		Log:           slog.New(slog.NewJSONHandler(d.log, nil)),
		Version:       "v0.0.0-test",
		Issuer:        issuer,
		Documentation: "https://example.org/durward",
		Metrics:       d.metrics,
		MetricsOnMain: true,
	}
	for _, change := range changes {
		change(&d.config)
	}
	d.handler, err = httpapi.New(d.config)
	must(t, err)
	d.server = httptest.NewServer(d.handler)
	t.Cleanup(func() {
		d.checkDocumented()
		d.server.Close()
	})
	return d
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// answer is a response that has been read.
type answer struct {
	*http.Response
	body string
}

// option changes a request before it is sent.
type option func(*http.Request)

func as(token string) option {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

func with(name, value string) option { return func(r *http.Request) { r.Header.Set(name, value) } }

// do sends a request; a body that is not empty is sent as JSON.
func (d *door) do(method, path, body string, options ...option) answer {
	d.t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	r, err := http.NewRequest(method, d.server.URL+path, reader)
	must(d.t, err)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, o := range options {
		o(r)
	}
	return d.send(r)
}

var noRedirects = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

func (d *door) send(r *http.Request) answer {
	d.t.Helper()
	response, err := noRedirects.Do(r)
	must(d.t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	must(d.t, err)
	return answer{response, string(body)}
}

// want checks the status and, for a problem, its shape and its code.
func (d *door) want(a answer, status int, code string) answer {
	d.t.Helper()
	if a.StatusCode != status {
		d.t.Fatalf("%s %s: got %d %s, want %d", a.Request.Method, a.Request.URL.Path, a.StatusCode, a.body, status)
	}
	if code != "" {
		d.wantProblem(a, status, code)
	}
	return a
}

func (d *door) wantProblem(a answer, status int, code string) {
	d.t.Helper()
	if got := a.Header.Get("Content-Type"); got != "application/problem+json" {
		d.t.Errorf("%s %s: got content type %q, want application/problem+json", a.Request.Method, a.Request.URL.Path, got)
	}
	if a.Request.Method == http.MethodHead {
		return
	}
	var p map[string]any
	a.decode(d.t, &p)
	if p["code"] != code || p["status"] != float64(status) || p["type"] != "about:blank" || p["title"] != http.StatusText(status) {
		d.t.Errorf("%s %s: got problem %s, want code %s and status %d", a.Request.Method, a.Request.URL.Path, a.body, code, status)
	}
	if p["detail"] == "" || p["request_id"] != a.Header.Get("X-Request-Id") || len(p) != 6 {
		d.t.Errorf("%s %s: got problem %s with request id %q", a.Request.Method, a.Request.URL.Path, a.body, a.Header.Get("X-Request-Id"))
	}
	if status == http.StatusUnauthorized && !strings.HasPrefix(a.Header.Get("WWW-Authenticate"), "Bearer") {
		d.t.Errorf("%s %s: 401 without a challenge", a.Request.Method, a.Request.URL.Path)
	}
}

func (a answer) decode(t testing.TB, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(a.body), into); err != nil {
		t.Fatalf("%s %s: got body %q: %v", a.Request.Method, a.Request.URL.Path, a.body, err)
	}
}

// tokens is a token response.
type tokens struct {
	Access           string `json:"access_token"`
	Type             string `json:"token_type"`
	ExpiresIn        int64  `json:"expires_in"`
	Refresh          string `json:"refresh_token"`
	RefreshExpiresIn int64  `json:"refresh_expires_in"`
	Scope            string `json:"scope"`
	SessionID        string `json:"session_id"`
}

func credentials(name, word string) string {
	body, _ := json.Marshal(map[string]string{"username": name, "password": word})
	return string(body)
}

// user registers somebody with roles and returns the id.
func (d *door) user(name string, roles ...string) string {
	d.t.Helper()
	u, err := d.config.Accounts.CreateUser(d.t.Context(), account.NewUser{Username: name, Password: goodWord, Roles: roles}, account.Operator, audit.Origin{Address: "cli"})
	must(d.t, err)
	return u.ID
}

func (d *door) login(name string) tokens {
	d.t.Helper()
	var got tokens
	d.want(d.do("POST", "/login", credentials(name, goodWord)), 200, "").decode(d.t, &got)
	return got
}

var sample = regexp.MustCompile(`durward_http_requests_total\{route="([^"]*)",status="(\d+)"\}`)

// scrape returns the metrics as text.
func (d *door) scrape() string {
	w := httptest.NewRecorder()
	d.metrics.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	return w.Body.String()
}

// checkDocumented holds every answer of a test against the OpenAPI document.
func (d *door) checkDocumented() {
	documented := operations(d.t)
	for _, m := range sample.FindAllStringSubmatch(d.scrape(), -1) {
		route, status := m[1], m[2]
		if route != "other" && !slices.Contains(documented[route], status) {
			d.t.Errorf("%s answered %s, documented are %v", route, status, documented[route])
		}
	}
}
