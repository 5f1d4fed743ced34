package jwks_test

import (
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/jwks"
)

func TestConfigurationsAreCheckedAsAWhole(t *testing.T) {
	for name, c := range map[string]struct {
		config jwks.Config
		want   []string // in the error; none for a good configuration
	}{
		"an issuer":                        {jwks.Config{Issuer: issuerURL}, nil},
		"an issuer with a path":            {jwks.Config{Issuer: "https://id.test:8443/tenant/1/"}, nil},
		"a URL":                            {jwks.Config{URL: keysURL + "?v=2"}, nil},
		"plain HTTP on 127.0.0.1":          {jwks.Config{URL: "http://127.0.0.1:8080/keys"}, nil},
		"plain HTTP on ::1":                {jwks.Config{Issuer: "http://[::1]:8080"}, nil},
		"plain HTTP on localhost":          {jwks.Config{Issuer: "http://localhost"}, nil},
		"neither":                          {jwks.Config{}, []string{"Issuer and URL"}},
		"both":                             {jwks.Config{Issuer: issuerURL, URL: keysURL}, []string{"Issuer and URL"}},
		"plain HTTP":                       {jwks.Config{Issuer: "http://id.test"}, []string{"Issuer", "https"}},
		"plain HTTP to 0.0.0.0":            {jwks.Config{URL: "http://0.0.0.0/keys"}, []string{"URL", "https"}},
		"plain HTTP to a private address":  {jwks.Config{URL: "http://10.0.0.1/keys"}, []string{"URL", "https"}},
		"plain HTTP to a name like an IP":  {jwks.Config{URL: "http://127.0.0.1.evil.test/keys"}, []string{"URL", "https"}},
		"plain HTTP to a name like local":  {jwks.Config{URL: "http://localhost.evil.test/keys"}, []string{"URL", "https"}},
		"plain HTTP to an IP in hex":       {jwks.Config{URL: "http://0x7f.1/keys"}, []string{"URL", "https"}},
		"a file":                           {jwks.Config{URL: "file:///etc/jwks.json"}, []string{"URL", "host"}},
		"a file on a host":                 {jwks.Config{URL: "file://localhost/etc/jwks.json"}, []string{"URL", "https"}},
		"no scheme":                        {jwks.Config{Issuer: "id.test"}, []string{"Issuer", "host"}},
		"no host":                          {jwks.Config{Issuer: "https:id.test"}, []string{"Issuer", "host"}},
		"only a port":                      {jwks.Config{Issuer: "https://:443"}, []string{"Issuer", "host"}},
		"user information":                 {jwks.Config{Issuer: "https://id.test@evil.test"}, []string{"Issuer", "user"}},
		"a fragment":                       {jwks.Config{URL: keysURL + "#"}, []string{"URL", "fragment"}},
		"an issuer with a query":           {jwks.Config{Issuer: issuerURL + "?"}, []string{"Issuer", "query"}},
		"no URL at all":                    {jwks.Config{Issuer: "https://id.test\n"}, []string{"Issuer", "URL"}},
		"the bounds of everything":         {jwks.Config{URL: keysURL, RefreshEvery: time.Minute, CoolDown: time.Second, Timeout: time.Minute, MaxBytes: 1 << 20}, nil},
		"a refresh too often":              {jwks.Config{URL: keysURL, RefreshEvery: time.Minute - 1}, []string{"RefreshEvery"}},
		"a refresh too seldom":             {jwks.Config{URL: keysURL, RefreshEvery: time.Hour + 1}, []string{"RefreshEvery"}},
		"a negative refresh":               {jwks.Config{URL: keysURL, RefreshEvery: -1}, []string{"RefreshEvery"}},
		"no cool-down to speak of":         {jwks.Config{URL: keysURL, CoolDown: time.Second - 1}, []string{"CoolDown"}},
		"a timeout too long":               {jwks.Config{URL: keysURL, Timeout: time.Minute + 1}, []string{"Timeout"}},
		"a negative timeout":               {jwks.Config{URL: keysURL, Timeout: -1}, []string{"Timeout"}},
		"too many bytes":                   {jwks.Config{URL: keysURL, MaxBytes: 1<<20 + 1}, []string{"MaxBytes"}},
		"less than no bytes":               {jwks.Config{URL: keysURL, MaxBytes: -1}, []string{"MaxBytes"}},
		"an algorithm for keys without":    {jwks.Config{URL: keysURL, Algorithm: durward.PS512}, nil},
		"an algorithm of secrets":          {jwks.Config{URL: keysURL, Algorithm: durward.HS256}, []string{"Algorithm", "HS256"}},
		"an algorithm in small letters":    {jwks.Config{URL: keysURL, Algorithm: "rs256"}, []string{"Algorithm", "rs256"}},
		"no algorithm at all":              {jwks.Config{URL: keysURL, Algorithm: "none"}, []string{"Algorithm", "none"}},
		"everything wrong is told at once": {jwks.Config{RefreshEvery: 1, CoolDown: 1, Timeout: -1, MaxBytes: -1, Algorithm: "x"}, []string{"Issuer", "RefreshEvery", "CoolDown", "Timeout", "MaxBytes", "Algorithm"}},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := jwks.NewSource(c.config)
			if (err == nil) != (len(c.want) == 0) || (s == nil) != (err != nil) {
				t.Fatalf("got %v, %v, want problems with %q", s, err, c.want)
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %q, want it to name %q", err, want)
				}
			}
		})
	}
}

func TestNewIsForAnIssuer(t *testing.T) {
	if s, err := jwks.New(issuerURL); err != nil || s == nil {
		t.Errorf("got %v, %v, want a source", s, err)
	}
	if s, err := jwks.New("http://id.test"); err == nil || s != nil {
		t.Errorf("got %v, %v, want an error", s, err)
	}
}

// A client lends its transport and its timeout; cookies and redirects are the source's own affair.
func TestWhatAClientLends(t *testing.T) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	issuer := newRemote(newKey(t, "a"))
	issuer.header = http.Header{"Set-Cookie": {"session=1; Path=/"}}
	client := &http.Client{Transport: issuer, Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error {
		t.Error("the client's policy for redirects was asked")
		return nil
	}}
	s := issuer.source(t, func(c *jwks.Config) { c.Client = client })
	for range 2 {
		if err := s.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := issuer.to("/keys")[1].Header.Get("Cookie"); got != "" {
		t.Errorf("got the cookie %q in a fetch, want none", got)
	}
	issuer.fail(func(q *http.Request) (*http.Response, error) {
		return answer(q, 302, http.Header{"Location": {"https://evil.test/keys"}}, ""), nil
	})
	if err := s.Refresh(t.Context()); err == nil {
		t.Error("got no error for a redirect to another origin")
	}
}
