package blackbox_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/durward-auth/durward/server/internal/pgtest"
)

// commandDir holds the sources of the command.
const commandDir = "../cmd/durward"

// program is the path of the built command.
var program string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "durward-blackbox-*")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	if program, err = build(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	status := m.Run()
	if err := pgtest.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return max(status, 1)
	}
	return status
}

func build(dir string) (string, error) {
	if err := depend(); err != nil {
		return "", err
	}
	path := filepath.Join(dir, "durward.exe") // the suffix is for Windows and harms nobody else
	args := append([]string{"build", "-buildvcs=false", "-o", path}, buildFlags...)
	if out, err := exec.Command("go", append(args, commandDir)...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("build durward: %w\n%s", err, out)
	}
	return path, nil
}

// depend looks at the sources of the command, so that a result is not taken from the cache after one has changed. The
// rest of the program is linked into the tests: see TestAnotherProgramHoldsTheServer.
func depend() error {
	files, err := filepath.Glob(filepath.Join(commandDir, "*.go"))
	if err == nil && len(files) == 0 {
		err = errors.New("there is no source of the command in " + commandDir)
	}
	for _, file := range files {
		if _, err := os.ReadFile(file); err != nil {
			return err
		}
	}
	return err
}

// environment is that of a process of this test: none of the settings of who runs it.
func environment(extra ...string) []string {
	// The race detector would make every process wait for a second before it ends.
	kept := []string{"GORACE=atexit_sleep_ms=0"}
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "DURWARD_") && !strings.HasPrefix(variable, "GORACE=") {
			kept = append(kept, variable)
		}
	}
	return append(kept, extra...)
}

// issuer is that of every server here, so that tokens outlive a restart on another port.
const issuer = "https://id.example.org"

// command runs the command line to its end and returns what it wrote and its status.
func command(t *testing.T, input string, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = environment()
	cmd.Stdin = strings.NewReader(input)
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	err := cmd.Run()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		t.Fatalf("durward %s: %v", strings.Join(args, " "), err)
	}
	return out.String(), complaint.String(), cmd.ProcessState.ExitCode()
}

// operate runs a command on a data directory that must succeed, and decodes the JSON that it prints.
func operate[T any](t *testing.T, data, input string, args ...string) T {
	t.Helper()
	args = append(args, "--data", data, "--json")
	out, complaint, status := command(t, input, args...)
	if status != 0 {
		t.Fatalf("durward %s: status %d\n%s%s", strings.Join(args, " "), status, complaint, out)
	}
	var value T
	if err := json.Unmarshal([]byte(out), &value); err != nil {
		t.Fatalf("durward %s: %v in %q", strings.Join(args, " "), err, out)
	}
	return value
}

// event is a row of the audit log.
type event struct {
	ID        string `json:"id"`
	Action    string `json:"action"`
	Outcome   string `json:"outcome"`
	Reason    string `json:"reason"`
	ActorName string `json:"actor_name"`
	SubjectID string `json:"subject_id"`
	Target    string `json:"target"`
	IP        string `json:"ip"`
	RequestID string `json:"request_id"`
	UserAgent string `json:"user_agent"`
	Count     int    `json:"count"`
}

// events are the newest thousand rows of the audit log, the newest first.
func events(t *testing.T, data string, filters ...string) []event {
	t.Helper()
	args := append([]string{"audit", "list", "--limit", "1000"}, filters...)
	return operate[struct{ Events []event }](t, data, "", args...).Events
}

// users are the names of all users.
func users(t *testing.T, data string) []string {
	t.Helper()
	var names []string
	for _, u := range operate[struct{ Users []struct{ Username string } }](t, data, "", "user", "list").Users {
		names = append(names, u.Username)
	}
	return names
}

// healthy fails the test unless durward doctor finds nothing to mend.
func healthy(t *testing.T, data string, database ...string) {
	t.Helper()
	found := operate[struct {
		Healthy  bool
		Findings []struct{ Check, State, Detail string }
	}](t, data, "", append([]string{"doctor"}, database...)...)
	for _, f := range found.Findings {
		if f.State == "problem" {
			t.Errorf("doctor: %s: %s", f.Check, f.Detail)
		}
	}
}
