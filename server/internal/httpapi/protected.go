package httpapi

import (
	"net/http"
	"strings"

	"github.com/durward-auth/durward"
)

func (a *api) protected(x *exchange, _ *http.Request) error {
	b := append(x.buffer[:0], `{"message":"This is a protected route","user":`...)
	b = appendString(b, x.claims.Username)
	x.buffer = append(b, "}\n"...)
	return x.static(http.StatusOK, x.buffer)
}

var adminBody = []byte("{\"message\":\"Welcome to the admin panel\"}\n")

func (a *api) admin(x *exchange, _ *http.Request) error { return x.static(http.StatusOK, adminBody) }

// verify answers reverse proxies that ask whether to let a request through: one of the roles and all
// of the scopes in the query must be in the token. A query that it does not understand lets nobody in.
func (a *api) verify(x *exchange, r *http.Request) error {
	q, err := readQuery(r, "role*", "scope*")
	if err != nil {
		return err
	}
	if refusal := demand(x.claims, q["role"], q["scope"]); refusal != nil {
		x.turnAway(refusal)
		return nil
	}
	header := x.Header()
	header["X-Auth-Subject"] = []string{headerSafe(x.claims.Subject)}
	header["X-Auth-User"] = []string{headerSafe(x.claims.Username)}
	header["X-Auth-Roles"] = []string{joined(x.claims.Roles, ",")}
	header["X-Auth-Scope"] = []string{joined(x.claims.Scopes, " ")}
	header["X-Auth-Session"] = []string{headerSafe(x.claims.SessionID)}
	return x.noContent()
}

func demand(c durward.Claims, roles, scopes []string) *durward.Refusal {
	held := len(roles) == 0
	for _, role := range roles {
		held = held || c.HasRole(role)
	}
	if !held {
		return forbidden("insufficient_role", "The token has none of the roles that are needed.", "", c)
	}
	for _, scope := range scopes {
		if !c.HasScope(scope) {
			return forbidden("insufficient_scope", "The token lacks a scope that is needed.", `Bearer error="insufficient_scope"`, c)
		}
	}
	return nil
}

func joined(names []string, separator string) string {
	if len(names) == 1 {
		return headerSafe(names[0])
	}
	safe := make([]string, len(names))
	for i, name := range names {
		safe[i] = headerSafe(name)
	}
	return strings.Join(safe, separator)
}

// headerSafe percent-encodes (RFC 3986 §2.1) what cannot stand in a header or separates its parts: every byte but
// the visible ones of ASCII, the comma and the percent sign itself.
func headerSafe(text string) string {
	plain := true
	for i := range len(text) {
		plain = plain && isPlain(text[i])
	}
	if plain {
		return text
	}
	const hex = "0123456789ABCDEF"
	safe := make([]byte, 0, 3*len(text))
	for i := range len(text) {
		if c := text[i]; isPlain(c) {
			safe = append(safe, c)
		} else {
			safe = append(safe, '%', hex[c>>4], hex[c&15])
		}
	}
	return string(safe)
}

func isPlain(c byte) bool { return c > ' ' && c < 0x7f && c != '%' && c != ',' }
