package blackbox_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// outsiders hold credentials that open nothing, or not everything.
type outsiders struct {
	revoked tokens // of a session that was ended
	plain   tokens // of a user without roles and scopes
}

// outsiders makes both.
func (s *staff) outsiders(t *testing.T, c *client) outsiders {
	t.Helper()
	sessions := opened(t, s.data, s.url).sessions("ada", 2)
	c.want(t, http.StatusNoContent, "POST", "/logout", sessions[0].Access, nil)
	return outsiders{revoked: sessions[0], plain: sessions[1]}
}

// operation is a route of the OpenAPI document that asks for credentials.
type operation struct {
	method, path, content string
	restricted            bool // asks for a role or a scope too
}

// locked are the operations that ask for credentials.
func (c *client) locked(t *testing.T) []operation {
	t.Helper()
	document := decoded[struct {
		Paths map[string]map[string]json.RawMessage
	}](t, c.want(t, http.StatusOK, "GET", "/openapi.json", "", nil))
	var list []operation
	for path, methods := range document.Paths {
		for method, text := range methods {
			if !slices.Contains([]string{"get", "post", "put", "patch", "delete"}, method) {
				continue
			}
			var description struct {
				Security    []map[string][]string
				RequestBody struct {
					Content map[string]json.RawMessage
				}
			}
			if err := json.Unmarshal(text, &description); err != nil {
				t.Fatalf("%s %s: %v", method, path, err)
			}
			if len(description.Security) == 0 || path == "/revoke" { // RFC 7009 §2.2: what counts for nothing is revoked
				continue
			}
			op := operation{method: strings.ToUpper(method), path: path}
			for content := range description.RequestBody.Content {
				op.content = content
			}
			op.restricted = path == "/admin" || strings.HasPrefix(path, "/admin/") || path == "/revocations"
			list = append(list, op)
		}
	}
	if len(list) < 30 {
		t.Fatalf("the document has %d routes that ask for credentials, want at least 30", len(list))
	}
	return list
}

// trespass asks every route that is locked, all at once, with credentials that give no right to it, and wants none to be
// answered with success. It returns how many requests that were, and the slowest answer.
func (o outsiders) trespass(t *testing.T, c *client) (requests int, slowest time.Duration) {
	t.Helper()
	forged := o.plain.Access[:len(o.plain.Access)-8] + strings.Repeat("A", 8)
	var attempts []attempt
	for _, op := range c.locked(t) {
		for _, token := range []string{"", "not.a.token", forged, o.revoked.Access, o.plain.Access} {
			switch {
			case token == o.plain.Access && !op.restricted:
			case token == o.revoked.Access && op.path == "/logout": // again is 204
			default:
				attempts = append(attempts, attempt{operation: op, token: token})
			}
		}
	}
	for _, token := range []string{"rubbish", o.revoked.Refresh} {
		refresh := operation{method: "POST", path: "/refresh", content: "application/json"}
		attempts = append(attempts, attempt{operation: refresh, body: `{"refresh_token":"` + token + `"}`})
	}
	together(len(attempts), func(i int) { attempts[i].make(c) })
	for _, a := range attempts {
		if a.err != nil || a.status < 300 {
			t.Errorf("%s %s answers %d to a token that gives no right (error %v)", a.method, a.path, a.status, a.err)
		}
		slowest = max(slowest, a.took)
	}
	return len(attempts), slowest
}

// attempt is a request of an outsider.
type attempt struct {
	operation
	token, body string

	status int
	took   time.Duration
	err    error
}

func (a *attempt) make(c *client) {
	path := strings.NewReplacer("{id}", "01a204e6-d572-7524-9912-09e6369408d1", "{kid}", "a-key", "{n}", "0").Replace(a.path)
	switch {
	case a.body != "" || a.content == "":
	case a.content == "application/json":
		a.body = `{}`
	default:
		a.body = "token=rubbish&grant_type=client_credentials"
	}
	request, err := http.NewRequest(a.method, c.base+path, strings.NewReader(a.body))
	if err != nil {
		a.err = err
		return
	}
	if a.content != "" {
		request.Header.Set("Content-Type", a.content)
	}
	if a.token != "" {
		request.Header.Set("Authorization", "Bearer "+a.token)
	}
	begin := time.Now()
	got, err := c.do(request)
	a.status, a.took, a.err = got.status, time.Since(begin), err
}
