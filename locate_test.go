package durward_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/durwardtest"
)

func TestTheAuthorizationHeader(t *testing.T) {
	issuer := durwardtest.New(t)
	handler := issuer.Guard().Require(new(probe))
	good := issuer.TokenFor("ada")
	const bad = "a.b.c"
	for name, c := range map[string]struct {
		values []string
		want   int
	}{
		"one token":                      {[]string{"Bearer " + good}, 200},
		"H01 two headers, good first":    {[]string{"Bearer " + good, "Bearer " + bad}, 400},
		"H01 two headers, bad first":     {[]string{"Bearer " + bad, "Bearer " + good}, 400},
		"H01 the same header twice":      {[]string{"Bearer " + good, "Bearer " + good}, 400},
		"H01 Basic and Bearer":           {[]string{"Basic eDp5", "Bearer " + good}, 400},
		"H01 Bearer and nothing":         {[]string{"Bearer " + good, ""}, 400},
		"H02 a comma":                    {[]string{"Bearer " + good + ", Bearer " + good}, 400},
		"H02 a comma after Basic":        {[]string{"Basic eDp5, Bearer " + good}, 401},
		"H02 two tokens":                 {[]string{"Bearer " + good + " " + good}, 400},
		"H02 two spaces":                 {[]string{"Bearer  " + good}, 400},
		"H02 a tab":                      {[]string{"Bearer\t" + good}, 400},
		"H02 a space and a tab":          {[]string{"Bearer \t" + good}, 400},
		"H02 small letters":              {[]string{"bearer " + good}, 200},
		"H02 capitals":                   {[]string{"BEARER " + good}, 200},
		"H02 no space":                   {[]string{"Bearer" + good}, 401},
		"H02 another scheme, Bearera":    {[]string{"Bearera " + good}, 401},
		"H02 the scheme alone":           {[]string{"Bearer"}, 400},
		"H02 the scheme and a space":     {[]string{"Bearer "}, 400},
		"H02 a parameter":                {[]string{"Bearer " + good + ";x=1"}, 400},
		"H02 a quoted token":             {[]string{`Bearer "` + good + `"`}, 400},
		"H03 a folded line, joined":      {[]string{"Bearer " + good[:20] + " " + good[20:]}, 400},
		"A04 padding":                    {[]string{"Bearer " + good + "="}, 401},
		"A08 a byte beyond ASCII":        {[]string{"Bearer " + good + "\u00a0"}, 400},
		"another scheme":                 {[]string{"Basic eDp5"}, 401},
		"an empty value":                 {[]string{""}, 401},
		"the token alone":                {[]string{good}, 401},
		"none":                           {nil, 401},
		"A02 dots, a million of them":    {[]string{"Bearer " + strings.Repeat(".", 1_000_000)}, 401},
		"the name of another header":     {[]string{"Authorization: Bearer " + good}, 401},
		"DPoP is another scheme":         {[]string{"DPoP " + good}, 401},
		"H02 a NUL":                      {[]string{"Bearer " + good + "\x00"}, 400},
		"H02 the scheme in Unicode look": {[]string{"B\u0435arer " + good}, 401},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/", nil)
			if c.values != nil {
				r.Header["Authorization"] = c.values
			}
			w := serve(handler, r)
			if w.Code != c.want {
				t.Errorf("got %d %s, want %d", w.Code, w.Body, c.want)
			}
			if c.want == 400 {
				problem(t, w, 400, "invalid_request", `Bearer error="invalid_request"`)
			}
		})
	}
}

