package jwks_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/jwks"
)

const (
	issuerURL = "https://id.test"
	keysURL   = issuerURL + "/keys"
)

// remote is an issuer behind a transport of its own. Its fields may be changed with set.
type remote struct {
	mu       sync.Mutex
	keys     []*durward.VerificationKey
	header   http.Header                                 // of the key set
	behave   func(*http.Request) (*http.Response, error) // instead of the key set, if set
	requests []*http.Request
}

func newRemote(keys ...*durward.SigningKey) *remote {
	r := &remote{header: http.Header{}}
	r.publish(keys...)
	return r
}

func (r *remote) set(change func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change()
}

func (r *remote) publish(keys ...*durward.SigningKey) {
	r.set(func() {
		r.keys = nil
		for _, key := range keys {
			r.keys = append(r.keys, key.Public())
		}
	})
}

func (r *remote) fail(behave func(*http.Request) (*http.Response, error)) {
	r.set(func() { r.behave = behave })
}

// fetches returns how often the key set has been asked for.
func (r *remote) fetches() int { return len(r.to("/keys")) }

func (r *remote) to(path string) []*http.Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(r.requests), func(q *http.Request) bool { return q.URL.Path != path })
}

func (r *remote) RoundTrip(q *http.Request) (*http.Response, error) {
	r.mu.Lock()
	r.requests = append(r.requests, q)
	behave, header, keys := r.behave, r.header.Clone(), r.keys
	r.mu.Unlock()
	switch {
	case q.URL.Path == "/.well-known/oauth-authorization-server":
		return answer(q, 200, nil, `{"issuer":"`+issuerURL+`","jwks_uri":"`+keysURL+`"}`), nil
	case behave != nil:
		return behave(q)
	}
	set, err := durward.NewKeySet(keys...)
	if err != nil {
		return nil, err
	}
	text, err := set.MarshalJWKS()
	if err != nil {
		return nil, err
	}
	if tag := header.Get("ETag"); tag != "" && tag == q.Header.Get("If-None-Match") {
		return answer(q, 304, header, ""), nil
	}
	return answer(q, 200, header, string(text)), nil
}

func answer(q *http.Request, status int, header http.Header, body string) *http.Response {
	if header == nil {
		header = http.Header{}
	}
	return &http.Response{
		StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: q,
		Header: header, Body: io.NopCloser(bytes.NewReader([]byte(body))), ContentLength: int64(len(body)),
	}
}

var errDown = errors.New("connection refused")

func down(*http.Request) (*http.Response, error) { return nil, errDown }

// hang answers only when the fetch has been given up.
func hang(q *http.Request) (*http.Response, error) {
	<-q.Context().Done()
	return nil, q.Context().Err()
}

// slow answers well, but after a while.
func (r *remote) slow(after time.Duration) func(*http.Request) (*http.Response, error) {
	return func(q *http.Request) (*http.Response, error) {
		timer := time.NewTimer(after)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-q.Context().Done():
			return nil, q.Context().Err()
		}
		r.mu.Lock()
		keys := r.keys
		r.mu.Unlock()
		set, err := durward.NewKeySet(keys...)
		if err != nil {
			return nil, err
		}
		text, err := set.MarshalJWKS()
		return answer(q, 200, nil, string(text)), err
	}
}

// source is a source of the remote's keys.
func (r *remote) source(t testing.TB, change ...func(*jwks.Config)) *jwks.Source {
	t.Helper()
	c := jwks.Config{Issuer: issuerURL, Client: &http.Client{Transport: r}}
	for _, f := range change {
		f(&c)
	}
	return newSource(t, c)
}

func newSource(t testing.TB, c jwks.Config) *jwks.Source {
	t.Helper()
	s, err := jwks.NewSource(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func newKey(t testing.TB, id string) *durward.SigningKey {
	t.Helper()
	key, err := durward.GenerateKey(durward.ES256)
	if err != nil {
		t.Fatal(err)
	}
	return key.WithID(id)
}

// found fails the test unless the source has the key.
func found(t testing.TB, s *jwks.Source, id string) *durward.VerificationKey {
	t.Helper()
	key, err := s.Lookup(t.Context(), durward.ES256, id)
	if err != nil || key.ID() != id || key.Algorithm() != durward.ES256 {
		t.Fatalf("look up %q: got %v, %v, want the key", id, key, err)
	}
	return key
}

// missing fails the test unless the source answers with this error and nothing else.
func missing(t testing.TB, s *jwks.Source, id string, want error) {
	t.Helper()
	key, err := s.Lookup(t.Context(), durward.ES256, id)
	if !errors.Is(err, want) || key != nil {
		t.Fatalf("look up %q: got %v, %v, want %v", id, key, err, want)
	}
	if errors.Is(err, durward.ErrToken) == errors.Is(err, durward.ErrUnavailable) {
		t.Fatalf("look up %q: got %v, want either a refusal or none", id, err)
	}
}

func canceled(t testing.TB) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}
