package httpapi_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/durward-auth/durward/server/internal/httpapi"
)

// policy is who gets through to each route (CASES.md I01). A route that is not here fails the test.
var policy = map[string]string{
	"GET /{$}":                   "all",
	"POST /register":             "all",
	"POST /login":                "all",
	"POST /refresh":              "all",
	"POST /logout":               "own",
	"POST /token":                "client",
	"POST /introspect":           "client",
	"POST /revoke":               "client",
	"GET /healthz":               "all",
	"GET /readyz":                "all",
	"GET /metrics":               "all",
	"GET /openapi.json":          "all",
	"GET /.well-known/jwks.json": "all",
	"GET /.well-known/oauth-authorization-server": "all",

	"POST /logout/all":         "bearer",
	"POST /logout/others":      "bearer",
	"POST /me/reauthenticate":  "bearer",
	"GET /me":                  "bearer",
	"PATCH /me":                "bearer",
	"DELETE /me":               "bearer",
	"PUT /me/password":         "bearer",
	"GET /me/sessions":         "bearer",
	"DELETE /me/sessions/{id}": "bearer",
	"GET /protected":           "bearer",
	"GET /verify":              "token",

	"GET /revocations":    "revocations:read",
	"GET /statuslist/{n}": "all",

	"GET /admin":                     "admin",
	"GET /admin/users":               "admin",
	"POST /admin/users":              "admin",
	"GET /admin/users/{id}":          "admin",
	"DELETE /admin/users/{id}":       "admin",
	"PUT /admin/users/{id}/roles":    "admin",
	"PUT /admin/users/{id}/scopes":   "admin",
	"POST /admin/users/{id}/disable": "admin",
	"POST /admin/users/{id}/enable":  "admin",
	"POST /admin/users/{id}/revoke":  "admin",
	"GET /admin/sessions":            "admin",
	"DELETE /admin/sessions/{id}":    "admin",
	"GET /admin/keys":                "admin",
	"POST /admin/keys/rotate":        "admin",
	"DELETE /admin/keys/{kid}":       "admin",

	"GET /admin/clients":              "admin",
	"POST /admin/clients":             "admin",
	"POST /admin/clients/{id}/secret": "admin",
	"DELETE /admin/clients/{id}":      "admin",
}

func TestEveryRouteHasItsPolicyAndNoOther(t *testing.T) {
	if got := httpapi.Access(open(t).handler); !maps.Equal(got, policy) {
		for _, route := range slices.Sorted(maps.Keys(got)) {
			if got[route] != policy[route] {
				t.Errorf("%s: got access %q, the policy says %q", route, got[route], policy[route])
			}
		}
		for route := range policy {
			if got[route] == "" {
				t.Errorf("%s is in the policy, the server has it not", route)
			}
		}
	}
}

// visitor is somebody who tries every route.
type visitor struct {
	name   string
	status int    // on a bearer route; 0 means let through
	code   string // and its code
	admin  int    // on an admin route
	token  func(d *door) string
}

var visitors = []visitor{
	{"anonymous", 401, "token_missing", 401, func(*door) string { return "" }},
	{"a user", 0, "insufficient_role", 403, func(d *door) string { return d.login("user").Access }},
	{"a user with a role and a scope named almost like the administrator's", 0, "insufficient_role", 403, func(d *door) string { return d.login("almost").Access }},
	{"a disabled user", 401, "token_revoked", 401, func(d *door) string {
		token := d.login("user").Access
		d.want(d.do("POST", "/admin/users/"+d.id("user")+"/disable", "", as(d.login("root").Access)), 200, "")
		return token
	}},
	{"a user whose tokens were revoked", 401, "token_revoked", 401, func(d *door) string {
		token := d.login("user").Access
		d.want(d.do("POST", "/admin/users/"+d.id("user")+"/revoke", "", as(d.login("root").Access)), 204, "")
		return token
	}},
	{"an administrator who was demoted", 401, "token_revoked", 401, func(d *door) string {
		token := d.login("second").Access
		d.want(d.do("PUT", "/admin/users/"+d.id("second")+"/roles", `{"roles":[]}`, as(d.login("root").Access)), 200, "")
		return token
	}},
	{"somebody who logged out", 401, "token_revoked", 401, func(d *door) string {
		token := d.login("user").Access
		d.want(d.do("POST", "/logout", "", as(token)), 204, "")
		return token
	}},
	{"a client", 403, "user_required", 403, func(d *door) string { return d.clientToken("user") }},
	{"an administrator", 0, "", 0, func(d *door) string { return d.login("root").Access }},
}

