package jwks_test

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/jwks"
)

// keySet is the JSON of a key set.
func keySet(t testing.TB, keys ...*durward.SigningKey) string {
	t.Helper()
	public := make([]*durward.VerificationKey, len(keys))
	for i, key := range keys {
		public[i] = key.Public()
	}
	set, err := durward.NewKeySet(public...)
	if err != nil {
		t.Fatal(err)
	}
	text, err := set.MarshalJWKS()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// serve is an issuer on loopback, with its keys at /keys.
func serve(t testing.TB, keys ...*durward.SigningKey) *httptest.Server {
	text := keySet(t, keys...)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, text) })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server
}

// serveTLS answers under https://example.com to its own client, and keeps quiet about those who hang up.
func serveTLS(handler http.Handler) *httptest.Server {
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	return server
}

func eventually(t testing.TB, ok func() bool) {
	t.Helper()
	deadline := time.After(5 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline:
			t.Fatal("it did not come true within 5s")
		case <-tick.C:
		}
	}
}

// switching sends requests to one transport now and to another later.
type switching struct {
	to atomic.Pointer[http.RoundTripper]
}

func (s *switching) set(to http.RoundTripper) { s.to.Store(&to) }

func (s *switching) RoundTrip(r *http.Request) (*http.Response, error) {
	return (*s.to.Load()).RoundTrip(r)
}

const exampleURL = "https://example.com/keys" // the name in the certificate of an httptest server

// testHostile holds what every bad answer leads to: 503 at the start, the last good set later.
func testHostile(t *testing.T, bad http.RoundTripper) {
	t.Helper()
	good := serveTLS(serve(t, newKey(t, "a")).Config.Handler)
	t.Cleanup(good.Close)
	transport := &switching{}
	transport.set(bad)
	var told atomic.Pointer[jwks.Refresh]
	c := jwks.Config{
		URL: exampleURL, Client: &http.Client{Transport: transport}, Timeout: 2 * time.Second,
		OnRefresh: func(_ context.Context, r jwks.Refresh) { told.Store(&r) },
	}
	s := newSource(t, c)
	begin := time.Now()
	missing(t, s, "a", durward.ErrUnavailable)
	if took := time.Since(begin); took > 4*time.Second {
		t.Errorf("the look-up took %v, want at most the time of a fetch", took)
	}
	eventually(t, func() bool { return told.Load() != nil })
	t.Log(told.Load().Err)

	transport.set(good.Client().Transport)
	if err := s.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	first := found(t, s, "a")
	transport.set(bad)
	if err := s.Refresh(t.Context()); !errors.Is(err, durward.ErrUnavailable) || errors.Is(err, durward.ErrToken) {
		t.Errorf("got %v from a refresh, want %v", err, durward.ErrUnavailable)
	}
	if found(t, s, "a") != first {
		t.Error("got another key, want the one of the last good set")
	}
	missing(t, s, "attacker", durward.ErrUnavailable)
}

func TestE02BadAnswers(t *testing.T) {
	a, attacker := newKey(t, "a"), newKey(t, "attacker")
	private, err := attacker.MarshalPrivateJWK()
	if err != nil {
		t.Fatal(err)
	}
	double := strings.Replace(keySet(t, a), `"keys":[`, `"keys":[`+strings.TrimSuffix(strings.TrimPrefix(keySet(t, newKey(t, "a")), `{"keys":[`), `]}`)+",", 1)
	var elsewhere atomic.Int64
	other := serveTLS(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		elsewhere.Add(1)
		fmt.Fprint(w, keySet(t, attacker))
	}))
	t.Cleanup(other.Close)
	plain := httptest.NewServer(other.Config.Handler)
	t.Cleanup(plain.Close)
	text := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			fmt.Fprint(w, body)
		}
	}
	redirect := func(to string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/mine" {
				fmt.Fprint(w, keySet(t, attacker))
				return
			}
			http.Redirect(w, r, to, http.StatusFound)
		}
	}
	for name, handler := range map[string]http.HandlerFunc{
		"500":                   text(500, keySet(t, attacker)),
		"404":                   text(404, keySet(t, attacker)),
		"another good status":   text(203, keySet(t, attacker)),
		"304 that nobody asked": text(304, ""),
		"nothing":               text(200, ""),
		"truncated JSON":        text(200, keySet(t, attacker)[:60]),
		"HTML with status 200":  text(200, "<!doctype html><title>Welcome</title>"),
		"no keys":               text(200, `{"keys":[]}`),
		"an array":              text(200, `[]`),
		"more after the set":    text(200, keySet(t, attacker)+"{}"),
		"B28 a key id twice":    text(200, double),
		"B27 a private key":     text(200, `{"keys":[`+string(private)+`]}`),
		"B27 a secret":          text(200, `{"keys":[{"kty":"oct","kid":"attacker","alg":"HS256","k":"c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXM"}]}`),
		"a set of 100 MB":       endless(100 << 20),
		"an endless set":        endless(1 << 40),
		"a gzip bomb":           bomb,
		"a redirect elsewhere":  redirect(other.URL + "/mine"),
		"a redirect to plain":   redirect(plain.URL + "/mine"),
		"a redirect to a user":  redirect("https://user@example.com/mine"),
		"a redirect to a port":  redirect("https://example.com:8443/mine"),
		"a redirect to a file":  redirect("file:///etc/passwd"),
		"a redirect to nowhere": redirect(""),
		"a loop of redirects":   redirect("/keys"),
		"a connection that breaks": func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, keySet(t, attacker)[:60])
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		},
		"a hang":                  func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"a hang after the header": func(w http.ResponseWriter, r *http.Request) { w.(http.Flusher).Flush(); <-r.Context().Done() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := serveTLS(handler)
			defer server.Close()
			testHostile(t, server.Client().Transport)
		})
	}
	t.Run("a connection refused", func(t *testing.T) {
		server := serveTLS(text(200, keySet(t, attacker)))
		server.Close()
		testHostile(t, server.Client().Transport)
	})
	t.Run("a certificate that nobody vouches for", func(t *testing.T) {
		server := serveTLS(text(200, keySet(t, attacker)))
		defer server.Close()
		testHostile(t, &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, server.Listener.Addr().String())
		}, DisableKeepAlives: true})
	})
	t.Cleanup(func() {
		if n := elsewhere.Load(); n != 0 {
			t.Errorf("the place of a redirect saw %d requests, want none", n)
		}
	})
}

