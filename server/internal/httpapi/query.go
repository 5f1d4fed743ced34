package httpapi

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// readQuery reads the parameters that a route knows; a name that ends in * may be repeated. Unknown,
// repeated and empty ones are refused: a misspelt demand must not let anybody in.
func readQuery(r *http.Request, known ...string) (url.Values, error) {
	if r.URL.RawQuery == "" {
		return nil, nil
	}
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, invalidRequest("The query of the URL is malformed.")
	}
	for name, values := range q {
		switch {
		case slices.Contains(known, name+"*"):
		case !slices.Contains(known, name):
			return nil, invalidRequest("The query parameter " + quoted(name) + " is not known here. Known are: " + strings.ReplaceAll(strings.Join(known, ", "), "*", "") + ".")
		case len(values) > 1:
			return nil, invalidRequest("The query parameter " + quoted(name) + " may stand there once only.")
		}
		if slices.Contains(values, "") {
			return nil, invalidRequest("The query parameter " + quoted(name) + " is empty.")
		}
	}
	return q, nil
}