// H01 and H03 as they come over the wire.
func TestTheAuthorizationHeaderOverTheWire(t *testing.T) {
	issuer := durwardtest.New(t)
	server := httptest.NewServer(issuer.Guard().Require(new(probe)))
	defer server.Close()
	good := issuer.TokenFor("ada")
	for name, c := range map[string]struct {
		lines string
		want  int
	}{
		"one token":                    {"Authorization: Bearer " + good, 200},
		"another case of the name":     {"AUTHORIZATION: Bearer " + good, 200},
		"spaces around the value":      {"Authorization:   Bearer " + good + "  ", 200},
		"H01 two headers":              {"Authorization: Bearer " + good + "\r\nauthorization: Bearer a.b.c", 400},
		"H03 a folded token":           {"Authorization: Bearer " + good[:20] + "\r\n " + good[20:], 400},
		"H03 a folded header":          {"Authorization: Bearer\r\n " + good, 200},
		"H06 an underscore in a name":  {"X_Authorization: Bearer " + good, 401},
		"H05 nothing but a forged URL": {"X-Original-URL: /?access_token=" + good, 401},
	} {
		t.Run(name, func(t *testing.T) {
			connection, err := net.Dial("tcp", server.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = connection.Close() }()
			if _, err := io.WriteString(connection, "GET / HTTP/1.1\r\nHost: x\r\n"+c.lines+"\r\n\r\n"); err != nil {
				t.Fatal(err)
			}
			response, err := http.ReadResponse(bufio.NewReader(connection), nil)
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
			if response.StatusCode != c.want {
				t.Errorf("got %d, want %d", response.StatusCode, c.want)
			}
		})
	}
}

func TestLocations(t *testing.T) {
	issuer := durwardtest.New(t)
	good, other := issuer.TokenFor("ada"), issuer.TokenFor("bob")
	everywhere := newGuard(t, issuer, func(c *durward.Config) {
		c.Locations = []durward.Location{
			durward.BearerHeader(), durward.HeaderScheme("X-Auth", "Token"), durward.Header("x-access-token"),
			durward.Cookie("__Host-at"), durward.Query("access_token"), durward.FormField("access_token"),
		}
	})
	form := func(body string) *http.Request {
		r := httptest.NewRequest("POST", "/", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
		return r
	}
	with := func(r *http.Request, header, value string) *http.Request { r.Header.Add(header, value); return r }
	get := func() *http.Request { return httptest.NewRequest("GET", "/", nil) }
	query := func(text string) *http.Request { return httptest.NewRequest("GET", "/?"+text, nil) }
	multipart := with(httptest.NewRequest("POST", "/", strings.NewReader("access_token="+good)), "Content-Type", "multipart/form-data; boundary=x")

	for name, c := range map[string]struct {
		request *http.Request
		want    int
	}{
		"nowhere":                           {get(), 401},
		"a header with a scheme of its own": {with(get(), "X-Auth", "token "+good), 200},
		"that header with another scheme":   {with(get(), "X-Auth", "Bearer "+good), 401},
		"a header without a scheme":         {with(get(), "X-Access-Token", good), 200},
		"that header with a scheme":         {with(get(), "X-Access-Token", "Bearer "+good), 401},
		"that header twice":                 {with(with(get(), "X-Access-Token", good), "X-Access-Token", good), 400},
		"that header empty":                 {with(get(), "X-Access-Token", ""), 401},
		"a cookie":                          {with(get(), "Cookie", "a=b; __Host-at="+good), 200},
		"H12 the cookie twice":              {with(get(), "Cookie", "__Host-at="+good+"; __Host-at="+other), 400},
		"H12 the cookie in two headers":     {with(with(get(), "Cookie", "__Host-at="+good), "Cookie", "__Host-at="+good), 400},
		"a cookie of another name":          {with(get(), "Cookie", "at="+good), 401},
		"the query":                         {query("access_token=" + good), 200},
		"H22 the query twice":               {query("access_token=" + good + "&access_token=" + good), 400},
		"the query in capitals":             {query("ACCESS_TOKEN=" + good), 401},
		"a form":                            {form("access_token=" + good), 200},
		"H22 a form with two":               {form("access_token=" + good + "&access_token=" + other), 400},
		"a form that is broken":             {form("access_token=%zz"), 400},
		"a form over 64 KiB":                {form("x=" + strings.Repeat("x", 64<<10) + "&access_token=" + good), 400},
		"a form of another type":            {multipart, 401},
		"H04 header and cookie":             {with(with(get(), "Authorization", "Bearer "+good), "Cookie", "__Host-at="+good), 400},
		"H04 header and query":              {with(query("access_token="+good), "Authorization", "Bearer "+other), 400},
		"H04 query and form": {func() *http.Request {
			r := form("access_token=" + good)
			r.URL.RawQuery = url.Values{"access_token": {good}}.Encode()
			return r
		}(), 400},
		"H04 all at once":                {with(with(with(query("access_token="+good), "Authorization", "Bearer "+good), "X-Access-Token", good), "Cookie", "__Host-at="+good), 400},
		"H04 a good and a malformed one": {with(with(get(), "X-Access-Token", good), "Authorization", "Bearer"), 400},
	} {
		t.Run(name, func(t *testing.T) {
			if w := serve(everywhere.Require(new(probe)), c.request); w.Code != c.want {
				t.Errorf("got %d %s, want %d", w.Code, w.Body, c.want)
			}
		})
	}

	// H05: by default a token counts in the Authorization header alone.
	for name, r := range map[string]*http.Request{
		"H05 ?access_token": query("access_token=" + good), "H05 ?jwt": query("jwt=" + good),
		"a cookie": with(get(), "Cookie", "access_token="+good), "a form": form("access_token=" + good),
	} {
		if w := serve(issuer.Guard().Require(new(probe)), r); w.Code != 401 {
			t.Errorf("%s by default: got %d, want 401", name, w.Code)
		}
	}
}

func TestHandlersStillFindTheForm(t *testing.T) {
	issuer := durwardtest.New(t)
	guard := newGuard(t, issuer, func(c *durward.Config) { c.Locations = []durward.Location{durward.FormField("access_token")} })
	handler := guard.Require(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.PostFormValue("note"))
	}))
	r := httptest.NewRequest("POST", "/", strings.NewReader("note=hello&access_token="+issuer.TokenFor("ada")))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if w := serve(handler, r); w.Code != 200 || w.Body.String() != "hello" {
		t.Errorf("got %d %q, want 200 hello", w.Code, w.Body)
	}
	r.Body, r.Form, r.PostForm = nil, nil, nil
	if w := serve(handler, r); w.Code >= 500 || w.Code == 200 {
		t.Errorf("a request without a body: got %d, want a refusal", w.Code)
	}
}

