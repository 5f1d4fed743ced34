package httpapi

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/durward-auth/durward/server/internal/account"
)

// oauth answers the failures of an OAuth endpoint as clients expect them (RFC 6749 §5.2), and refuses
// parameters in the URL, which ends up in logs.
func oauth(serve func(*exchange, *http.Request) error) func(*exchange, *http.Request) error {
	return func(x *exchange, r *http.Request) error {
		if r.URL.RawQuery != "" || r.URL.ForceQuery {
			x.failOAuth(invalidRequest("Send the parameters in the body, never in the URL."))
			return nil
		}
		if err := serve(x, r); err != nil {
			x.failOAuth(err)
		}
		return nil
	}
}

// failOAuth is fail with the members of RFC 6749 §5.2.
func (x *exchange) failOAuth(err error) {
	p := problemOf(err)
	x.refuse(p, x.api.headers.json, func() ([]byte, error) {
		return json.Marshal(struct {
			Error       string `json:"error"`
			Description string `json:"error_description"`
		}{oauthCode(p), described(p.detail)})
	})
}

// oauthCode is the error code of RFC 6749 §5.2, RFC 6750 §3.1 or RFC 6749 §4.1.2.1 for a problem.
func oauthCode(p *problem) string {
	switch p.code {
	case codeInvalidRequest, codeInvalidClient, codeUnsupportedGrant, "invalid_scope", "insufficient_scope":
		return p.code
	}
	switch {
	case p.status == http.StatusUnauthorized:
		return "invalid_token"
	case p.status == http.StatusForbidden:
		return "insufficient_scope"
	case p.status == http.StatusTooManyRequests, p.status == http.StatusServiceUnavailable:
		return codeUnavailable
	case p.status >= http.StatusInternalServerError:
		return "server_error"
	default:
		return codeInvalidRequest
	}
}

// described keeps to the characters that an error_description may have: visible ASCII and the space, without " and \.
func described(detail string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '"':
			return '\''
		case r < ' ' || r > '~' || r == '\\':
			return '?'
		}
		return r
	}, detail)
}

// form reads the parameters of a form. One without a value counts as left out, one that is repeated is refused, one
// that the route does not know is passed over (RFC 6749 §3.2).
func (x *exchange) form(r *http.Request) (map[string]string, error) {
	body, err := x.read(r, isForm, notForm)
	if err != nil {
		return nil, err
	}
	malformed := invalidRequest("The body is not a well-formed form.")
	if !utf8.ValidString(body) {
		return nil, malformed
	}
	values, err := url.ParseQuery(body)
	if err != nil {
		return nil, malformed
	}
	form := make(map[string]string, len(values))
	for name, list := range values {
		if len(list) > 1 {
			return nil, invalidRequest("The parameter " + quoted(name) + " may stand there once only.")
		}
		if !utf8.ValidString(list[0]) {
			return nil, malformed
		}
		if list[0] != "" {
			form[name] = list[0]
		}
	}
	return form, nil
}

func isForm(values []string) bool { return isMediaType(values, "application/x-www-form-urlencoded") }

func notForm() *problem {
	return invalidRequest("Send the parameters as Content-Type: application/x-www-form-urlencoded.")
}

// clientCredentials finds a client's id and secret (RFC 6749 §2.3.1) in the Authorization header or in the form; in
// neither, found is false.
func clientCredentials(r *http.Request, form map[string]string) (given account.ClientCredentials, found bool, err error) {
	headers := r.Header["Authorization"]
	if len(headers) > 1 {
		return account.ClientCredentials{}, false, invalidRequest("Send one Authorization header.")
	}
	given = account.ClientCredentials{ID: form["client_id"], Secret: form["client_secret"]}
	if len(headers) == 0 || !hasScheme(headers[0], "Basic") {
		if given.Secret != "" && given.ID == "" {
			return account.ClientCredentials{}, false, invalidRequest("The parameter client_id is missing.")
		}
		if given.Secret != "" && len(headers) > 0 {
			return account.ClientCredentials{}, false, invalidRequest(oneMethod)
		}
		return given, given.Secret != "", nil
	}
	if given.Secret != "" {
		return account.ClientCredentials{}, false, invalidRequest(oneMethod)
	}
	basic, ok := parseBasic(headers[0])
	if !ok {
		return account.ClientCredentials{}, false, account.ErrInvalidClient
	}
	if given.ID != "" && given.ID != basic.ID {
		return account.ClientCredentials{}, false, invalidRequest("The parameter client_id names another client than the Authorization header.")
	}
	return basic, true, nil
}

const oneMethod = "Authenticate in one way only: by the Authorization header or by client_id and client_secret in the body."

// hasScheme says whether an Authorization header is of a scheme (RFC 9110 §11.1).
func hasScheme(header, scheme string) bool {
	name, _, _ := strings.Cut(header, " ")
	return strings.EqualFold(name, scheme)
}

// parseBasic reads id and secret, which are encoded as in a form before they are as in RFC 7617.
func parseBasic(header string) (account.ClientCredentials, bool) {
	_, token, _ := strings.Cut(header, " ")
	decoded, err := base64.StdEncoding.Strict().DecodeString(strings.TrimLeft(token, " "))
	if err != nil {
		return account.ClientCredentials{}, false
	}
	id, secret, ok := strings.Cut(string(decoded), ":")
	if !ok {
		return account.ClientCredentials{}, false
	}
	id, idErr := url.QueryUnescape(id)
	secret, secretErr := url.QueryUnescape(secret)
	if idErr != nil || secretErr != nil || id == "" || secret == "" || !utf8.ValidString(id) {
		return account.ClientCredentials{}, false
	}
	return account.ClientCredentials{ID: id, Secret: secret}, true
}
