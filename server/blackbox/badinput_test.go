package blackbox_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// bad is an input that must be refused.
type bad struct {
	name   string // a sentence
	raw    io.Reader
	status int
	code   string // of the problem
}

const tenMegabytes = 10 << 20

// stored is what a refused input must not change: users, and audit rows of anything but refused tokens, which are
// recorded whatever else is wrong.
func stored(t *testing.T, data string) (names []string, rows int) {
	t.Helper()
	for _, e := range events(t, data) {
		if e.Action != "token.refused" && e.Action != "access.forbidden" {
			rows++
		}
	}
	return users(t, data), rows
}

func TestBadInputIsRefusedAndStoresNothing(t *testing.T) {
	t.Parallel()
	server := start(t)
	c := server.client()
	c.register(t, "ada")
	session := c.login(t, "ada")
	c.register(t, "root")
	operate[any](t, server.data, "", "user", "roles", "root", "admin")
	admin := c.login(t, "root")
	names, rows := stored(t, server.data)

	cases := slices.Concat(
		badBodies("POST /register", `{"username":"eve","password":"correct horse battery"}`, ""),
		badBodies("POST /login", `{"username":"ada","password":"correct horse battery"}`, ""),
		badBodies("POST /refresh", `{"refresh_token":"`+session.Refresh+`"}`, ""),
		badBodies("PUT /me/password", `{"current_password":"correct horse battery","new_password":"another horse battery"}`, session.Access),
		badBodies("POST /admin/users", `{"username":"eve","password":"correct horse battery"}`, admin.Access),
		badNames(), badHeaders(session.Access), badPaths(session.Access),
	)
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			if complaint := server.raw(t, tc.raw).problem(tc.status, tc.code); complaint != "" {
				t.Error(complaint)
			}
		})
	}

	for _, tc := range beforeAnyRoute(session.Access) {
		t.Run(tc.name, func(t *testing.T) {
			a := server.raw(t, tc.raw)
			if a.status != tc.status {
				t.Errorf("status %d, want %d: %s", a.status, tc.status, a.body)
			}
			if strings.Contains(string(a.body), session.Access) {
				t.Error("the answer repeats the token")
			}
		})
	}

	c.accepted(t, session.Access)
	nowNames, nowRows := stored(t, server.data)
	if !slices.Equal(nowNames, names) || nowRows != rows {
		t.Errorf("there are the users %v and %d audit rows, want as before %v and %d", nowNames, nowRows, names, rows)
	}
	c.refresh(t, session.Refresh)
	if strings.Contains(server.log(), `"status":5`) {
		t.Error("a bad input was answered with a 5xx")
	}
	server.stop()
	healthy(t, server.data)
}

