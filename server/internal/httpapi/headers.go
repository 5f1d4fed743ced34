package httpapi

import (
	"net/http"
	"strings"
)

// headers are values that never change. Every answer shares the slices: net/http only reads them.
type headers struct {
	json, problem, keySet        []string
	noStore, noSniff, noReferrer []string
	policy, transport, anyOrigin []string
	varyPrivate, varyPublic      []string
}

func newHeaders(cors bool) headers {
	h := headers{
		json:        []string{"application/json"},
		problem:     []string{"application/problem+json"},
		keySet:      []string{"application/jwk-set+json"},
		noStore:     []string{"no-store"},
		noSniff:     []string{"nosniff"},
		noReferrer:  []string{"no-referrer"},
		policy:      []string{"default-src 'none'; frame-ancestors 'none'"},
		transport:   []string{"max-age=31536000"},
		anyOrigin:   []string{"*"},
		varyPrivate: []string{"Authorization"},
		varyPublic:  []string{"Origin"},
	}
	if cors {
		h.varyPrivate = []string{"Authorization, Origin"}
	}
	return h
}

// cors lets pages of named origins read answers. There are no cookies, hence no credentials mode.
type cors struct{ origins map[string][]string }

func newCORS(origins []string) cors {
	c := cors{origins: make(map[string][]string, len(origins))}
	for _, origin := range origins {
		c.origins[origin] = []string{origin}
	}
	return c
}

func (c cors) on() bool { return len(c.origins) > 0 }

// cors adds the CORS headers, and answers a preflight request: then it returns true.
func (x *exchange) cors(r *http.Request) bool {
	c := &x.api.cors
	if !c.on() || len(r.Header["Origin"]) != 1 {
		return false
	}
	allowed, ok := c.origins[r.Header["Origin"][0]]
	if !ok {
		return false
	}
	header := x.Header()
	header["Access-Control-Allow-Origin"] = allowed
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		header["Access-Control-Expose-Headers"] = []string{"Retry-After, WWW-Authenticate, X-Request-Id"}
		return false
	}
	x.route = x.api.other
	header["Access-Control-Allow-Methods"] = []string{"GET, HEAD, POST, PUT, PATCH, DELETE"}
	header["Access-Control-Allow-Headers"] = []string{"Authorization, Content-Type"}
	header["Access-Control-Max-Age"] = []string{"600"}
	x.WriteHeader(http.StatusNoContent)
	return true
}

// hasQueryToken finds an access token in the URL (RFC 6750 §2.3), which is not supported: URLs end up in
// logs and histories.
func hasQueryToken(r *http.Request) bool {
	return r.URL.RawQuery != "" && strings.Contains(r.URL.RawQuery, "access_token") && r.URL.Query().Has("access_token")
}
