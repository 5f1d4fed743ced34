package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/durward-auth/durward"
)

const secret = "a test's own secret, 32 bytes or more"

type program struct {
	http.Handler
	adminPassword string
	now           time.Time
}

func start(t *testing.T) *program {
	t.Helper()
	p := &program{now: time.Now().Truncate(time.Second)}
	key, err := signingKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	users := newUsers()
	if p.adminPassword, err = users.addAdmin(); err != nil {
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
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	return w
}

func (p *program) login(t *testing.T, name, password string) string {
	t.Helper()
	w := p.do("POST", "/login", "", fmt.Sprintf(`{"username":%q,"password":%q}`, name, password))
	var out map[string]string
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil || w.Code != 200 || out["access_token"] == "" || len(out) != 1 {
		t.Fatalf(`login: got %d %s, want 200 {"access_token":"…"}`, w.Code, w.Body)
	}
	return out["access_token"]
}

func TestTheTutorialsTable(t *testing.T) {
	p := start(t)
	const ada = `{"username":"ada","password":"correct horse"}`
	check := func(name string, w *httptest.ResponseRecorder, status int, body string) {
		t.Helper()
		if w.Code != status || body != "" && w.Body.String() != body {
			t.Errorf("%s: got %d %s, want %d %s", name, w.Code, w.Body, status, body)
		}
	}
	check("register", p.do("POST", "/register", "", ada), 201, `{"message":"User registered successfully"}`)
	check("register a taken name", p.do("POST", "/register", "", ada), 409, "")
	check("register the administrator's name", p.do("POST", "/register", "", `{"username":"admin","password":"x"}`), 409, "")
	check("log in with a wrong password", p.do("POST", "/login", "", `{"username":"ada","password":"correct Horse"}`), 401, "")
	check("log in as nobody", p.do("POST", "/login", "", `{"username":"bob","password":"correct horse"}`), 401, "")

	user, admin := p.login(t, "ada", "correct horse"), p.login(t, "admin", p.adminPassword)
	check("protected as a user", p.do("GET", "/protected", user, ""), 200, `{"message":"This is a protected route"}`)
	check("protected as an administrator", p.do("GET", "/protected", admin, ""), 200, `{"message":"This is a protected route"}`)
	check("protected without a token", p.do("GET", "/protected", "", ""), 401, "")
	check("protected with a bad token", p.do("GET", "/protected", user[:len(user)-2], ""), 401, "")
	check("admin as an administrator", p.do("GET", "/admin", admin, ""), 200, `{"message":"Welcome to the admin panel"}`)
	check("admin as a user", p.do("GET", "/admin", user, ""), 403, `{"message":"Unauthorized access"}`)
	check("admin without a token", p.do("GET", "/admin", "", ""), 401, "")

	p.now = p.now.Add(time.Hour - time.Second)
	check("protected a second before the hour is over", p.do("GET", "/protected", user, ""), 200, "")
	p.now = p.now.Add(time.Second)
	check("protected when the hour is over", p.do("GET", "/protected", user, ""), 401, "")
}

func TestTheTokenIsHS256WithTheTutorialsClaims(t *testing.T) {
	p := start(t)
	for _, c := range []struct{ name, role, password string }{{"admin", "admin", p.adminPassword}, {"ada", "user", "correct horse"}} {
		p.do("POST", "/register", "", `{"username":"ada","password":"correct horse"}`)
		parts := strings.Split(p.login(t, c.name, c.password), ".")
		var header, claims map[string]any
		for i, into := range []*map[string]any{&header, &claims} {
			text, err := base64.RawURLEncoding.DecodeString(parts[i])
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(text, into); err != nil {
				t.Fatal(err)
			}
		}
		if header["alg"] != "HS256" {
			t.Errorf("alg: got %v, want HS256", header["alg"])
		}
		if claims["username"] != c.name || claims["role"] != c.role {
			t.Errorf("got username %v and role %v, want %s and %s", claims["username"], claims["role"], c.name, c.role)
		}
		if got, want := claims["exp"], float64(p.now.Add(time.Hour).Unix()); got != want {
			t.Errorf("exp: got %v, want an hour on, %v", got, want)
		}
	}
}

func TestRegisterRefusesBadInput(t *testing.T) {
	p := start(t)
	for name, body := range map[string]string{
		"no body":               "",
		"no JSON":               "username=ada",
		"an array":              `["ada"]`,
		"null":                  `null`,
		"no password":           `{"username":"ada"}`,
		"no username":           `{"password":"correct horse"}`,
		"a number as username":  `{"username":1,"password":"correct horse"}`,
		"a role of one's own":   `{"username":"ada","password":"correct horse","role":"admin"}`,
		"two objects":           `{"username":"ada","password":"correct horse"}{}`,
		"a long username":       `{"username":"` + strings.Repeat("a", 65) + `","password":"correct horse"}`,
		"a password of 1 KiB+1": `{"username":"ada","password":"` + strings.Repeat("a", 1025) + `"}`,
		"a body over 64 KiB":    `{"username":"ada","password":"correct horse"` + strings.Repeat(" ", 64<<10) + `}`,
	} {
		if w := p.do("POST", "/register", "", body); w.Code != 400 {
			t.Errorf("%s: got %d %s, want 400", name, w.Code, w.Body)
		}
	}
	if w := p.do("POST", "/login", "", `{"username":"ada","password":"correct horse"}`); w.Code != 401 {
		t.Errorf("login afterwards: got %d, want 401, because nobody was registered", w.Code)
	}
}

func TestOneOfManyRegistrationsOfANameWins(t *testing.T) {
	p := start(t)
	var group sync.WaitGroup
	answers := make(chan int, 4)
	for i := range cap(answers) {
		group.Go(func() {
			answers <- p.do("POST", "/register", "", fmt.Sprintf(`{"username":"ada","password":"password %d"}`, i)).Code
		})
	}
	group.Wait()
	close(answers)
	count := map[int]int{}
	for status := range answers {
		count[status]++
	}
	if count[201] != 1 || count[409] != cap(answers)-1 {
		t.Errorf("got %v, want one 201 and the others 409", count)
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

func TestWithoutASecretARandomOneIsMadeAndAnnounced(t *testing.T) {
	var logged bytes.Buffer
	log.SetOutput(&logged)
	defer log.SetOutput(os.Stderr)
	first, err := signingKey("")
	if err != nil {
		t.Fatal(err)
	}
	second, err := signingKey("")
	if err != nil {
		t.Fatal(err)
	}
	if first.ID() == second.ID() {
		t.Error("got the same secret twice, want random ones")
	}
	if !strings.Contains(logged.String(), "DURWARD_SECRET is not set") {
		t.Errorf("logged %q, want a line that says so", logged.String())
	}
	text, err := first.MarshalPrivateJWK()
	if err != nil {
		t.Fatal(err)
	}
	var jwk struct{ K string }
	if err := json.Unmarshal(text, &jwk); err != nil || jwk.K == "" {
		t.Fatalf("marshal: got no secret (%v)", err)
	}
	if strings.Contains(logged.String(), jwk.K) {
		t.Error("the secret was logged")
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
	p := start(t)
	server := httptest.NewServer(p)
	defer server.Close()
	printed := firstSteps(server.URL, p.adminPassword)
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
	const want = `{"message":"User registered successfully"}
{"message":"This is a protected route"}
{"message":"Welcome to the admin panel"}
`
	if err != nil || string(output) != want {
		t.Errorf("got %q, %v, want %q", output, err, want)
	}
}

func TestKeysThatAreNotThereAreNotTheClientsFault(t *testing.T) {
	w := httptest.NewRecorder()
	refuse(w, httptest.NewRequest("GET", "/", nil), &durward.Refusal{Status: 503, Code: "temporarily_unavailable"})
	if w.Code != 503 {
		t.Errorf("got %d, want 503", w.Code)
	}
}
