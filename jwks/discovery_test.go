package jwks_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/jwks"
)

// site answers by whole addresses; everything else is 404.
type site struct {
	pages map[string]string
	seen  []string
}

func (s *site) RoundTrip(q *http.Request) (*http.Response, error) {
	s.seen = append(s.seen, q.URL.String())
	if page, ok := s.pages[q.URL.String()]; ok {
		return answer(q, 200, nil, page), nil
	}
	return answer(q, 404, nil, ""), nil
}

func metadata(issuer, keys string) string {
	return `{"issuer":"` + issuer + `","jwks_uri":"` + keys + `","response_types_supported":["code"],"mtls_endpoint_aliases":{"x":[1,null]}}`
}

func TestTheMetadataIsFound(t *testing.T) {
	const tenant = "https://id.test/tenant/1"
	for name, c := range map[string]struct {
		issuer string
		at     string
		tried  []string // before
	}{
		"RFC 8414":                     {"https://id.test", "https://id.test/.well-known/oauth-authorization-server", nil},
		"RFC 8414, with a path":        {tenant, "https://id.test/.well-known/oauth-authorization-server/tenant/1", nil},
		"RFC 8414, with a slash":       {"https://id.test/", "https://id.test/.well-known/oauth-authorization-server", nil},
		"RFC 8414, with an escape":     {"https://id.test/a%2Fb", "https://id.test/.well-known/oauth-authorization-server/a%2Fb", nil},
		"OpenID Connect":               {"https://id.test:8443", "https://id.test:8443/.well-known/openid-configuration", []string{"https://id.test:8443/.well-known/oauth-authorization-server"}},
		"OpenID Connect, with a path":  {tenant, tenant + "/.well-known/openid-configuration", []string{"https://id.test/.well-known/oauth-authorization-server/tenant/1"}},
		"OpenID Connect, with a slash": {tenant + "/", tenant + "/.well-known/openid-configuration", []string{"https://id.test/.well-known/oauth-authorization-server/tenant/1"}},
		"OpenID Connect, on loopback":  {"http://127.0.0.1:1", "http://127.0.0.1:1/.well-known/openid-configuration", []string{"http://127.0.0.1:1/.well-known/oauth-authorization-server"}},
	} {
		t.Run(name, func(t *testing.T) {
			const keys = "https://keys.example/certs?v=1"
			web := &site{pages: map[string]string{c.at: metadata(c.issuer, keys), keys: keySet(t, newKey(t, "a"))}}
			s := newSource(t, jwks.Config{Issuer: c.issuer, Client: &http.Client{Transport: web}})
			found(t, s, "a")
			want := strings.Join(append(c.tried, c.at, keys), " ")
			if got := strings.Join(web.seen, " "); got != want {
				t.Errorf("asked %s, want %s", got, want)
			}
		})
	}
}

func TestBadMetadata(t *testing.T) {
	for name, page := range map[string]string{
		"another issuer":                      metadata("https://evil.test", keysURL),
		"an issuer with a slash":              metadata(issuerURL+"/", keysURL),
		"an issuer in capitals":               metadata("https://ID.test", keysURL),
		"an issuer with a port":               metadata(issuerURL+":443", keysURL),
		"no issuer":                           `{"jwks_uri":"` + keysURL + `"}`,
		"an issuer that is no text":           `{"issuer":["` + issuerURL + `"],"jwks_uri":"` + keysURL + `"}`,
		"an issuer by another name":           `{"Issuer":"` + issuerURL + `","jwks_uri":"` + keysURL + `"}`,
		"the issuer twice":                    `{"issuer":"https://evil.test","issuer":"` + issuerURL + `","jwks_uri":"` + keysURL + `"}`,
		"no keys":                             `{"issuer":"` + issuerURL + `"}`,
		"keys over plain HTTP":                metadata(issuerURL, "http://id.test/keys"),
		"keys on loopback, of one who is not": metadata(issuerURL, "http://127.0.0.1/keys"),
		"keys in a file":                      metadata(issuerURL, "file:///keys"),
		"keys with a user":                    metadata(issuerURL, "https://id.test@evil.test/keys"),
		"keys with a fragment":                metadata(issuerURL, keysURL+"#x"),
		"keys at a path":                      metadata(issuerURL, "/keys"),
		"HTML":                                "<html>",
		"nothing":                             "",
		"too much":                            metadata(issuerURL, keysURL) + strings.Repeat(" ", 512<<10),
	} {
		t.Run(name, func(t *testing.T) {
			set := keySet(t, newKey(t, "a"))
			web := &site{pages: map[string]string{
				issuerURL + "/.well-known/oauth-authorization-server": page, issuerURL + "/.well-known/openid-configuration": page,
				keysURL: set, "http://127.0.0.1/keys": set, "http://id.test/keys": set,
			}}
			s := newSource(t, jwks.Config{Issuer: issuerURL, Client: &http.Client{Transport: web}})
			missing(t, s, "a", durward.ErrUnavailable)
			if len(web.seen) != 2 {
				t.Errorf("asked %q, want the two places of the metadata only", web.seen)
			}
		})
	}
}

