package durward

import (
	"errors"
	"mime"
	"net/http"
	"strings"
)

// A Location is a place in a request where a token may be.
type Location struct {
	// find returns every credential in this place; an error means that the place is malformed.
	find   func(*http.Request) ([]string, error)
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
	return Location{find: func(r *http.Request) ([]string, error) {
		var found []string
		for i, value := range r.Header[name] {
			if i > 0 {
				return nil, errCredentials
			}
			if len(value) < len(scheme) || !strings.EqualFold(value[:len(scheme)], scheme) {
				continue
			}
			rest := value[len(scheme):]
			if rest == "" || rest[0] == '\t' {
				return nil, errCredentials
			}
			if rest[0] != ' ' {
				continue
			}
			if !isToken68(rest[1:]) {
				return nil, errCredentials
			}
			found = append(found, rest[1:])
		}
		return found, nil
	}}
}

// Header is "NAME: TOKEN", without a scheme, such as x-access-token.
func Header(name string) Location {
	name = http.CanonicalHeaderKey(name)
	return Location{find: func(r *http.Request) ([]string, error) {
		return r.Header[name], nil
	}}
}

// Cookie is a cookie of this name. Because browsers send cookies by themselves, a guard refuses requests
// that change something and come from another site (see [http.CrossOriginProtection]).
func Cookie(name string) Location {
	return Location{cookie: true, find: func(r *http.Request) ([]string, error) {
		var found []string
		for _, cookie := range r.CookiesNamed(name) {
			found = append(found, cookie.Value)
		}
		return found, nil
	}}
}

// Query is a parameter of the URL (RFC 6750 §2.3). URLs end up in logs and histories:
// use it only where nothing else is possible.
func Query(name string) Location {
	return Location{find: func(r *http.Request) ([]string, error) {
		if r.URL.RawQuery == "" {
			return nil, nil
		}
		return r.URL.Query()[name], nil
	}}
}

// FormField is a field of an application/x-www-form-urlencoded body of at most 64 KiB (RFC 6750 §2.2). It
// reads the body; handlers find the form in r.PostForm.
func FormField(name string) Location {
	return Location{find: func(r *http.Request) ([]string, error) {
		if r.Method == http.MethodGet || r.Method == http.MethodHead {
			return nil, nil
		}
		kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
		if err != nil || kind != "application/x-www-form-urlencoded" {
			return nil, nil
		}
		if r.Body != nil { // a server sets it always, a test may not
			r.Body = http.MaxBytesReader(nil, r.Body, maxFormBytes)
		}
		if err := r.ParseForm(); err != nil {
			return nil, errCredentials
		}
		return r.PostForm[name], nil
	}}
}

// locate returns the one token of a request and whether it came in a cookie. No token is
// ErrTokenMissing; several, or a malformed header, are errCredentials.
func locate(r *http.Request, places []Location) (token string, cookie bool, err error) {
	for _, place := range places {
		found, err := place.find(r)
		if err != nil {
			return "", false, err
		}
		for _, candidate := range found {
			if candidate == "" {
				continue
			}
			if token != "" {
				return "", false, errCredentials
			}
			token, cookie = candidate, place.cookie
		}
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
		c := text[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '-', c == '.', c == '_', c == '~', c == '+', c == '/', c == '=':
		default:
			return false
		}
	}
	return true
}
