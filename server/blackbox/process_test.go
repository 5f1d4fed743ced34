package blackbox_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience bounds every wait: long enough for a loaded machine with the race detector.
const patience = 60 * time.Second

// process is a durward serve of this test.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	data string
	url  string
	done chan struct{} // closed when the process has ended
	err  error         // of cmd.Wait; read it after done

	mu          sync.Mutex
	out, stderr bytes.Buffer
}

// start runs durward serve on a free port, with new data unless the arguments name some, and waits until it listens.
func start(t *testing.T, args ...string) *process {
	t.Helper()
	return startOn(t, filepath.Join(t.TempDir(), "data"), args...)
}

func startOn(t *testing.T, data string, args ...string) *process {
	t.Helper()
	return startWith(t, nil, data, args...)
}

// startWith is startOn with further variables of the environment.
func startWith(t *testing.T, variables []string, data string, args ...string) *process {
	t.Helper()
	p := &process{t: t, data: data, done: make(chan struct{})}
	args = append([]string{"serve", "--addr", "127.0.0.1:0", "--data", data, "--issuer", issuer}, args...)
	p.cmd = exec.Command(program, args...)
	p.cmd.Env = environment(variables...)
	p.cmd.Stderr = p.writer(&p.stderr)
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.cleanUp)
	listening := make(chan string, 1)
	go p.follow(out, listening)
	select {
	case p.url = <-listening:
	case <-p.done:
		t.Fatalf("the server ended before it listened: %v\n%s", p.err, p.log())
	case <-time.After(patience):
		t.Fatalf("the server does not listen after %v\n%s", patience, p.log())
	}
	return p
}

// follow reads standard output to its end, and then the end of the process.
func (p *process) follow(out io.Reader, listening chan<- string) {
	lines := bufio.NewScanner(io.TeeReader(out, p.writer(&p.out)))
	for lines.Scan() {
		if _, url, ok := strings.Cut(lines.Text(), " is listening on "); ok {
			listening <- url
		}
	}
	p.err = p.cmd.Wait()
	close(p.done)
}

// writer writes into a buffer that may be read meanwhile.
func (p *process) writer(buffer *bytes.Buffer) io.Writer {
	return writerFunc(func(text []byte) (int, error) {
		p.mu.Lock()
		defer p.mu.Unlock()
		return buffer.Write(text)
	})
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(text []byte) (int, error) { return f(text) }

// log is all that the process has written to standard error; greeting, to standard output.
func (p *process) log() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stderr.String()
}

func (p *process) greeting() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.String()
}

// stop asks the process to end as a service manager does, and wants it to do so with status 0 and a log without trouble.
func (p *process) stop() {
	p.t.Helper()
	p.finish()
	p.sound()
}

// finish is stop for a server that has had trouble.
func (p *process) finish() {
	p.t.Helper()
	p.signal(syscall.SIGTERM)
	p.wait()
	if p.err != nil {
		p.t.Fatalf("the server ended with %v\n%s", p.err, tail(p.log()))
	}
}

// kill ends the process as kill -9 does.
func (p *process) kill() {
	p.t.Helper()
	p.signal(os.Kill)
	p.wait()
	p.sound()
}

// restart stops the process and starts another on the same data.
func (p *process) restart(args ...string) *process {
	p.t.Helper()
	p.stop()
	return startOn(p.t, p.data, args...)
}

func (p *process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatalf("signal the server: %v", err)
	}
}

func (p *process) wait() {
	p.t.Helper()
	select {
	case <-p.done:
	case <-time.After(patience):
		p.t.Fatalf("the server has not ended after %v\n%s", patience, p.log())
	}
}

// sound fails the test when the log tells of a panic or of a data race.
func (p *process) sound() {
	p.t.Helper()
	for _, sign := range []string{"panic", "DATA RACE", "fatal error", "background work"} {
		if strings.Contains(p.log(), sign) {
			p.t.Errorf("the log of the server tells of %q:\n%s", sign, tail(p.log()))
			return
		}
	}
}

// cleanUp ends a process that the test has left running.
func (p *process) cleanUp() {
	select {
	case <-p.done:
	default:
		if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			p.t.Error(err)
		}
		<-p.done
	}
	if p.t.Failed() {
		p.t.Logf("the end of the server's log:\n%s", tail(p.log()))
	}
}

func tail(text string) string { return text[max(0, len(text)-4000):] }

// eventually wants a condition to hold within a time that the product promises or the test allows. It asks again and
// again and does not sleep.
func eventually(t *testing.T, within time.Duration, what string, holds func() bool) {
	t.Helper()
	for begin := time.Now(); !holds(); {
		if time.Since(begin) > within {
			t.Fatalf("%s: not after %v", what, within)
		}
	}
}

// browser is an HTTP client that keeps connections, as many as the tests need, and follows no redirect.
func browser() *http.Client {
	transport := &http.Transport{MaxIdleConnsPerHost: 512}
	return &http.Client{
		Transport:     transport,
		Timeout:       patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
