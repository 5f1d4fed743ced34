package jwks_test

import (
	"net/http"
	"testing"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/jwks"
)

// Whatever an issuer answers: a source has either keys or an error, and a bad answer never takes the good keys away.
func FuzzAnswers(f *testing.F) {
	good := keySet(f, newKey(f, "a"))
	f.Add(metadata(issuerURL, keysURL), good, "max-age=600", "30", `"1"`)
	f.Add(metadata(issuerURL, keysURL), `{"keys":[]}`, "no-store, max-age=\"5\"", "", `W/"x"`)
	f.Add(metadata(issuerURL+"/", "http://127.0.0.1"), good, "max-age=99999999999999999999", "-1", `"`)
	f.Add(`{"issuer":"`+issuerURL+`","jwks_uri":"//\u0000"}`, "[", ",,=,", "99999999999999999999", "\x00")
	f.Add("", "", "", "", "")
	f.Fuzz(func(t *testing.T, page, set, control, age, tag string) {
		bad := false
		s := newSource(t, jwks.Config{Issuer: issuerURL, Client: &http.Client{Transport: transport(func(q *http.Request) (*http.Response, error) {
			text, header := set, http.Header{"Cache-Control": {control}, "Age": {age}, "Etag": {tag}}
			switch known := q.URL.Path == "/.well-known/oauth-authorization-server"; {
			case known && bad:
				text = page
			case known:
				text = metadata(issuerURL, keysURL)
			case !bad:
				text = good
			}
			return answer(q, 200, header, text), nil
		})}})
		if err := s.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		first := found(t, s, "a")
		bad = true
		err := s.Refresh(t.Context())
		_, parsed := durward.ParseKeySet([]byte(set))
		if (err == nil) != (parsed == nil) {
			t.Fatalf("got %v for a set about which ParseKeySet says %v", err, parsed)
		}
		if err != nil && found(t, s, "a") != first {
			t.Fatal("got another key after a bad answer")
		}
		s = newSource(t, jwks.Config{Issuer: issuerURL, Client: &http.Client{Transport: transport(func(q *http.Request) (*http.Response, error) {
			if q.URL.String() == keysURL {
				return answer(q, 200, nil, good), nil
			}
			return answer(q, 200, nil, page), nil
		})}})
		if key, err := s.Lookup(t.Context(), durward.ES256, "a"); (err == nil) == (key == nil) {
			t.Fatalf("got %v, %v, want either a key or an error", key, err)
		}
	})
}
