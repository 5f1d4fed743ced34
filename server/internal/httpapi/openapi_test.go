package httpapi_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/durward-auth/durward/server/internal/httpapi"
)

// operations returns the statuses of each route of the document, by the pattern of the route.
func operations(t testing.TB) map[string][]string {
	t.Helper()
	var document struct {
		Paths map[string]map[string]struct {
			Responses map[string]json.RawMessage
		}
	}
	must(t, json.Unmarshal(httpapi.OpenAPI(), &document))
	routes := map[string][]string{}
	for path, methods := range document.Paths {
		if path == "/" {
			path = "/{$}"
		}
		for method, operation := range methods {
			routes[strings.ToUpper(method)+" "+path] = slices.Sorted(maps.Keys(operation.Responses))
		}
	}
	return routes
}

func TestEveryRouteIsDocumentedAndEveryDocumentedRouteIsThere(t *testing.T) {
	routes, documented := httpapi.Access(open(t).handler), operations(t)
	for route := range routes {
		if documented[route] == nil {
			t.Errorf("%s is not in openapi.json", route)
		}
	}
	for route := range documented {
		if routes[route] == "" {
			t.Errorf("openapi.json has %s, the server has not", route)
		}
	}
}

func TestEveryReferenceInTheDocumentLeadsSomewhere(t *testing.T) {
	var document map[string]any
	must(t, json.Unmarshal(httpapi.OpenAPI(), &document))
	found := 0
	var walk func(any)
	walk = func(value any) {
		switch v := value.(type) {
		case map[string]any:
			if target, ok := v["$ref"].(string); ok {
				found++
				var at any = document
				for part := range strings.SplitSeq(strings.TrimPrefix(target, "#/"), "/") {
					inner, _ := at.(map[string]any)
					at = inner[part]
				}
				if at == nil {
					t.Errorf("%s leads nowhere", target)
				}
			}
			for _, inner := range v {
				walk(inner)
			}
		case []any:
			for _, inner := range v {
				walk(inner)
			}
		}
	}
	walk(document)
	if found == 0 {
		t.Error("got no reference at all")
	}
}

func TestTheSecurityInTheDocumentIsThatOfTheRoutes(t *testing.T) {
	var document struct {
		Paths map[string]map[string]struct{ Security []map[string][]string }
	}
	must(t, json.Unmarshal(httpapi.OpenAPI(), &document))
	for route, access := range httpapi.Access(open(t).handler) {
		method, path, _ := strings.Cut(route, " ")
		secured := document.Paths[strings.TrimSuffix(path, "{$}")][strings.ToLower(method)].Security != nil
		if secured != (access != "all") {
			t.Errorf("%s: got security %v in the document, its access is %s", route, secured, access)
		}
	}
}

func TestTheDocumentIsServed(t *testing.T) {
	d := open(t)
	a := d.want(d.do("GET", "/openapi.json", ""), 200, "")
	var got, want any
	a.decode(t, &got)
	must(t, json.Unmarshal(httpapi.OpenAPI(), &want))
	if g, w := compact(got), compact(want); g != w {
		t.Errorf("got another document than openapi.json: %.80s", g)
	}
	d.want(d.do("GET", "/openapi.json", "", with("If-None-Match", a.Header.Get("ETag"))), 304, "")
}

func compact(value any) string {
	text, _ := json.Marshal(value)
	return string(text)
}
