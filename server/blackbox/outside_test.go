//go:build unix

package blackbox_test

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

// need returns the path of a program of the system. Where it is missing the test is skipped, but never in CI.
func need(t *testing.T, name string, paths ...string) string {
	t.Helper()
	for _, path := range append(paths, name) {
		if found, err := exec.LookPath(path); err == nil {
			return found
		}
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("CI must have %s: install Debian's package", name)
	}
	t.Skipf("this test needs %s: install it to run it", name)
	return ""
}

// nobody is who programs of the system run as where the tests run as root.
const nobody = 65534

// outside is a program that is not ours.
type outside struct {
	name string
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
	err  error         // of cmd.Wait; read it after done

	mu     sync.Mutex
	output bytes.Buffer
}

// Write collects what the program says.
func (p *outside) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.Write(text)
}

func (p *outside) log() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return tail(p.output.String())
}

// launch starts a program and ends it with the test. With a directory, which becomes its home, it runs there, and as
// nobody where the tests run as root.
func launch(t *testing.T, dir, name string, args ...string) *outside {
	t.Helper()
	p := &outside{name: filepath.Base(name), cmd: exec.Command(name, args...)}
	if dir != "" {
		p.cmd.Dir, p.cmd.Env = dir, environment("HOME="+dir, "XDG_CONFIG_HOME="+dir, "XDG_DATA_HOME="+dir)
		if os.Geteuid() == 0 {
			p.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		}
	}
	p.start(t)
	return p
}

// launchWith starts a program with further environment variables.
func launchWith(t *testing.T, variables []string, name string, args ...string) *outside {
	t.Helper()
	p := &outside{name: filepath.Base(name), cmd: exec.Command(name, args...)}
	p.cmd.Env = environment(variables...)
	p.start(t)
	return p
}

func (p *outside) start(t *testing.T) {
	t.Helper()
	p.done = make(chan struct{})
	p.cmd.Stdout, p.cmd.Stderr = p, p
	p.cmd.WaitDelay = patience
	if p.cmd.Env == nil {
		p.cmd.Env = environment()
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
		select {
		case <-p.done:
		case <-time.After(patience):
			_ = p.cmd.Process.Kill()
			t.Errorf("%s has not ended after %v", p.name, patience)
		}
		if t.Failed() {
			t.Logf("what %s said:\n%s", p.name, p.log())
		}
	})
}

// publicDir is a directory that nobody owns where the tests run as root.
func publicDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "durward-outside-*")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if os.Geteuid() == 0 {
		if err := os.Chown(dir, nobody, nobody); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func readText(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func writePublic(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// freeAddr is an address on which nobody listens now.
func freeAddr(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}
