package blackbox_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

const password = "correct horse battery"

// client speaks to one server. Its methods may be called from several goroutines, except those that fail the test.
type client struct {
	base string
	http *http.Client
}

func (p *process) client() *client { return &client{p.url, browser()} }

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// send sends a request with a JSON body, unless it is nil, and an access token, unless it is "".
func (c *client) send(method, path, token string, body any) (answer, error) {
	var reader io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return answer{}, err
		}
		reader = bytes.NewReader(text)
	}
	request, err := http.NewRequest(method, c.base+path, reader)
	if err != nil {
		return answer{}, err
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	return c.do(request)
}

func (c *client) do(request *http.Request) (answer, error) {
	response, err := c.http.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{}, err
	}
	return answer{response.StatusCode, response.Header, text}, nil
}

// call is send for tests that cannot go on without an answer.
func (c *client) call(t *testing.T, method, path, token string, body any) answer {
	t.Helper()
	a, err := c.send(method, path, token, body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return a
}

// want calls and wants a status.
func (c *client) want(t *testing.T, status int, method, path, token string, body any) answer {
	t.Helper()
	a := c.call(t, method, path, token, body)
	if a.status != status {
		t.Fatalf("%s %s answers %d, want %d: %s", method, path, a.status, status, a.body)
	}
	return a
}

// refused calls and wants a problem.
func (c *client) refused(t *testing.T, status int, code, method, path, token string, body any) answer {
	t.Helper()
	a := c.call(t, method, path, token, body)
	if complaint := a.problem(status, code); complaint != "" {
		t.Fatalf("%s %s: %s", method, path, complaint)
	}
	return a
}

// problem says in what the answer is not the problem (RFC 9457) of this status and code, or "".
func (a answer) problem(status int, code string) string {
	var p struct {
		Type, Title, Detail, Code string
		Status                    int
		RequestID                 string `json:"request_id"`
	}
	switch err := json.Unmarshal(a.body, &p); {
	case a.status != status:
		return fmt.Sprintf("status %d, want %d: %s", a.status, status, tail(string(a.body)))
	case err != nil:
		return fmt.Sprintf("%v in %q", err, a.body)
	case a.header.Get("Content-Type") != "application/problem+json":
		return fmt.Sprintf("the type is %q, want application/problem+json", a.header.Get("Content-Type"))
	case p.Code != code || p.Status != status:
		return fmt.Sprintf("code %q and status %d, want %q and %d", p.Code, p.Status, code, status)
	case p.Type == "" || p.Title == "" || p.RequestID == "" || p.RequestID != a.header.Get("X-Request-Id"):
		return fmt.Sprintf("the problem is incomplete: %s", a.body)
	case len(p.Detail) < 10 || !strings.HasSuffix(p.Detail, "."):
		return fmt.Sprintf("the detail %q is no sentence", p.Detail)
	}
	return ""
}

// tokens is a token response.
type tokens struct {
	Access    string `json:"access_token"`
	Refresh   string `json:"refresh_token"`
	ExpiresIn int    `json:"expires_in"`
	Session   string `json:"session_id"`
	Scope     string `json:"scope"`
}

func (a answer) tokens(t *testing.T) tokens {
	t.Helper()
	return decoded[tokens](t, a)
}

func decoded[T any](t *testing.T, a answer) T {
	t.Helper()
	var value T
	if err := json.Unmarshal(a.body, &value); err != nil {
		t.Fatalf("%v in %q", err, a.body)
	}
	return value
}

type members map[string]any

// register and login use the one password of all these tests.
func (c *client) register(t *testing.T, name string) {
	t.Helper()
	c.want(t, http.StatusCreated, "POST", "/register", "", members{"username": name, "password": password})
}

func (c *client) login(t *testing.T, name string) tokens {
	t.Helper()
	return c.want(t, http.StatusOK, "POST", "/login", "", members{"username": name, "password": password}).tokens(t)
}

func (c *client) refresh(t *testing.T, token string) tokens {
	t.Helper()
	return c.want(t, http.StatusOK, "POST", "/refresh", "", members{"refresh_token": token}).tokens(t)
}

func (c *client) refreshRefused(t *testing.T, code, token string) {
	t.Helper()
	c.refused(t, http.StatusUnauthorized, code, "POST", "/refresh", "", members{"refresh_token": token})
}

// accepted and rejected say what /protected thinks of an access token.
func (c *client) accepted(t *testing.T, token string) {
	t.Helper()
	c.want(t, http.StatusOK, "GET", "/protected", token, nil)
}

func (c *client) rejected(t *testing.T, code, token string) {
	t.Helper()
	c.refused(t, http.StatusUnauthorized, code, "GET", "/protected", token, nil)
}