func TestCookiesAreNotSentAcrossSites(t *testing.T) {
	issuer := durwardtest.New(t)
	guard := newGuard(t, issuer, func(c *durward.Config) {
		c.Locations = []durward.Location{durward.BearerHeader(), durward.Cookie("at")}
	})
	token := issuer.TokenFor("ada")
	for name, c := range map[string]struct {
		method, header, value string
		want                  int
	}{
		"H10 a form of another site":        {"POST", "Sec-Fetch-Site", "cross-site", 403},
		"H10 a form of a sibling":           {"POST", "Sec-Fetch-Site", "same-site", 403},
		"H10 a foreign origin":              {"POST", "Origin", "https://evil.test", 403},
		"H10 no origin to tell":             {"POST", "Origin", "null", 403},
		"H10 a foreign DELETE":              {"DELETE", "Sec-Fetch-Site", "cross-site", 403},
		"the site itself":                   {"POST", "Sec-Fetch-Site", "same-origin", 200},
		"a program that is no browser":      {"POST", "User-Agent", "curl", 200},
		"a link from another site":          {"GET", "Sec-Fetch-Site", "cross-site", 200},
		"a script's own header, cross-site": {"POST", "Authorization", "Bearer " + token, 200},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(c.method, "https://app.test/", nil)
			r.Header.Set(c.header, c.value)
			if c.header == "Authorization" {
				r.Header.Set("Sec-Fetch-Site", "cross-site")
			} else {
				r.AddCookie(&http.Cookie{Name: "at", Value: token})
			}
			w := serve(guard.Require(new(probe)), r)
			if w.Code != c.want {
				t.Errorf("got %d %s, want %d", w.Code, w.Body, c.want)
			}
			if c.want == 403 {
				problem(t, w, 403, "cross_site_request", "")
			}
		})
	}
}
