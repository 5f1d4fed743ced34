package durward_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/durward-auth/durward"
)

func newLogin(t *testing.T, change func(*durward.LoginConfig)) (http.Handler, *material) {
	t.Helper()
	m := materialOf(t, durward.HS256)
	c := durward.LoginConfig{
		Signer: newSigner(t, m.key),
		Authenticate: func(_ context.Context, username, password string) (durward.Identity, error) {
			if username != "ada" || password != "correct horse" {
				return durward.Identity{}, durward.ErrInvalidCredentials
			}
			return durward.Identity{
				Subject: "user-1", Username: "ada", Roles: []string{"admin"}, Scopes: []string{"read", "write"},
				Private: map[string]string{"tenant": "north"},
			}, nil
		},
	}
	if change != nil {
		change(&c)
	}
	handler, err := durward.LoginHandler(c)
	if err != nil {
		t.Fatal(err)
	}
	return handler, m
}

func post(body string) *http.Request {
	r := httptest.NewRequest("POST", "/login", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	return r
}

const goodLogin = `{"username":"ada","password":"correct horse"}`

func TestLogin(t *testing.T) {
	handler, m := newLogin(t, nil)
	w := serve(handler, post(goodLogin))
	var out struct {
		AccessToken string `json:"access_token"`
		TokenType   string `json:"token_type"`
		ExpiresIn   int    `json:"expires_in"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil || w.Code != 200 {
		t.Fatalf("got %d %s, want 200 and a token", w.Code, w.Body)
	}
	if out.TokenType != "Bearer" || out.ExpiresIn != 900 {
		t.Errorf("got %q for %d s, want Bearer for 900", out.TokenType, out.ExpiresIn)
	}
	if got := w.Header().Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control: got %q, want no-store", got)
	}
	claims := accepted(t, newVerifier(t, config(m.key)), out.AccessToken)
	private, err := durward.DecodeClaims[struct {
		Tenant string `json:"tenant"`
	}](claims)
	if err != nil || private.Tenant != "north" {
		t.Errorf("private claims: got %+v, %v, want the tenant", private, err)
	}
	if claims.Subject != "user-1" || claims.Username != "ada" || !claims.HasRole("admin") || !claims.HasScope("write") || !claims.AuthTime.Equal(now) {
		t.Errorf("got %+v, want all of the identity and auth_time now", claims)
	}
}

func TestLoginRefusesBadInput(t *testing.T) {
	asked := false
	handler, _ := newLogin(t, func(c *durward.LoginConfig) {
		c.Authenticate = func(context.Context, string, string) (durward.Identity, error) {
			asked = true
			return durward.Identity{}, durward.ErrInvalidCredentials
		}
	})
	for name, c := range map[string]struct {
		body   string
		status int
		code   string
	}{
		"no body":                      {"", 400, "invalid_request"},
		"no JSON":                      {"username=ada", 400, "invalid_request"},
		"null":                         {"null", 400, "invalid_request"},
		"H21 an array":                 {`[{"username":"ada"}]`, 400, "invalid_request"},
		"H21 trailing text":            {goodLogin + "{}", 400, "invalid_request"},
		"H21 a member twice":           {`{"username":"ada","password":"x","password":"y"}`, 400, "invalid_request"},
		"H21 a number as password":     {`{"username":"ada","password":1}`, 400, "invalid_request"},
		"H21 deep nesting":             {`{"username":` + strings.Repeat("[", 10_000), 400, "invalid_request"},
		"H21 UTF-16":                   {"\xff\xfe{\x00", 400, "invalid_request"},
		"G28 a role of one's own":      {`{"username":"ada","password":"x","role":"admin"}`, 400, "invalid_request"},
		"A15 a name in capitals":       {`{"Username":"ada","password":"x"}`, 400, "invalid_request"},
		"no username":                  {`{"password":"x"}`, 400, "invalid_request"},
		"no password":                  {`{"username":"ada"}`, 400, "invalid_request"},
		"null as password":             {`{"username":"ada","password":null}`, 400, "invalid_request"},
		"a password of 1025 bytes":     {`{"username":"ada","password":"` + strings.Repeat("p", 1025) + `"}`, 400, "invalid_request"},
		"a password of a megabyte":     {`{"username":"ada","password":"` + strings.Repeat("p", 1<<20) + `"}`, 413, "body_too_large"},
		"H18 a body of 64 KiB + 1":     {strings.Repeat(" ", 64<<10+1), 413, "body_too_large"},
		"an invalid byte in a name":    {"{\"username\":\"\xff\",\"password\":\"x\"}", 400, "invalid_request"},
		"a byte order mark before all": {"\ufeff" + goodLogin, 400, "invalid_request"},
	} {
		t.Run(name, func(t *testing.T) {
			problem(t, serve(handler, post(c.body)), c.status, c.code, "")
		})
	}
	for _, kind := range []string{"", "text/plain", "application/x-www-form-urlencoded", "application/jsonp", "application/json; x", "multipart/form-data"} {
		r := post(goodLogin)
		r.Header.Set("Content-Type", kind)
		problem(t, serve(handler, r), 415, "unsupported_media_type", "")
	}
	for _, method := range []string{"GET", "HEAD", "PUT", "DELETE", "OPTIONS"} {
		r := post(goodLogin)
		r.Method = method
		w := serve(handler, r)
		problem(t, w, 405, "method_not_allowed", "")
		if got := w.Header().Get("Allow"); got != "POST" {
			t.Errorf("%s: Allow: got %q, want POST", method, got)
		}
	}
	if asked {
		t.Error("a malformed login reached Authenticate, want none to")
	}
	problem(t, serve(handler, post(`{"username":"ada","password":"`+strings.Repeat("p", 1024)+`"}`)), 401, "invalid_credentials", "Bearer")
	if !asked {
		t.Error("a password of 1024 bytes did not reach Authenticate")
	}
}

func TestLoginAnswersFailuresOfItsCallbacks(t *testing.T) {
	for name, c := range map[string]struct {
		identity durward.Identity
		err      error
		status   int
		code     string
		header   string
	}{
		"wrong, and wrapped":            {durward.Identity{}, fmt.Errorf("ada: %w", durward.ErrInvalidCredentials), 401, "invalid_credentials", "Bearer"},
		"the database is down":          {durward.Identity{}, errors.New("dial tcp: refused"), 503, "temporarily_unavailable", ""},
		"D21 a private claim named exp": {durward.Identity{Private: map[string]int{"exp": 1}}, nil, 500, "internal_error", ""},
		"a scope that is two":           {durward.Identity{Scopes: []string{"read admin"}}, nil, 500, "internal_error", ""},
	} {
		t.Run(name, func(t *testing.T) {
			handler, _ := newLogin(t, func(l *durward.LoginConfig) {
				l.Authenticate = func(context.Context, string, string) (durward.Identity, error) { return c.identity, c.err }
			})
			w := serve(handler, post(goodLogin))
			problem(t, w, c.status, c.code, c.header)
			if strings.Contains(w.Body.String(), "dial") || strings.Contains(w.Body.String(), "access_token") {
				t.Errorf("got %s, want neither the cause nor a token", w.Body)
			}
		})
	}
}

func TestLoginAnswersInTheProgramsOwnWay(t *testing.T) {
	var reason error
	handler, _ := newLogin(t, func(c *durward.LoginConfig) {
		c.Respond = func(w http.ResponseWriter, _ *http.Request, token string, expiresAt time.Time) {
			fmt.Fprint(w, token != "", expiresAt.Equal(now.Add(15*time.Minute)))
		}
		c.OnRefuse = func(w http.ResponseWriter, _ *http.Request, refusal *durward.Refusal) {
			reason = refusal.Err
			w.WriteHeader(http.StatusTeapot)
		}
	})
	w := serve(handler, post(goodLogin))
	if w.Body.String() != "true true" || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("got %q with Cache-Control %q, want the own answer, not to be stored", w.Body, w.Header().Get("Cache-Control"))
	}
	if w := serve(handler, post(`{"username":"ada","password":"x"}`)); w.Code != http.StatusTeapot || !errors.Is(reason, durward.ErrInvalidCredentials) {
		t.Errorf("got %d for %v, want the own answer to wrong credentials", w.Code, reason)
	}
	for name, c := range map[string]durward.LoginConfig{
		"nothing":         {},
		"no signer":       {Authenticate: func(context.Context, string, string) (durward.Identity, error) { return durward.Identity{}, nil }},
		"no Authenticate": {Signer: newSigner(t, materialOf(t, durward.HS256).key)},
	} {
		if handler, err := durward.LoginHandler(c); err == nil || handler != nil {
			t.Errorf("%s: got a handler, want an error", name)
		}
	}
}
