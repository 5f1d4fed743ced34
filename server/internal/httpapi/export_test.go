package httpapi

import "net/http"

// Access returns every route of a handler that New made, with who may use it.
func Access(h http.Handler) map[string]string {
	policies := map[string]string{}
	for _, rt := range h.(*api).routes {
		policies[rt.pattern] = string(rt.access)
	}
	return policies
}

// OpenAPI is the embedded document.
func OpenAPI() []byte { return openAPIBody }