// badBodies are bodies that no JSON route takes; good is one that this route would take.
func badBodies(route, good, token string) []bad {
	var authorization []string
	if token != "" {
		authorization = []string{"Authorization: Bearer " + token}
	}
	var cases []bad
	add := func(name string, status int, code string, raw io.Reader) {
		cases = append(cases, bad{route + ": " + name, raw, status, code})
	}
	invalid := func(name, body string) {
		add(name, http.StatusBadRequest, "invalid_request", strings.NewReader(withBody(route, body, authorization...)))
	}
	inside := func(member string) string { return strings.TrimSuffix(good, "}") + "," + member + "}" }
	first := good[1:strings.Index(good, ":")]

	add("no body", http.StatusBadRequest, "invalid_request", strings.NewReader(lines(route, authorization...)))
	invalid("an empty body", "")
	invalid("white space", " \n")
	invalid("JSON that is cut off", good[:len(good)-1])
	invalid("text", "username=ada")
	invalid("an array", "["+good+"]")
	invalid("a string", `"text"`)
	invalid("null", "null")
	invalid("an object without members", "{}")
	invalid("two objects", good+good)
	invalid("something after the object", good+"x")
	invalid("a member that nobody knows", inside(`"role":"admin"`))
	invalid("a member in another case", strings.ToUpper(good))
	invalid("a member twice", inside(first+`:"x"`))
	invalid("a member twice, once in escapes", inside(escaped(first)+`:"x"`))
	for _, value := range []string{"1", "true", "null", "[]", "{}", `["a"]`, "1e999"} {
		invalid("a member that is "+value, "{"+first+":"+value+good[strings.Index(good, first)+len(first)+1+valueLength(good):])
	}
	invalid("bytes that are no UTF-8", strings.Replace(good, `":"`, `":"`+"\xff\xfe", 1))
	invalid("half a surrogate pair", strings.Replace(good, `":"`, `":"\ud800`, 1))
	invalid("a byte order mark", "\ufeff"+good)
	invalid("a control character inside a string", strings.Replace(good, `":"`, "\":\"\x01", 1))
	invalid("great depth", inside(`"x":`+strings.Repeat("[", 30000)+strings.Repeat("]", 30000)))
	invalid("five thousand members", inside(`"x0":1`+manyMembers(5000)))

	for _, kind := range []string{"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json; charset=utf-16", "application/problem+json", "*/*", ""} {
		head := append(slices.Clone(authorization), "Content-Type: "+kind, fmt.Sprintf("Content-Length: %d", len(good)))
		add("the content type "+kind, http.StatusUnsupportedMediaType, "unsupported_media_type", strings.NewReader(lines(route, head...)+good))
	}
	add("two content types", http.StatusUnsupportedMediaType, "unsupported_media_type", strings.NewReader(withBody(route, good, append(slices.Clone(authorization), "Content-Type: text/plain")...)))
	add("a compressed body", http.StatusUnsupportedMediaType, "unsupported_media_type", strings.NewReader(withBody(route, good, append(slices.Clone(authorization), "Content-Encoding: gzip")...)))

	length := append(slices.Clone(authorization), "Content-Type: application/json", fmt.Sprintf("Content-Length: %d", tenMegabytes))
	add("ten megabytes", http.StatusRequestEntityTooLarge, "body_too_large", io.MultiReader(strings.NewReader(lines(route, length...)), endless(tenMegabytes)))
	pieces := append(slices.Clone(authorization), "Content-Type: application/json", "Transfer-Encoding: chunked")
	add("ten megabytes in chunks", http.StatusRequestEntityTooLarge, "body_too_large", io.MultiReader(strings.NewReader(lines(route, pieces...)), chunked(endless(tenMegabytes))))
	add("a promise of a million terabytes", http.StatusRequestEntityTooLarge, "body_too_large", strings.NewReader(lines(route, append(slices.Clone(authorization), "Content-Type: application/json", "Content-Length: 1000000000000000000")...)))
	add("a member of one megabyte", http.StatusRequestEntityTooLarge, "body_too_large", strings.NewReader(withBody(route, strings.Replace(good, `":"`, `":"`+strings.Repeat("x", 1<<20), 1), authorization...)))
	return cases
}

// valueLength is that of the first member's value, with its quotes.
func valueLength(object string) int {
	value := object[strings.Index(object, `":`)+2:]
	return strings.Index(value[1:], `"`) + 2
}

// escaped is a quoted name with its first letter as \u.
func escaped(quoted string) string {
	return fmt.Sprintf(`"\u%04x%s`, quoted[1], quoted[2:])
}

func manyMembers(n int) string {
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, `,"x%d":1`, i+1)
	}
	return text.String()
}

// badNames are well-formed registrations that must not be.
func badNames() []bad {
	var cases []bad
	add := func(name, code, username, password string) {
		body := `{"username":"` + username + `","password":"` + password + `"}`
		cases = append(cases, bad{"registration: " + name, strings.NewReader(withBody("POST /register", body)), http.StatusUnprocessableEntity, code})
	}
	for name, username := range map[string]string{
		"no name":                      "",
		"a line break in the name":     `eve\nroot`,
		"a NUL in the name":            `eve\u0000`,
		"an escape in the name":        `\u001b[31meve`,
		"a deletion in the name":       `eve\u007f`,
		"a line separator in the name": `eve\u2028`,
		"an override in the name":      `\u202eeve`,
		"a space of no width":          `e\u200bve`,
		"a space in the name":          "eve root",
		"a Cyrillic letter among ours": `\u0430dmin`,
		"a name of a thousand letters": strings.Repeat("e", 1000),
	} {
		add(name, "invalid_username", username, password)
	}
	add("a short password", "weak_password", "eve", "short")
	add("a common password", "weak_password", "eve", "password1")
	add("a password of 1025 bytes", "weak_password", "eve", strings.Repeat("x", 1025))
	add("a password of 60,000 bytes", "weak_password", "eve", strings.Repeat("x", 60000))
	return cases
}
