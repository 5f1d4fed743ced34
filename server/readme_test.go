package server_test

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/durward-auth/durward/server"
)

var block = regexp.MustCompile("(?ms)^```(sh|json)\n(.*?)^```")

// changing are the members whose values differ from run to run: their type is compared.
var changing = map[string]bool{
	"id": true, "created_at": true, "access_token": true, "refresh_token": true, "session_id": true,
	"request_id": true, "refresh_expires_in": true,
}

// TestTheReadmesRequestsGetTheReadmesAnswers runs the README's curl lines in one shell against a server.
func TestTheReadmesRequestsGetTheReadmesAnswers(t *testing.T) {
	for _, program := range []string{"sh", "curl", "sed", "tee"} {
		if _, err := exec.LookPath(program); err != nil {
			if os.Getenv("CI") != "" {
				t.Fatalf("CI must have %s: %v", program, err)
			}
			t.Skipf("the README's lines need %s: install it to run this test", program)
		}
	}
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	url := start(t)
	var script strings.Builder
	var wanted []string
	for _, found := range block.FindAllStringSubmatch(string(readme), -1) {
		kind, text := found[1], found[2]
		switch {
		case kind == "json":
			wanted = append(wanted, text)
			fmt.Fprintln(&script, "printf '\\036'")
		case strings.Contains(text, "curl"):
			script.WriteString(strings.ReplaceAll(text, "http://127.0.0.1:8080", url))
		}
	}
	if len(wanted) < 5 {
		t.Fatalf("answers in the README: got %d, want at least 5", len(wanted))
	}
	shell := exec.CommandContext(t.Context(), "sh", "-e")
	shell.Dir = t.TempDir()
	shell.Stdin = strings.NewReader(script.String())
	shell.Stderr = os.Stderr
	out, err := shell.Output()
	if err != nil {
		t.Fatal(err)
	}
	answers := strings.Split(strings.TrimSuffix(string(out), "\x1e"), "\x1e")
	if len(answers) != len(wanted) {
		t.Fatalf("answers: got %d, want %d", len(answers), len(wanted))
	}
	for i := range wanted {
		var got, want any
		if err := json.Unmarshal([]byte(wanted[i]), &want); err != nil {
			t.Fatalf("the README's answer %d: %v", i, err)
		}
		if err := json.Unmarshal([]byte(answers[i]), &got); err != nil {
			t.Errorf("answer %d: got %q: %v", i, answers[i], err)
			continue
		}
		if got, want := masked(got), masked(want); !reflect.DeepEqual(got, want) {
			t.Errorf("answer %d: got %v, want %v", i, got, want)
		}
	}
}

// masked puts the type in place of values that change.
func masked(value any) any {
	object, ok := value.(map[string]any)
	if !ok {
		return value
	}
	for name, member := range object {
		if changing[name] {
			object[name] = fmt.Sprintf("%T", member)
		} else {
			object[name] = masked(member)
		}
	}
	return object
}

// start serves new data on a loopback port until the test ends.
func start(t *testing.T) (url string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url = "http://" + listener.Addr().String()
	s, err := server.Open(t.Context(), server.Config{DataDir: filepath.Join(t.TempDir(), "data"), Issuer: url})
	if err != nil {
		t.Fatal(err)
	}
	serve(t, s, listener)
	return url
}