// id is the id of a user.
func (d *door) id(name string) string {
	d.t.Helper()
	u, err := d.config.Accounts.FindUser(d.t.Context(), name)
	must(d.t, err)
	return u.ID
}

func TestEveryVisitorOnEveryRoute(t *testing.T) {
	for _, v := range visitors {
		t.Run(v.name, func(t *testing.T) {
			for _, route := range slices.Sorted(maps.Keys(policy)) {
				d := open(t)
				d.user("root", "admin")
				d.user("second", "admin")
				d.user("user")
				d.user("almost", "Admin", "admins", "administrator")
				victim := d.user("victim")
				victims := d.login("victim")

				token := v.token(d)
				var options []option
				if token != "" {
					options = append(options, as(token))
				}
				method, path, _ := strings.Cut(route, " ")
				path = strings.TrimSuffix(path, "{$}")
				if strings.Contains(path, "/sessions/") {
					path = strings.ReplaceAll(path, "{id}", victims.SessionID)
				}
				path = strings.ReplaceAll(path, "{id}", victim)
				before := d.store.users[victim]
				a := d.do(method, path, "", options...)
				v.check(t, d, route, a)
				after := d.store.users[victim]
				if a.StatusCode >= 400 && (before.Version != after.Version || before.Disabled() != after.Disabled()) {
					t.Errorf("%s: refused with %d, and yet the user went from %+v to %+v", route, a.StatusCode, before, after)
				}
				if policy[route] != "admin" || v.admin != 0 {
					d.want(d.do("GET", "/me", "", as(victims.Access)), 200, "")
				}
			}
		})
	}
}

func (v visitor) check(t *testing.T, d *door, route string, a answer) {
	t.Helper()
	expected, code := 0, v.code
	switch policy[route] {
	case "token":
		expected = v.status
		if v.name == "a client" {
			expected = 0
		}
	case "bearer":
		expected = v.status
	case "admin":
		expected = v.admin
	case "revocations:read":
		if expected = v.status; expected == 0 || code == "user_required" {
			expected, code = 403, "insufficient_scope"
		}
	}
	if v.name == "a client" && policy[route] == "admin" {
		code = "insufficient_role"
	}
	if expected != 0 {
		d.want(a, expected, code)
		return
	}
	if policy[route] == "client" {
		switch { // nobody gets anything without a form
		case route == "POST /introspect" && v.name == "anonymous":
			d.wantOAuth(a, 401, "invalid_client")
		case route != "POST /token" && v.status == 401 && v.name != "anonymous":
			d.wantOAuth(a, 401, "invalid_token")
		case route == "POST /introspect" && v.admin != 0:
			d.wantOAuth(a, 403, "insufficient_scope")
		default:
			d.wantOAuth(a, 400, "invalid_request")
		}
		return
	}
	if policy[route] == "own" && v.name == "a client" {
		d.want(a, 403, "user_required")
		return
	}
	if policy[route] == "own" && v.name == "anonymous" {
		d.want(a, 401, "token_missing")
		return
	}
	if a.StatusCode == 401 || a.StatusCode == 403 || a.StatusCode >= 500 {
		t.Errorf("%s: got %d %s, want to be let through", route, a.StatusCode, a.body)
	}
}
