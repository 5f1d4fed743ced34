package httpapi_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/audit"
)

// machine is a client with its secret.
type machine struct {
	account.Client
	secret string
}

// client adds a client.
func (d *door) client(name string, scopes ...string) machine {
	d.t.Helper()
	c, secret, err := d.config.Accounts.CreateClient(d.t.Context(), name, scopes, account.Operator, audit.Origin{Address: "cli"})
	must(d.t, err)
	return machine{c, secret.Reveal()}
}

func (m machine) basic() option { return basic(m.ID, m.secret) }

// basic authenticates as RFC 6749 §2.3.1 has it.
func basic(id, secret string) option {
	pair := url.QueryEscape(id) + ":" + url.QueryEscape(secret)
	return with("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(pair)))
}

// post sends a form, given as name and value in turn.
func (d *door) post(path string, pairs []string, options ...option) answer {
	d.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return d.postForm(path, form.Encode(), options...)
}

func (d *door) postForm(path, body string, options ...option) answer {
	d.t.Helper()
	return d.do("POST", path, body, append([]option{with("Content-Type", "application/x-www-form-urlencoded")}, options...)...)
}

// wantOAuth checks the status and the error of RFC 6749 §5.2.
func (d *door) wantOAuth(a answer, status int, code string) answer {
	d.t.Helper()
	var got map[string]string
	d.want(a, status, "").decode(d.t, &got)
	if got["error"] != code || got["error_description"] == "" || len(got) != 2 {
		d.t.Errorf("%s: got %s, want error %s and a description", a.Request.URL.Path, a.body, code)
	}
	if strings.ContainsFunc(got["error_description"], func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' }) {
		d.t.Errorf("%s: got the description %q, want the characters of RFC 6749 §5.2", a.Request.URL.Path, got["error_description"])
	}
	if got := a.Header.Get("Content-Type"); got != "application/json" {
		d.t.Errorf("%s: got content type %q, want application/json", a.Request.URL.Path, got)
	}
	if got := a.Header.Get("Cache-Control"); got != "no-store" {
		d.t.Errorf("%s: got Cache-Control %q, want no-store", a.Request.URL.Path, got)
	}
	if code == "invalid_client" && !strings.HasPrefix(a.Header.Get("WWW-Authenticate"), "Basic ") {
		d.t.Errorf("%s: invalid_client without a challenge", a.Request.URL.Path)
	}
	return a
}

// clientGranted is the answer to a client.
type clientGranted struct {
	Access    string `json:"access_token"`
	Type      string `json:"token_type"`
	ExpiresIn int64  `json:"expires_in"`
	Scope     string `json:"scope"`
}

var clientCredentials = []string{"grant_type", "client_credentials"}

func (d *door) grantTo(m machine) clientGranted {
	d.t.Helper()
	var got clientGranted
	d.want(d.post("/token", clientCredentials, m.basic()), 200, "").decode(d.t, &got)
	return got
}

// clientToken adds a client and returns an access token of it.
func (d *door) clientToken(name string, scopes ...string) string {
	d.t.Helper()
	return d.grantTo(d.client(name, scopes...)).Access
}

func TestAClientGetsAnAccessTokenOfItsOwn(t *testing.T) {
	d := open(t)
	m := d.client("billing", "read", "write")
	for name, a := range map[string]answer{
		"client_secret_basic": d.post("/token", clientCredentials, m.basic()),
		"client_secret_post":  d.post("/token", append([]string{"client_id", m.ID, "client_secret", m.secret}, clientCredentials...)),
	} {
		var members map[string]any
		var got clientGranted
		d.want(a, 200, "").decode(t, &got)
		a.decode(t, &members)
		if got.Type != "Bearer" || got.ExpiresIn != 900 || got.Scope != "read write" || len(members) != 4 {
			t.Errorf("%s: got %v, want four members and no refresh token", name, members)
		}
		if a.Header.Get("Cache-Control") != "no-store" || a.Header.Get("Pragma") != "no-cache" {
			t.Errorf("%s: got headers %v, want no-store and no-cache", name, a.Header)
		}
		var claims map[string]any
		payload, err := base64.RawURLEncoding.DecodeString(strings.Split(got.Access, ".")[1])
		must(t, err)
		answer{a.Response, string(payload)}.decode(t, &claims)
		for claim, want := range map[string]any{
			"sub": m.ID, "client_id": m.ID, "scope": "read write", "iss": issuer, "aud": issuer, "ver": float64(1),
			"sid": nil, "roles": nil, "username": nil, "auth_time": nil,
		} {
			if claims[claim] != want {
				t.Errorf("%s: got %s %v, want %v", name, claim, claims[claim], want)
			}
		}
		if id, _ := claims["jti"].(string); len(id) < 22 {
			t.Errorf("%s: got jti %q", name, id)
		}
	}
}

func TestAClientAsksForFewerScopes(t *testing.T) {
	d := open(t)
	m := d.client("billing", "read", "write")
	for scope, want := range map[string]string{"write": "write", "write read": "write read", "read read": "read", "": "read write"} {
		var got clientGranted
		d.want(d.post("/token", append([]string{"scope", scope}, clientCredentials...), m.basic()), 200, "").decode(t, &got)
		if got.Scope != want {
			t.Errorf("scope %q: got %q, want %q", scope, got.Scope, want)
		}
	}
	for _, scope := range []string{"admin", "read admin", "READ", "read  write", " read", "read ", "read\twrite", "\x00", "é\"\\"} {
		d.wantOAuth(d.post("/token", append([]string{"scope", scope}, clientCredentials...), m.basic()), 400, "invalid_scope")
	}
	var bare clientGranted
	d.want(d.post("/token", clientCredentials, d.client("bare").basic()), 200, "").decode(t, &bare)
	if bare.Scope != "" {
		t.Errorf("a client without scopes: got scope %q", bare.Scope)
	}
}

func TestATokenRequestThatIsNotOne(t *testing.T) {
	d := open(t)
	m := d.client("billing", "read")
	form := "grant_type=client_credentials"
	ours := "&client_id=" + m.ID + "&client_secret=" + m.secret
	for name, c := range map[string]struct {
		body   string
		code   string
		status int
		option option
	}{
		"no grant type":                      {"scope=read" + ours, "invalid_request", 400, nil},
		"an empty grant type":                {"grant_type=" + ours, "invalid_request", 400, nil},
		"a password grant":                   {"grant_type=password&username=a&password=b" + ours, "unsupported_grant_type", 400, nil},
		"a refresh grant":                    {"grant_type=refresh_token&refresh_token=x", "unsupported_grant_type", 400, nil},
		"a grant in capitals":                {"grant_type=CLIENT_CREDENTIALS" + ours, "unsupported_grant_type", 400, nil},
		"a repeated grant type":              {form + "&" + form + ours, "invalid_request", 400, nil},
		"a repeated scope":                   {form + ours + "&scope=read&scope=read", "invalid_request", 400, nil},
		"a repeated secret":                  {form + ours + ours, "invalid_request", 400, nil},
		"a repeated unknown parameter":       {form + ours + "&x=1&x=2", "invalid_request", 400, nil},
		"a repeated parameter without value": {form + ours + "&scope=&scope=", "invalid_request", 400, nil},
		"no client":                          {form, "invalid_client", 401, nil},
		"a client id alone":                  {form + "&client_id=" + m.ID, "invalid_client", 401, nil},
		"a secret alone":                     {form + "&client_secret=" + m.secret, "invalid_request", 400, nil},
		"an empty secret":                    {form + "&client_id=" + m.ID + "&client_secret=", "invalid_client", 401, nil},
		"two ways at once":                   {form + ours, "invalid_request", 400, m.basic()},
		"Basic and another client's id":      {form + "&client_id=dwc_other", "invalid_request", 400, m.basic()},
		"Basic and a secret in the body":     {form + "&client_secret=" + m.secret, "invalid_request", 400, m.basic()},
		"a bearer token":                     {form, "invalid_client", 401, as("abc")},
		"a bearer token and a secret":        {form + ours, "invalid_request", 400, as("abc")},
		"a broken escape":                    {form + ours + "&scope=%zz", "invalid_request", 400, nil},
		"a semicolon":                        {form + ours + ";scope=read", "invalid_request", 400, nil},
		"no UTF-8":                           {form + ours + "&scope=\xff", "invalid_request", 400, nil},
		"no UTF-8 in an escape":              {form + ours + "&scope=%ff", "invalid_request", 400, nil},
		"a NUL in the client id":             {form + "&client_id=%00&client_secret=x", "invalid_client", 401, nil},
		"JSON":                               {`{"grant_type":"client_credentials"}`, "invalid_request", 400, with("Content-Type", "application/json")},
		"a multipart form":                   {form + ours, "invalid_request", 400, with("Content-Type", "multipart/form-data; boundary=x")},
		"no body":                            {"", "invalid_request", 400, m.basic()},
		"a huge form":                        {form + ours + "&x=" + strings.Repeat("x", 64<<10), "invalid_request", 413, nil},
		"an unknown client":                  {form + "&client_id=dwc_AAAAAAAAAAAAAAAAAAAAAA&client_secret=" + m.secret, "invalid_client", 401, nil},
		"a client's name for its id":         {form + "&client_id=billing&client_secret=" + m.secret, "invalid_client", 401, nil},
		"a wrong secret":                     {form + "&client_id=" + m.ID + "&client_secret=" + m.secret + "x", "invalid_client", 401, nil},
		"a hash for the secret":              {form + "&client_id=" + m.ID + "&client_secret=" + d.store.secrets[m.ID], "invalid_client", 401, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var options []option
			if c.option != nil {
				options = append(options, c.option)
			}
			d.wantOAuth(d.postForm("/token", c.body, options...), c.status, c.code)
		})
	}
	t.Run("many parameters", func(t *testing.T) {
		d.wantOAuth(d.postForm("/token", form+ours+strings.Repeat("&", 60_000)), 400, "invalid_request")
	})
	t.Run("an unknown parameter", func(t *testing.T) {
		d.want(d.postForm("/token", form+ours+"&resource=x"), 200, "")
	})
	t.Run("Basic with the same client id in the body", func(t *testing.T) {
		d.want(d.postForm("/token", form+"&client_id="+m.ID, m.basic()), 200, "")
	})
	t.Run("a secret in the URL", func(t *testing.T) {
		d.wantOAuth(d.postForm("/token?client_id="+m.ID+"&client_secret="+m.secret, form), 400, "invalid_request")
		d.wantOAuth(d.postForm("/token?access_token=x", form), 400, "invalid_request")
	})
	t.Run("another method", func(t *testing.T) {
		a := d.want(d.do("GET", "/token", "", m.basic()), 405, "method_not_allowed")
		if got := a.Header.Get("Allow"); got != "POST" {
			t.Errorf("got Allow %q, want POST", got)
		}
	})
}