func TestTheSecondMetadataCountsWhenTheFirstIsBad(t *testing.T) {
	web := &site{pages: map[string]string{
		issuerURL + "/.well-known/oauth-authorization-server": "<html>",
		issuerURL + "/.well-known/openid-configuration":       metadata(issuerURL, keysURL),
		keysURL: keySet(t, newKey(t, "a")),
	}}
	found(t, newSource(t, jwks.Config{Issuer: issuerURL, Client: &http.Client{Transport: web}}), "a")
}

func TestMetadataIsReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const at, moved = issuerURL + "/.well-known/oauth-authorization-server", "https://keys.test/2"
		web := &site{pages: map[string]string{at: metadata(issuerURL, keysURL), keysURL: keySet(t, newKey(t, "a"))}}
		s := newSource(t, jwks.Config{Issuer: issuerURL, Client: &http.Client{Transport: web}})
		count := func(url string) (n int) {
			for _, seen := range web.seen {
				if seen == url {
					n++
				}
			}
			return n
		}
		refresh := func(ok bool) {
			t.Helper()
			if err := s.Refresh(t.Context()); (err == nil) != ok {
				t.Errorf("got %v, want success: %v", err, ok)
			}
		}
		refresh(true)
		refresh(true)
		if n := count(at); n != 1 {
			t.Errorf("read the metadata %d times for two fetches, want once", n)
		}
		time.Sleep(time.Hour)
		web.pages[at], web.pages[moved] = metadata(issuerURL, moved), keySet(t, newKey(t, "b"))
		refresh(true)
		found(t, s, "b")
		// The keys go from where they were: the metadata is read by the next fetch.
		delete(web.pages, moved)
		web.pages[at] = metadata(issuerURL, keysURL)
		refresh(false)
		refresh(true)
		found(t, s, "a")
	})
}

// The tag of a set counts only where the set came from.
func TestAnEntityTagIsNotTakenElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const at, moved = issuerURL + "/.well-known/oauth-authorization-server", "https://keys.test/2"
		location, set := keysURL, keySet(t, newKey(t, "a"))
		s := newSource(t, jwks.Config{Issuer: issuerURL, Client: &http.Client{Transport: transport(func(q *http.Request) (*http.Response, error) {
			switch {
			case q.URL.String() == at:
				return answer(q, 200, nil, metadata(issuerURL, location)), nil
			case q.Header.Get("If-None-Match") != "":
				t.Errorf("%s was asked with the tag of another place", q.URL)
			}
			return answer(q, 200, http.Header{"Etag": {`"1"`}}, set), nil
		})}})
		found(t, s, "a")
		time.Sleep(time.Hour)
		location, set = moved, keySet(t, newKey(t, "b"))
		missing(t, s, "a", durward.ErrTokenKey)
		found(t, s, "b")
	})
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(q *http.Request) (*http.Response, error) { return f(q) }
