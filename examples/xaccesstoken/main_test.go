package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/durward-auth/durward"
)

const (
	secret   = "a test's own secret, 32 bytes or more"
	password = "correct horse"
)

type program struct {
	http.Handler
	now time.Time
}

func start(t *testing.T) *program {
	t.Helper()
	p := &program{now: time.Now().Truncate(time.Second)}
	key, err := signingKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	users, err := newUsers("demo", password)
	if err != nil {
		t.Fatal(err)
	}
	p.Handler, err = routes(key, users, func() time.Time { return p.now })
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *program) do(method, path, token, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Origin", "https://page.example")
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		r.Header.Set("x-access-token", token)
	}
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	return w
}

func (p *program) login(t *testing.T) string {
	t.Helper()
	w := p.do("POST", "/login", "", fmt.Sprintf(`{"username":"demo","password":%q}`, password))
	var out map[string]string
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil || w.Code != 200 || out["token"] == "" || len(out) != 1 {
		t.Fatalf(`login: got %d %s, want 200 {"token":"…"}`, w.Code, w.Body)
	}
	return out["token"]
}

func TestTheTutorialsTable(t *testing.T) {
	p := start(t)
	check := func(name string, w *httptest.ResponseRecorder, status int, body string) {
		t.Helper()
		if w.Code != status || w.Body.String() != body {
			t.Errorf("%s: got %d %s, want %d %s", name, w.Code, w.Body, status, body)
		}
		if got := w.Header().Get("Access-Control-Allow-Origin"); got != "*" {
			t.Errorf("%s: Access-Control-Allow-Origin: got %q, want *", name, got)
		}
	}
	const (
		wrong   = `{"message":"Invalid credentials!"}`
		missing = `{"message":"Token is missing!"}`
		invalid = `{"message":"Token is invalid!"}`
		inside  = `{"message":"This is a protected route!"}`
	)
	check("the front page", p.do("GET", "/", "", ""), 200, `{"message":"Welcome to the JWT API!"}`)
	check("log in with a wrong password", p.do("POST", "/login", "", `{"username":"demo","password":"correct Horse"}`), 401, wrong)
	check("log in as nobody", p.do("POST", "/login", "", `{"username":"ada","password":"correct horse"}`), 401, wrong)

	token := p.login(t)
	check("protected", p.do("GET", "/protected", token, ""), 200, inside)
	check("protected without a token", p.do("GET", "/protected", "", ""), 403, missing)
	check("protected with a token cut short", p.do("GET", "/protected", token[:len(token)-2], ""), 403, invalid)
	check("protected with something else", p.do("GET", "/protected", "something else", ""), 403, invalid)

	r := httptest.NewRequest("GET", "/protected", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	check("protected with the token in the Authorization header", w, 403, missing)

	r = httptest.NewRequest("GET", "/protected", nil)
	r.Header["X-Access-Token"] = []string{token, token}
	w = httptest.NewRecorder()
	p.ServeHTTP(w, r)
	check("protected with two tokens", w, 403, invalid)

	p.now = p.now.Add(time.Hour - time.Second)
	check("protected a second before the hour is over", p.do("GET", "/protected", token, ""), 200, inside)
	p.now = p.now.Add(time.Second)
	check("protected when the hour is over", p.do("GET", "/protected", token, ""), 403, invalid)
}

func TestThePreflightAllowsTheHeadersOfTheAPI(t *testing.T) {
	p := start(t)
	for _, path := range []string{"/", "/login", "/protected"} {
		r := httptest.NewRequest("OPTIONS", path, nil)
		r.Header.Set("Origin", "https://page.example")
		r.Header.Set("Access-Control-Request-Method", "POST")
		r.Header.Set("Access-Control-Request-Headers", "content-type,x-access-token")
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r)
		if w.Code != 204 || w.Body.Len() != 0 {
			t.Errorf("%s: got %d with %d bytes, want 204 without", path, w.Code, w.Body.Len())
		}
		for name, want := range map[string]string{
			"Access-Control-Allow-Origin":      "*",
			"Access-Control-Allow-Headers":     "x-access-token, content-type",
			"Access-Control-Allow-Methods":     "GET, POST",
			"Access-Control-Allow-Credentials": "",
		} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s: %s: got %q, want %q", path, name, got, want)
			}
		}
	}
}

func TestTheTokenHasTheTutorialsClaims(t *testing.T) {
	p := start(t)
	part := strings.Split(p.login(t), ".")[1]
	text, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(text, &claims); err != nil {
		t.Fatal(err)
	}
	if claims["user"] != "demo" {
		t.Errorf("user: got %v, want demo", claims["user"])
	}
	if got, want := claims["exp"], float64(p.now.Add(time.Hour).Unix()); got != want {
		t.Errorf("exp: got %v, want an hour on, %v", got, want)
	}
}

func TestABadLoginBodyIsNotAServerError(t *testing.T) {
	p := start(t)
	for name, body := range map[string]string{
		"no JSON": "username=demo", "null": "null", "no password": `{"username":"demo"}`, "another member": `{"username":"demo","password":"x","role":"admin"}`,
	} {
		if w := p.do("POST", "/login", "", body); w.Code != 400 {
			t.Errorf("%s: got %d %s, want 400", name, w.Code, w.Body)
		}
	}
}

func TestAShortSecretIsAClearErrorThatDoesNotTellIt(t *testing.T) {
	_, err := signingKey("hunter2hunter2")
	if err == nil {
		t.Fatal("got a key, want an error")
	}
	if text := err.Error(); !strings.Contains(text, "DURWARD_SECRET") || !strings.Contains(text, "32") || strings.Contains(text, "hunter2") {
		t.Errorf("got %q, want the variable's name, the least length and not the secret", text)
	}
}

func TestKeysThatAreNotThereAreNotTheClientsFault(t *testing.T) {
	w := httptest.NewRecorder()
	refuseToken(w, httptest.NewRequest("GET", "/", nil), &durward.Refusal{Status: 503, Code: "temporarily_unavailable"})
	if w.Code != 503 {
		t.Errorf("got %d, want 503", w.Code)
	}
}

// TestTheFirstStepsWork pastes the printed lines into a shell.
func TestTheFirstStepsWork(t *testing.T) {
	for _, tool := range []string{"sh", "curl", "cut"} {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("CI") != "" {
				t.Fatalf("CI must have %s: %v", tool, err)
			}
			t.Skipf("the printed lines need %s: install it to run this test", tool)
		}
	}
	server := httptest.NewServer(start(t))
	defer server.Close()
	printed := firstSteps(server.URL, password)
	if strings.Contains(printed, secret) {
		t.Error("the secret is printed")
	}
	var lines []string
	for line := range strings.Lines(printed) {
		if strings.Contains(line, "curl ") {
			lines = append(lines, line)
		}
	}
	output, err := exec.CommandContext(t.Context(), "sh", "-c", strings.Join(lines, "")).Output()
	const want = `{"message":"Welcome to the JWT API!"}
{"message":"This is a protected route!"}
{"message":"Token is missing!"}
`
	if err != nil || !strings.HasSuffix(string(output), want) {
		t.Errorf("got %q, %v, want it to end with %q", output, err, want)
	}
}
