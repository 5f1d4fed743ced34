package blackbox_test

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// startFails starts a server that must not start, and returns the one line that says why.
func startFails(t *testing.T, data string) string {
	t.Helper()
	out, complaint, status := command(t, "", "serve", "--addr", "127.0.0.1:0", "--issuer", issuer, "--data", data)
	if status != 1 || out != "" || strings.Count(complaint, "\n") != 1 {
		t.Fatalf("the start: got status %d, %q and %q, want 1, nothing and one line", status, out, complaint)
	}
	return complaint
}

// E08: without its master key, or with another one, the server does not start, says why in one line, and changes nothing.
func TestE08AServerWithoutItsMasterKeyDoesNotStart(t *testing.T) {
	t.Parallel()
	server, other := start(t), start(t)
	c := server.client()
	c.register(t, "ada")
	session := c.login(t, "ada")
	server.stop()
	other.stop()
	path := filepath.Join(server.data, "master.key")
	right, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	wrong, err := os.ReadFile(filepath.Join(other.data, "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, text, want string }{
		{"wrong", string(wrong), "the master key is not the one that sealed these signing keys: restore the right one"},
		{"cut off", string(right[:20]), "the master key is malformed"},
		{"lost", "", "the master key is missing: restore the file from your backup"},
	} {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if test.text != "" {
			if err := os.WriteFile(path, []byte(test.text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 { // a failed start mends nothing by itself
			if got := startFails(t, server.data); !strings.Contains(got, test.want) {
				t.Errorf("E08: %s: got %q, want %q", test.name, got, test.want)
			}
		}
		if _, complaint, status := command(t, "", "doctor", "--data", server.data); status == 0 {
			t.Errorf("E08: %s: doctor finds nothing: %q", test.name, complaint)
		}
	}
	if _, err := os.Lstat(path); err == nil {
		t.Error("E08: a new master key was made in the place of the lost one")
	}
	if err := os.WriteFile(path, right, 0o600); err != nil {
		t.Fatal(err)
	}
	again := startOn(t, server.data)
	again.client().accepted(t, session.Access)
	again.client().refresh(t, session.Refresh)
	again.stop()
}

// The master key is replaced beside a running server, which reads it from the file: nobody is logged out, and it goes on
// changing keys.
func TestTheMasterKeyIsReplacedWhileTheServerRuns(t *testing.T) {
	t.Parallel()
	server := start(t)
	c := server.client()
	session := server.administrator(t, "ada")
	for range 3 {
		done := operate[struct{ File, OldFile string }](t, server.data, "", "key", "rewrap")
		if done.File != filepath.Join(server.data, "master.key") {
			t.Errorf("the new master key: got %q, want master.key", done.File)
		}
		c.accepted(t, session.Access)
		session = c.refresh(t, session.Refresh)
		eventually(t, patience, "the server changes keys under the new master key", func() bool {
			return c.call(t, "POST", "/admin/keys/rotate", session.Access, nil).status == http.StatusOK
		})
	}
	again := server.restart()
	again.client().accepted(t, session.Access)
	again.client().refresh(t, session.Refresh)
	again.stop()
}

// durward key rewrap is killed at moments spread over its run, beside a running server and alone: the data opens with what is
// there, and what was issued stays valid.
func TestARewrapThatIsKilledLosesNothing(t *testing.T) {
	t.Parallel()
	server := start(t)
	c := server.client()
	session := server.administrator(t, "ada")
	begin := time.Now()
	operate[any](t, server.data, "", "key", "rewrap")
	whole := time.Since(begin)
	kills := scaled(60, 8, 3)
	ended := 0
	for i := range kills {
		after := whole * 3 / 2 * time.Duration(i+1) / time.Duration(kills)
		if rewrapFor(t, server.data, after) {
			ended++
		}
		c.accepted(t, session.Access)
		if activeKey(t, server.data) == "" { // a command finishes what was cut off
			t.Error("no key is active")
		}
		session = c.refresh(t, session.Refresh)
	}
	eventually(t, patience, "the server changes keys", func() bool {
		return c.call(t, "POST", "/admin/keys/rotate", session.Access, nil).status == http.StatusOK
	})
	again := server.restart()
	again.client().accepted(t, session.Access)
	again.client().refresh(t, session.Refresh)
	again.stop()
	t.Logf("%d rewraps killed within %v of their start, %d of which had ended", kills, (whole * 3 / 2).Round(time.Millisecond), ended)
}

// rewrapFor runs durward key rewrap and kills it after a time. It says whether it had ended by then.
func rewrapFor(t *testing.T, data string, after time.Duration) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), after)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, "key", "rewrap", "--data", data)
	cmd.Env = environment()
	return cmd.Run() == nil
}
