package jwks_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/jwks"
)

const otherURL = "https://other.test"

// two is a guard that trusts two issuers, each with a remote key set.
func two(t *testing.T, first, second *remote) *durward.Guard {
	t.Helper()
	guard, err := durward.New(durward.Config{
		Issuer: issuerURL, Audience: "orders", Keys: first.source(t),
		AlsoTrust: []durward.Trust{{Issuer: otherURL, Audience: "stock", Keys: second.source(t)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return guard
}

func sign(t *testing.T, key *durward.SigningKey, issuer, audience string) string {
	t.Helper()
	signer, err := durward.NewSigner(durward.SignerConfig{Issuer: issuer, Audience: audience, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	token, _, err := signer.Sign(t.Context(), durward.Claims{Subject: "ada"})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// request sends the token to a guarded route and returns the status and the reason of a refusal.
func request(guard *durward.Guard, token string) int {
	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	guard.Require(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})).ServeHTTP(w, r)
	return w.Code
}

func TestB15AKeyChecksOnlyItsIssuersTokens(t *testing.T) {
	a, b := newKey(t, "1"), newKey(t, "1") // the same key id
	onlyA := newKey(t, "only-a")
	first, second := newRemote(a, onlyA), newRemote(b)
	guard := two(t, first, second)
	for name, c := range map[string]struct {
		token string
		want  error
	}{
		"the first issuer's token":                         {sign(t, a, issuerURL, "orders"), nil},
		"the second issuer's token":                        {sign(t, b, otherURL, "stock"), nil},
		"the second issuer, with the first's key":          {sign(t, a, otherURL, "stock"), durward.ErrTokenSignature},
		"the first issuer, with the second's key":          {sign(t, b, issuerURL, "orders"), durward.ErrTokenSignature},
		"the second issuer, with a key id of the first":    {sign(t, onlyA, otherURL, "stock"), durward.ErrTokenKey},
		"the second issuer, for the first's audience":      {sign(t, b, otherURL, "orders"), durward.ErrTokenAudience},
		"B20 a third issuer, with the first's key":         {sign(t, a, "https://third.test", "orders"), durward.ErrTokenIssuer},
		"B20 the first issuer with a slash":                {sign(t, a, issuerURL+"/", "orders"), durward.ErrTokenIssuer},
		"B20 the first issuer in capitals":                 {sign(t, a, "https://ID.test", "orders"), durward.ErrTokenIssuer},
		"B20 the first issuer with its port":               {sign(t, a, issuerURL+":443", "orders"), durward.ErrTokenIssuer},
		"B20 the first issuer with a dot that looks alike": {sign(t, a, "https://id。test", "orders"), durward.ErrTokenIssuer},
	} {
		t.Run(name, func(t *testing.T) {
			for range 3 {
				if _, err := guard.Verifier().Verify(t.Context(), c.token); !errors.Is(err, c.want) {
					t.Errorf("got %v, want %v", err, c.want)
				}
			}
		})
	}
}

func TestB09B20NothingIsFetchedForStrangers(t *testing.T) {
	a := newKey(t, "1")
	first, second := newRemote(a), newRemote(newKey(t, "1"))
	guard := two(t, first, second)
	for _, issuer := range []string{"https://evil.test", issuerURL + "/", "http://127.0.0.1", "file:///keys", "${jndi}", ""} {
		if issuer == "" {
			continue
		}
		if got := request(guard, sign(t, a, issuer, "orders")); got != 401 {
			t.Errorf("%s: got %d, want 401", issuer, got)
		}
	}
	if n := len(first.requests) + len(second.requests); n != 0 {
		t.Errorf("got %d requests for tokens of strangers, want none", n)
	}
	for i := range 100 {
		if got := request(guard, sign(t, newKey(t, fmt.Sprint("made-up-", i)), issuerURL, "orders")); got != 401 {
			t.Errorf("got %d for an unknown key id, want 401", got)
		}
	}
	if n := first.fetches(); n > 2 {
		t.Errorf("got %d fetches for 100 unknown key ids, want at most one after the first", n)
	}
	if n := len(second.requests); n != 0 {
		t.Errorf("got %d requests to the issuer that no token names, want none", n)
	}
}

// The address of the keys is a constant of the configuration: nothing in a token is part of it.
func TestB17B18B19NothingInATokenIsFetched(t *testing.T) {
	var asked atomic.Int64
	listener := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer listener.Close()
	key := newKey(t, "1")
	issuer := newRemote(key)
	guard := two(t, issuer, newRemote(newKey(t, "2")))
	good := strings.Split(sign(t, key, issuerURL, "orders"), ".")
	encode := base64.RawURLEncoding.EncodeToString
	for _, header := range []string{
		`{"alg":"ES256","typ":"at+jwt","kid":"1","jku":"` + listener.URL + `/keys"}`,
		`{"alg":"ES256","typ":"at+jwt","kid":"1","x5u":"` + listener.URL + `/certificate"}`,
		`{"alg":"ES256","typ":"at+jwt","kid":"1","x5c":["MIIB"]}`,
		`{"alg":"ES256","typ":"at+jwt","kid":"` + listener.URL + `/keys"}`,
		`{"alg":"ES256","typ":"at+jwt","kid":"../../../../dev/null"}`,
	} {
		if got := request(guard, encode([]byte(header))+"."+good[1]+"."+good[2]); got != 401 {
			t.Errorf("%s: got %d, want 401", header, got)
		}
	}
	if got := request(guard, sign(t, key, listener.URL, "orders")); got != 401 {
		t.Errorf("iss %s: got %d, want 401", listener.URL, got)
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("the listener saw %d requests, want none", n)
	}
	for _, r := range issuer.requests {
		if got := r.URL.String(); got != keysURL && got != issuerURL+"/.well-known/oauth-authorization-server" {
			t.Errorf("asked %s, want only what the configuration leads to", got)
		}
	}
}

// spring-security#18196, with two issuers: an outage of one is 503 for its tokens, never 401, and nothing for the other's.
func TestAnOutageOfOneIssuerDoesNotTouchTheOther(t *testing.T) {
	a, b := newKey(t, "1"), newKey(t, "1")
	first, second := newRemote(a), newRemote(b)
	second.fail(down)
	guard := two(t, first, second)
	for range 3 {
		if got := request(guard, sign(t, b, otherURL, "stock")); got != 503 {
			t.Errorf("got %d for an issuer without keys, want 503", got)
		}
		if got := request(guard, sign(t, a, otherURL, "stock")); got != 503 {
			t.Errorf("got %d for a token that cannot be judged, want 503", got)
		}
		if got := request(guard, sign(t, a, issuerURL, "orders")); got != 200 {
			t.Errorf("got %d for the other issuer, want 200", got)
		}
	}
}

// A set that is refused does not end the tokens of the one before, cached or not; a good one without the key does.
func TestCachedTokensEndWithTheirKey(t *testing.T) {
	a := newKey(t, "1")
	issuer := newRemote(a)
	source := issuer.source(t)
	guard, err := durward.New(durward.Config{Issuer: issuerURL, Audience: "orders", Keys: source})
	if err != nil {
		t.Fatal(err)
	}
	token := sign(t, a, issuerURL, "orders")
	expect := func(want int) {
		t.Helper()
		for range 3 {
			if got := request(guard, token); got != want {
				t.Errorf("got %d, want %d", got, want)
			}
		}
	}
	expect(200)
	issuer.fail(down)
	if err := source.Refresh(t.Context()); err == nil {
		t.Error("got no error from an issuer that is down")
	}
	expect(200)
	issuer.fail(nil)
	issuer.publish(newKey(t, "2"))
	if err := source.Refresh(t.Context()); err != nil {
		t.Error(err)
	}
	expect(401)
	issuer.publish(newKey(t, "1")) // another key under the old id
	if err := source.Refresh(t.Context()); err != nil {
		t.Error(err)
	}
	expect(401)
}

var _ durward.KeySource = (*jwks.Source)(nil)
