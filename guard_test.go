package durward_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/durwardtest"
)

// newGuard makes a guard from a changed configuration.
func newGuard(t testing.TB, issuer *durwardtest.Issuer, change func(*durward.Config)) *durward.Guard {
	t.Helper()
	c := issuer.Config()
	if change != nil {
		change(&c)
	}
	guard, err := durward.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return guard
}

// probe is a guarded handler that answers with the subject and counts its calls.
type probe struct{ calls int }

func (p *probe) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.calls++
	fmt.Fprint(w, "subject "+durward.FromContext(r.Context()).Subject)
}

func serve(handler http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}

// problem checks the whole of a refusal as RFC 9457 and RFC 6750 describe it.
func problem(t *testing.T, w *httptest.ResponseRecorder, status int, code, challenge string) {
	t.Helper()
	var body struct {
		Type, Title, Detail, Code string
		Status                    int
	}
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		t.Fatalf("got %d %q, want problem+json: %v", w.Code, w.Body, err)
	}
	if w.Code != status || body.Status != status || body.Code != code {
		t.Errorf("got %d %s, want %d with the code %s", w.Code, w.Body, status, code)
	}
	if body.Type != "about:blank" || body.Title != http.StatusText(status) || !strings.HasSuffix(body.Detail, ".") {
		t.Errorf("got %s, want type about:blank, the title of the status and a sentence", w.Body)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/problem+json", "Cache-Control": "no-store", "WWW-Authenticate": challenge,
		"X-Content-Type-Options": "nosniff", "Content-Length": fmt.Sprint(w.Body.Len()),
	} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	if got := w.Header().Get("Retry-After") != ""; got != (status == 503) {
		t.Errorf("Retry-After: got %v, want it for 503 alone", got)
	}
}

const invalidToken = `Bearer error="invalid_token"`

func TestRequire(t *testing.T) {
	issuer := durwardtest.New(t)
	reached := new(probe)
	handler := newGuard(t, issuer, nil).Require(reached)

	w := serve(handler, issuer.Request("GET", "/", issuer.TokenFor("ada")))
	if w.Code != 200 || w.Body.String() != "subject ada" {
		t.Errorf("a good token: got %d %s, want 200 subject ada", w.Code, w.Body)
	}
	reached.calls = 0
	problem(t, serve(handler, issuer.Request("GET", "/", "")), 401, "token_missing", "Bearer")
	for _, bad := range issuer.BadTokens(durward.Claims{Subject: "ada"}) {
		t.Run(bad.Name, func(t *testing.T) {
			code := "token_invalid"
			if errors.Is(bad.Err, durward.ErrTokenExpired) {
				code = "token_expired"
			}
			w := serve(handler, issuer.Request("GET", "/", bad.Token))
			problem(t, w, 401, code, invalidToken)
			if strings.Contains(w.Body.String(), "signature") || strings.Contains(w.Body.String(), "audience") {
				t.Errorf("the body tells the reason to the client: %s", w.Body)
			}
		})
	}
	issuer.KeysUnavailable(true)
	problem(t, serve(handler, issuer.Request("GET", "/", issuer.TokenFor("ada"))), 503, "temporarily_unavailable", "")
	if reached.calls != 0 {
		t.Errorf("the handler was called %d times for refused requests, want never", reached.calls)
	}
}

func TestARevokedTokenIsToldSo(t *testing.T) {
	issuer := durwardtest.New(t)
	answer := durward.ErrTokenRevoked
	handler := newGuard(t, issuer, func(c *durward.Config) {
		c.Revocation = func(context.Context, durward.Claims) error { return answer }
	}).Require(new(probe))
	problem(t, serve(handler, issuer.Request("GET", "/", issuer.TokenFor("ada"))), 401, "token_revoked", invalidToken)
	answer = errors.New("feed lost")
	problem(t, serve(handler, issuer.Request("GET", "/", issuer.TokenFor("ada"))), 503, "temporarily_unavailable", "")
}