func TestBasicCredentialsThatAreNone(t *testing.T) {
	d := open(t)
	m := d.client("billing")
	encode := base64.StdEncoding.EncodeToString
	for _, header := range []string{
		"Basic", "Basic ", "Basic !", "Basic ====", "Basic " + encode([]byte("nocolon")), "Basic " + encode([]byte(":")),
		"Basic " + encode([]byte(m.ID+":")), "Basic " + encode([]byte(":"+m.secret)), "Basic " + encode([]byte("%zz:"+m.secret)),
		"Basic " + encode([]byte(m.ID+":%")), "Basic " + encode([]byte("\xff:"+m.secret)), "Basic " + encode([]byte("a\x00b:c\x00d")),
		"Basic " + encode([]byte(m.ID+":"+m.secret)) + " x", "Basic\t" + encode([]byte(m.ID+":"+m.secret)),
		"Basic " + base64.URLEncoding.EncodeToString([]byte(m.ID+":"+m.secret+"\xfb\xff")), "Digest x", "x",
		"Basic " + encode([]byte(strings.Repeat("a", 4096)+":"+m.secret)),
	} {
		d.wantOAuth(d.post("/token", clientCredentials, with("Authorization", header)), 401, "invalid_client")
	}
	for name, option := range map[string]option{
		"in lower case":           with("Authorization", "basic "+encode([]byte(m.ID+":"+m.secret))),
		"after two spaces":        with("Authorization", "Basic  "+encode([]byte(m.ID+":"+m.secret))),
		"with everything escaped": with("Authorization", "Basic "+encode([]byte(strings.ReplaceAll(m.ID+":"+m.secret, "_", "%5F")))),
	} {
		if a := d.post("/token", clientCredentials, option); a.StatusCode != 200 {
			t.Errorf("Basic %s: got %d %s, want 200", name, a.StatusCode, a.body)
		}
	}
	twice := func(r *http.Request) { r.Header["Authorization"] = []string{"Basic eDp5", "Basic eDp5"} }
	d.wantOAuth(d.post("/token", clientCredentials, twice), 400, "invalid_request")
}

