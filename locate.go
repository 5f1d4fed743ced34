package durward

import (
	"errors"
	"mime"
	"net/http"
	"strings"
)

// A Location is a place in a request where a token may be.
type Location struct {
	// find returns the credential in this place, or "" for none. errCredentials stands for several, and for a
	// place that is malformed.
	find   func(*http.Request) (string, error)
	cookie bool
}

var errCredentials = errors.New("the credentials are malformed")

// maxFormBytes bounds the body that FormField reads.
const maxFormBytes = 64 << 10

// BearerHeader is "Authorization: Bearer TOKEN" (RFC 6750 §2.1). Other schemes are none of its business.
func BearerHeader() Location { return HeaderScheme("Authorization", "Bearer") }

// HeaderScheme is "NAME: SCHEME TOKEN". The scheme is compared without case and followed by exactly one space
// (RFC 9110 §11.4).
func HeaderScheme(name, scheme string) Location {
	name = http.CanonicalHeaderKey(name)
	return Location{find: func(r *http.Request) (string, error) {
		values := r.Header[name]
		if len(values) > 1 {
			return "", errCredentials
		}
		if len(values) == 0 || len(values[0]) < len(scheme) || !strings.EqualFold(values[0][:len(scheme)], scheme) {
			return "", nil
		}
		rest := values[0][len(scheme):]
		switch {
		case rest == "" || rest[0] == '\t':
			return "", errCredentials
		case rest[0] != ' ': // a longer scheme
			return "", nil
		case !isToken68(rest[1:]):
			return "", errCredentials
		}
		return rest[1:], nil
	}}
}

// Header is "NAME: TOKEN", without a scheme, such as x-access-token.
func Header(name string) Location {
	name = http.CanonicalHeaderKey(name)
	return Location{find: func(r *http.Request) (string, error) {
		return only(r.Header[name])
	}}
}

// Cookie is a cookie of this name. Because browsers send cookies by themselves, a guard refuses requests
// that change something and come from another site (see [http.CrossOriginProtection]).
func Cookie(name string) Location {
	return Location{cookie: true, find: func(r *http.Request) (string, error) {
		var found []string
		for _, cookie := range r.CookiesNamed(name) {
			found = append(found, cookie.Value)
		}
		return only(found)
	}}
}

// Query is a parameter of the URL (RFC 6750 §2.3). URLs end up in logs and histories:
// use it only where nothing else is possible.
func Query(name string) Location {
	return Location{find: func(r *http.Request) (string, error) {
		if r.URL.RawQuery == "" {
			return "", nil
		}
		return only(r.URL.Query()[name])
	}}
}

// FormField is a field of an application/x-www-form-urlencoded body of at most 64 KiB (RFC 6750 §2.2). It
// reads the body; handlers find the form in r.PostForm.
func FormField(name string) Location {
	return Location{find: func(r *http.Request) (string, error) {
		if r.Method == http.MethodGet || r.Method == http.MethodHead {
			return "", nil
		}
		kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
		if err != nil || kind != "application/x-www-form-urlencoded" {
			return "", nil
		}
		if r.Body != nil { // a server sets it always, a test may not
			r.Body = http.MaxBytesReader(nil, r.Body, maxFormBytes)
		}
		if err := r.ParseForm(); err != nil {
			return "", errCredentials
		}
		return only(r.PostForm[name])
	}}
}

// only returns the one value that is not empty, "" where there is none, and errCredentials for several.
func only(values []string) (string, error) {
	found := ""
	for _, value := range values {
		if value != "" && found != "" {
			return "", errCredentials
		}
		if value != "" {
			found = value
		}
	}
	return found, nil
}

// locate returns the one token of a request and whether it came in a cookie. No token is
// ErrTokenMissing; several, or a malformed header, are errCredentials.
func locate(r *http.Request, places []Location) (token string, cookie bool, err error) {
	for _, place := range places {
		found, err := place.find(r)
		if err != nil {
			return "", false, err
		}
		if found == "" {
			continue
		}
		if token != "" {
			return "", false, errCredentials
		}
		token, cookie = found, place.cookie
	}
	if token == "" {
		return "", false, ErrTokenMissing
	}
	return token, cookie, nil
}

// isToken68 says whether text is one b64token (RFC 6750 §2.1): no space, no comma, nothing after it.
func isToken68(text string) bool {
	if text == "" {
		return false
	}
	for i := range len(text) {
		if !token68[text[i]] {
			return false
		}
	}
	return true
}

// token68 holds the bytes of a b64token.
var token68 = func() (table [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=") {
		table[c] = true
	}
	return table
}()
