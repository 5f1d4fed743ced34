package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// patience bounds every wait for a server: long enough for a loaded machine with the race detector.
const patience = 30 * time.Second

// servers is the key of the servers that a script has started.
type servers struct{}

// running is a server of a script.
type running struct {
	cmd  *exec.Cmd
	log  bytes.Buffer
	out  bytes.Buffer // complete when done is closed
	done chan struct{}
	err  error
}

func startServer(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: server NAME ARGS...")
	}
	program, err := exec.LookPath("durward")
	ts.Check(err)
	s := &running{done: make(chan struct{})}
	s.cmd = exec.Command(program, append([]string{"serve", "--addr", "127.0.0.1:0"}, args[1:]...)...)
	s.cmd.Dir = ts.MkAbs(".")
	s.cmd.Stderr = &s.log
	s.cmd.Env = append(os.Environ(), "GORACE="+ts.Getenv("GORACE"))
	out, err := s.cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(s.cmd.Start())
	var kill sync.Once
	ts.Defer(func() { kill.Do(func() { s.end(os.Kill) }) })

	address := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			fmt.Fprintln(&s.out, lines.Text())
			if _, url, ok := strings.Cut(lines.Text(), " is listening on "); ok {
				address <- url
			}
		}
		_, _ = io.Copy(io.Discard, out)
		s.err = s.cmd.Wait()
		close(s.done)
	}()
	select {
	case url := <-address:
		ts.Setenv(args[0], url)
	case <-s.done:
		ts.Fatalf("the server ended: %v\n%s", s.err, s.log.String())
	case <-time.After(patience):
		ts.Fatalf("the server did not start in %v", patience)
	}
	started := ts.Value(servers{}).(*[]*running)
	*started = append(*started, s)
}

func stopServers(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: stop")
	}
	started := ts.Value(servers{}).(*[]*running)
	for _, s := range *started {
		if !s.end(syscall.SIGTERM) {
			ts.Fatalf("the server did not stop in %v", patience)
		}
		if s.err != nil {
			ts.Fatalf("the server stopped with %v\n%s", s.err, s.log.String())
		}
		// For scripts that look into what it printed and logged.
		ts.Check(os.WriteFile(filepath.Join(ts.MkAbs("."), "server.out"), s.out.Bytes(), 0o600))
		ts.Check(os.WriteFile(filepath.Join(ts.MkAbs("."), "server.log"), s.log.Bytes(), 0o600))
	}
	*started = nil
}

// end sends a signal and says whether the server ended in time.
func (s *running) end(signal os.Signal) bool {
	_ = s.cmd.Process.Signal(signal) // it may have ended already
	select {
	case <-s.done:
		return true
	case <-time.After(patience):
		return false
	}
}