func TestOptional(t *testing.T) {
	issuer := durwardtest.New(t)
	guard := newGuard(t, issuer, nil)
	handler := guard.Optional(new(probe), durward.Role("user"))

	for name, c := range map[string]struct {
		token  string
		status int
		body   string
	}{
		"no token":                    {"", 200, "subject "},
		"a good token":                {issuer.TokenFor("ada", "user"), 200, "subject ada"},
		"a good token without a role": {issuer.TokenFor("ada"), 403, ""},
		"a bad token":                 {"x.y.z", 401, ""},
	} {
		w := serve(handler, issuer.Request("GET", "/", c.token))
		if w.Code != c.status || c.body != "" && w.Body.String() != c.body {
			t.Errorf("%s: got %d %s, want %d %s", name, w.Code, w.Body, c.status, c.body)
		}
	}
	r := issuer.Request("GET", "/", "")
	r.Header.Set("Authorization", "Bearer")
	problem(t, serve(handler, r), 400, "invalid_request", `Bearer error="invalid_request"`)
	issuer.KeysUnavailable(true)
	problem(t, serve(handler, issuer.Request("GET", "/", issuer.TokenFor("ada", "user"))), 503, "temporarily_unavailable", "")
}

// A callback that speaks of a missing token must not turn a refused one into an anonymous visit.
func TestOptionalIsNotFooledByACallback(t *testing.T) {
	issuer := durwardtest.New(t)
	missing := fmt.Errorf("lookup: %w", durward.ErrTokenMissing)
	deny := func(context.Context, durward.Claims) error { return missing }
	for name, handler := range map[string]http.Handler{
		"Where":      newGuard(t, issuer, nil).Optional(new(probe), durward.Where(deny)),
		"Revocation": newGuard(t, issuer, func(c *durward.Config) { c.Revocation = deny }).Optional(new(probe)),
		"Identify": newGuard(t, issuer, func(c *durward.Config) {
			c.Identify = func(context.Context, durward.Claims) (any, error) { return nil, missing }
		}).Optional(new(probe)),
	} {
		if w := serve(handler, issuer.Request("GET", "/", issuer.TokenFor("ada"))); w.Code == 200 {
			t.Errorf("%s: got 200 %s, want a refusal", name, w.Body)
		}
	}
}

// What an outer guard found is not what an inner one, which found nothing, hands on.
func TestAnonymousInsideAnotherGuard(t *testing.T) {
	issuer := durwardtest.New(t)
	inner := newGuard(t, issuer, func(c *durward.Config) { c.Locations = []durward.Location{durward.Header("x-inner")} })
	handler := newGuard(t, issuer, nil).Require(inner.Optional(new(probe)))
	w := serve(handler, issuer.Request("GET", "/", issuer.TokenFor("ada")))
	if w.Code != 200 || w.Body.String() != "subject " {
		t.Errorf("got %d %q, want 200 and nobody", w.Code, w.Body)
	}
}

func TestIdentify(t *testing.T) {
	type user struct{ Name string }
	issuer := durwardtest.New(t)
	var fail error
	guard := newGuard(t, issuer, func(c *durward.Config) {
		c.Identify = func(_ context.Context, claims durward.Claims) (any, error) { return &user{claims.Subject}, fail }
	})
	handler := guard.Middleware()(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		found, ok := durward.UserFromContext[*user](r.Context())
		_, wrong := durward.UserFromContext[user](r.Context())
		fmt.Fprint(w, found.Name, ok, wrong)
	}))
	request := func() *http.Request { return issuer.Request("GET", "/", issuer.TokenFor("ada")) }
	if w := serve(handler, request()); w.Body.String() != "adatrue false" {
		t.Errorf("got %q, want ada, as a *user alone", w.Body)
	}
	fail = fmt.Errorf("find user: %w", durward.ErrTokenUser)
	problem(t, serve(handler, request()), 401, "token_invalid", invalidToken)
	fail = errors.New("database is down")
	problem(t, serve(handler, request()), 503, "temporarily_unavailable", "")
	if _, ok := durward.UserFromContext[*user](t.Context()); ok {
		t.Error("a context without a guard: got a user, want none")
	}
	if got := durward.FromContext(t.Context()); !reflect.DeepEqual(got, durward.Claims{}) {
		t.Errorf("a context without a guard: got %+v, want zero claims", got)
	}
}