// endless writes a key set with n bytes of white space in it.
func endless(n int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		spaces := strings.Repeat(" ", 64<<10)
		fmt.Fprint(w, `{"keys":[`)
		for written := 0; written < n; written += len(spaces) {
			if _, err := fmt.Fprint(w, spaces); err != nil {
				return
			}
		}
	}
}

// bomb compresses whatever was asked for.
func bomb(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Encoding", "gzip")
	packer := gzip.NewWriter(w)
	defer packer.Close()
	fmt.Fprint(packer, `{"keys":[`)
	for range 100 {
		fmt.Fprint(packer, strings.Repeat(" ", 1<<20))
	}
}

func TestARedirectWithinTheOriginIsFollowed(t *testing.T) {
	text := keySet(t, newKey(t, "a"))
	mux := http.NewServeMux()
	mux.HandleFunc("/keys", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/1", http.StatusFound) })
	mux.HandleFunc("/1", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://example.com:443/2", http.StatusFound)
	})
	mux.HandleFunc("/2", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/3", http.StatusFound) })
	mux.HandleFunc("/3", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, text) })
	server := serveTLS(mux)
	defer server.Close()
	found(t, newSource(t, jwks.Config{URL: exampleURL, Client: server.Client()}), "a")
}

func TestAnOriginHasAPort(t *testing.T) {
	for to, ok := range map[string]bool{
		"http://localhost:80/1": true, "http://LOCALHOST/1": true, "http://localhost:8080/1": false, "https://localhost/1": false, "https://localhost:80/1": false, "http://127.0.0.1/1": false,
	} {
		set := keySet(t, newKey(t, "a"))
		err := newSource(t, jwks.Config{URL: "http://localhost/keys", Client: &http.Client{Transport: transport(func(q *http.Request) (*http.Response, error) {
			if q.URL.Path == "/1" {
				return answer(q, 200, nil, set), nil
			}
			return answer(q, 302, http.Header{"Location": {to}}, ""), nil
		})}}).Refresh(t.Context())
		if (err == nil) != ok {
			t.Errorf("from http://localhost to %s: got %v, want it followed: %v", to, err, ok)
		}
	}
}

func TestTheSizeOfAnAnswerIsBounded(t *testing.T) {
	text := keySet(t, newKey(t, "a"))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, text) }))
	defer server.Close()
	for size, ok := range map[int]bool{len(text): true, len(text) - 1: false} {
		err := newSource(t, jwks.Config{URL: server.URL, MaxBytes: size}).Refresh(t.Context())
		if (err == nil) != ok {
			t.Errorf("a set of %d bytes with a bound of %d: got %v", len(text), size, err)
		}
	}
}

// What an honest transport is asked for cannot be compressed, so that nothing is unpacked unseen.
func TestNoCompressionIsAskedFor(t *testing.T) {
	issuer := newRemote(newKey(t, "a"))
	found(t, issuer.source(t), "a")
	for _, r := range issuer.requests {
		if got := r.Header.Get("Accept-Encoding"); got != "identity" {
			t.Errorf("%s: got Accept-Encoding %q, want identity", r.URL, got)
		}
	}
}
