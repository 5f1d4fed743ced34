//go:build linux

package blackbox_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"syscall"
	"testing"
)

// TestTheProcessForPasswordsComesAndGoes sees that there is one when somebody signs in, that the server does with another when it is
// killed, and that it never outlives the server.
func TestTheProcessForPasswordsComesAndGoes(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*process){
		"stopped": (*process).stop,
		"killed":  (*process).kill,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := startOn(t, filepath.Join(t.TempDir(), "data"))
			c := server.client()
			if pids := server.children(t); len(pids) != 0 {
				t.Fatalf("before anybody signed in: got the processes %v, want none", pids)
			}
			c.register(t, "ada")
			first := server.hasher(t, c, 0)
			if err := syscall.Kill(first, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			second := server.hasher(t, c, first)
			end(server)
			eventually(t, patience, "the process has ended with its server", func() bool { return !alive(second) })
		})
	}
}

// TestASignalToTheWholeGroupLosesNoSignIn sends what a service manager or a terminal sends, to the server and to the process for
// its passwords: sign-ins that have begun are answered.
func TestASignalToTheWholeGroupLosesNoSignIn(t *testing.T) {
	t.Parallel()
	server := startOn(t, filepath.Join(t.TempDir(), "data"))
	c := server.client()
	c.register(t, "ada")
	var begun []*held
	for range 4 {
		begun = append(begun, server.hold(t, "/login", `{"username":"ada","password":"`+password+`"}`, http.StatusOK))
	}
	for _, pid := range []int{server.hasher(t, c, 0), server.cmd.Process.Pid} {
		if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
	}
	for _, h := range begun {
		h.finish(t)
	}
	server.wait()
	server.sound()
}

// hasher is the process that hashes passwords after ada has signed in, another one than the one named.
func (p *process) hasher(t *testing.T, c *client, other int) (pid int) {
	t.Helper()
	eventually(t, patience, "there is one process for passwords", func() bool { // which ends when nobody signs in for some seconds
		c.want(t, http.StatusOK, "POST", "/login", "", members{"username": "ada", "password": password})
		pids := p.children(t)
		if len(pids) == 1 {
			pid = pids[0]
		}
		return len(pids) == 1 && pid != other
	})
	return pid
}

func alive(pid int) bool {
	fields, ok := statFields(fmt.Sprintf("/proc/%d/stat", pid))
	return ok && fields[0] != "Z"
}
