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

// MakeCursor and ReadCursor are the cursors of a key.
func MakeCursor(key []byte, after, search string) string { return newCursors(key).make(after, search) }

// ReadCursor returns the place that a cursor stands for.
func ReadCursor(key []byte, cursor, search string) (string, bool) {
	return newCursors(key).read(cursor, search)
}