func TestOnRefuseGetsTheExactReason(t *testing.T) {
	issuer := durwardtest.New(t)
	var got *durward.Refusal
	handler := newGuard(t, issuer, func(c *durward.Config) {
		c.OnRefuse = func(w http.ResponseWriter, _ *http.Request, refusal *durward.Refusal) {
			got = refusal
			w.WriteHeader(http.StatusTeapot)
		}
	}).Require(new(probe), durward.Role("admin"))
	for _, bad := range issuer.BadTokens(durward.Claims{Subject: "ada"}) {
		if w := serve(handler, issuer.Request("GET", "/", bad.Token)); w.Code != http.StatusTeapot {
			t.Fatalf("%s: got %d, want the answer of OnRefuse", bad.Name, w.Code)
		}
		if !errors.Is(got, bad.Err) || got.Status != 401 || got.Error() != got.Detail {
			t.Errorf("%s: got %d %v, want 401 and %v", bad.Name, got.Status, got.Err, bad.Err)
		}
	}
	serve(handler, issuer.Request("GET", "/", issuer.TokenFor("ada")))
	if got.Status != 403 || got.Code != "insufficient_role" {
		t.Errorf("got %d %s, want 403 insufficient_role", got.Status, got.Code)
	}
}

func TestRules(t *testing.T) {
	issuer := durwardtest.New(t)
	guard := newGuard(t, issuer, nil)
	at := func(ago time.Duration) durward.Claims {
		return durward.Claims{Subject: "ada", AuthTime: issuer.Clock.Now().Add(-ago)}
	}
	with := func(roles, scopes []string) durward.Claims {
		return durward.Claims{Subject: "ada", Roles: roles, Scopes: scopes}
	}
	const stale = `Bearer error="insufficient_user_authentication", max_age="300"`
	own := &durward.Refusal{Status: 403, Code: "wrong_tenant", Detail: "This is another tenant's."}
	where := func(err error) durward.Rule {
		return durward.Where(func(context.Context, durward.Claims) error { return err })
	}

	for name, c := range map[string]struct {
		rules     []durward.Rule
		claims    durward.Claims
		code      string // empty for 200
		status    int
		challenge string
	}{
		"no rule":                     {nil, with(nil, nil), "", 200, ""},
		"the role":                    {[]durward.Rule{durward.Role("admin")}, with([]string{"user", "admin"}, nil), "", 200, ""},
		"one of the roles":            {[]durward.Rule{durward.Role("admin", "auditor")}, with([]string{"auditor"}, nil), "", 200, ""},
		"no role":                     {[]durward.Rule{durward.Role("admin")}, with(nil, nil), "insufficient_role", 403, ""},
		"D19 a longer role":           {[]durward.Rule{durward.Role("admin")}, with([]string{"superadmin-not"}, nil), "insufficient_role", 403, ""},
		"D19 a role in capitals":      {[]durward.Rule{durward.Role("admin")}, with([]string{"Admin"}, nil), "insufficient_role", 403, ""},
		"the scopes":                  {[]durward.Rule{durward.Scope("read", "write")}, with(nil, []string{"write", "read"}), "", 200, ""},
		"one of two scopes":           {[]durward.Rule{durward.Scope("read", "write")}, with(nil, []string{"read"}), "insufficient_scope", 403, `Bearer error="insufficient_scope", scope="read write"`},
		"D18 a longer scope":          {[]durward.Rule{durward.Scope("read")}, with(nil, []string{"reader"}), "insufficient_scope", 403, `Bearer error="insufficient_scope", scope="read"`},
		"a scope is no role":          {[]durward.Rule{durward.Role("admin")}, with(nil, []string{"admin"}), "insufficient_role", 403, ""},
		"a fresh login":               {[]durward.Rule{durward.Fresh(5 * time.Minute)}, at(5 * time.Minute), "", 200, ""},
		"D24 a login a second older":  {[]durward.Rule{durward.Fresh(5 * time.Minute)}, at(5*time.Minute + time.Second), "insufficient_user_authentication", 403, stale},
		"D24 no login, a fresh token": {[]durward.Rule{durward.Fresh(5 * time.Minute)}, with(nil, nil), "insufficient_user_authentication", 403, stale},
		"D24 a login in the future":   {[]durward.Rule{durward.Fresh(5 * time.Minute)}, at(-time.Hour), "insufficient_user_authentication", 403, stale},
		"a predicate that holds":      {[]durward.Rule{where(nil)}, with(nil, nil), "", 200, ""},
		"a predicate that does not":   {[]durward.Rule{where(errors.New("no"))}, with(nil, nil), "access_denied", 403, ""},
		"a predicate's own refusal":   {[]durward.Rule{where(fmt.Errorf("tenant: %w", own))}, with(nil, nil), "wrong_tenant", 403, ""},
		"a predicate that cannot say": {[]durward.Rule{where(fmt.Errorf("%w: policy", durward.ErrUnavailable))}, with(nil, nil), "temporarily_unavailable", 503, ""},
		"the second of two rules":     {[]durward.Rule{durward.Role("user"), durward.Scope("read")}, with([]string{"user"}, nil), "insufficient_scope", 403, `Bearer error="insufficient_scope", scope="read"`},
		"both of two rules":           {[]durward.Rule{durward.Role("user"), durward.Scope("read")}, with([]string{"user"}, []string{"read"}), "", 200, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := issuer.Request("GET", "/", issuer.Token(c.claims))
			claims, refusal := guard.Check(r, c.rules...)
			switch {
			case c.code == "" && (refusal != nil || claims.Subject != "ada"):
				t.Errorf("Check: got %+v and %v, want the claims alone", claims, refusal)
			case c.code != "" && (refusal == nil || refusal.Code != c.code || refusal.Status != c.status || claims.Subject != ""):
				t.Errorf("Check: got %+v and %v, want %s alone", claims, refusal, c.code)
			case c.code != "" && refusal.Claims().Subject != "ada":
				t.Errorf("Claims of the refusal: got %+v, want those of the token", refusal.Claims())
			}
			w := serve(guard.Require(new(probe), c.rules...), r)
			if c.code != "" {
				problem(t, w, c.status, c.code, c.challenge)
			} else if w.Code != 200 {
				t.Errorf("got %d %s, want 200", w.Code, w.Body)
			}
		})
	}
}

