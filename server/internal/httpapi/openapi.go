package httpapi

import (
	_ "embed"
	"net/http"
)

//go:embed openapi.json
var openAPIBody []byte

// openAPI serves the OpenAPI 3.1 description of the contract.
func (a *api) openAPI() endpoint {
	d := newDocument(openAPIBody)
	control := []string{"public, max-age=300"}
	return func(x *exchange, r *http.Request) error { return x.document(r, d, a.headers.json, control) }
}