func TestARevokedClientIsRefusedAtOnce(t *testing.T) {
	d := open(t)
	m := d.client("billing", "read")
	granted := d.grantTo(m)
	d.want(d.do("GET", "/verify?scope=read", "", as(granted.Access)), 204, "")
	_, err := d.config.Accounts.RevokeClient(t.Context(), m.ID, account.Operator, audit.Origin{Address: "cli"})
	must(t, err)
	d.want(d.do("GET", "/verify?scope=read", "", as(granted.Access)), 401, "token_revoked")
	d.wantOAuth(d.post("/token", clientCredentials, m.basic()), 401, "invalid_client")
}

func TestFailuresOfAClientAreBoundedAndLockNobodyOut(t *testing.T) {
	d := open(t)
	m := d.client("billing")
	for range 10 {
		d.wantOAuth(d.post("/token", clientCredentials, basic(m.ID, "dws_wrong")), 401, "invalid_client")
	}
	a := d.wantOAuth(d.post("/token", clientCredentials, basic(m.ID, "dws_wrong")), 429, "temporarily_unavailable")
	if a.Header.Get("Retry-After") == "" {
		t.Error("got no Retry-After with 429")
	}
	d.want(d.post("/token", clientCredentials, m.basic()), 200, "")
	recorded := 0
	for _, e := range d.store.events {
		if e.Action == audit.ClientSignIn && e.Outcome == audit.Refused && e.Reason == "wrong_secret" && e.ActorID == m.ID {
			recorded++
		}
	}
	if recorded != 10 {
		t.Errorf("got %d refusals in the audit log, want 10 and the rest tallied", recorded)
	}
	d.clock.advance(time.Hour)
	d.wantOAuth(d.post("/token", clientCredentials, basic(m.ID, "dws_wrong")), 401, "invalid_client")
}

func TestGatewaysLearnThatAClientIsNoUser(t *testing.T) {
	d := open(t)
	d.user("billing")
	m := d.client("billing", "read")
	token := d.grantTo(m).Access
	a := d.want(d.do("GET", "/verify?scope=read", "", as(token)), 204, "")
	for header, want := range map[string]string{
		"X-Auth-Subject": m.ID, "X-Auth-User": "", "X-Auth-Roles": "", "X-Auth-Scope": "read", "X-Auth-Session": "",
	} {
		if got := a.Header.Get(header); got != want {
			t.Errorf("%s: got %q, want %q", header, got, want)
		}
	}
	d.want(d.do("GET", "/verify?role=admin", "", as(token)), 403, "insufficient_role")
	d.want(d.do("GET", "/verify?scope=write", "", as(token)), 403, "insufficient_scope")
}