func TestCheckRefusesAsRequire(t *testing.T) {
	issuer := durwardtest.New(t)
	guard := newGuard(t, issuer, func(c *durward.Config) {
		c.Locations = []durward.Location{durward.BearerHeader(), durward.Cookie("token")}
	})
	crossSite := issuer.Request("POST", "/", "")
	crossSite.AddCookie(&http.Cookie{Name: "token", Value: issuer.TokenFor("ada")})
	crossSite.Header.Set("Sec-Fetch-Site", "cross-site")
	requests := map[string]*http.Request{"cross_site_request": crossSite, "token_missing": issuer.Request("GET", "/", ""), "token_invalid": issuer.Request("GET", "/", "a.b.c")}
	two := issuer.Request("GET", "/", issuer.TokenFor("ada"))
	two.AddCookie(&http.Cookie{Name: "token", Value: issuer.TokenFor("ada")})
	requests["invalid_request"] = two
	for code, r := range requests {
		claims, refusal := guard.Check(r)
		if refusal != nil && refusal.Claims().Subject != "" {
			t.Errorf("%s: got the claims %+v of a token that is not good", code, refusal.Claims())
		}
		if refusal == nil || refusal.Code != code || claims.Subject != "" {
			t.Errorf("got %+v and %v, want %s alone", claims, refusal, code)
		}
		if w := serve(guard.Require(new(probe)), r); refusal != nil && w.Code != refusal.Status {
			t.Errorf("%s: got %d from Require, %d from Check", code, w.Code, refusal.Status)
		}
	}
}

func TestMistakesOfTheProgramPanicAtStart(t *testing.T) {
	guard := durwardtest.New(t).Guard()
	for name, f := range map[string]func(){
		"a nil handler":         func() { guard.Require(nil) },
		"an empty rule":         func() { guard.Require(new(probe), durward.Rule{}) },
		"a role of none":        func() { durward.Role() },
		"a scope of none":       func() { durward.Scope() },
		"an empty scope":        func() { durward.Scope("") },
		"two scopes as one":     func() { durward.Scope("read write") },
		"a scope with a quote":  func() { durward.Scope(`re"ad`) },
		"fresh within nothing":  func() { durward.Fresh(0) },
		"a predicate of no one": func() { durward.Where(nil) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: got no panic, want one", name)
				}
			}()
			f()
		}()
	}
}

// H08: a guard looks at the token alone, whatever the method.
func TestEveryMethodIsGuarded(t *testing.T) {
	handler := durwardtest.New(t).Guard().Require(new(probe))
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "get", "X"} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Method = method
		r.Header.Set("X-HTTP-Method-Override", "OPTIONS")
		if w := serve(handler, r); w.Code != 401 {
			t.Errorf("%s: got %d, want 401", method, w.Code)
		}
	}
}
