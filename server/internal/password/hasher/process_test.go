package hasher_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/durward-auth/durward/server/internal/password"
	"github.com/durward-auth/durward/server/internal/password/hasher"
)

func TestMain(m *testing.M) {
	if hasher.Wanted() {
		if err := hasher.Serve(os.Stdin, os.Stdout); err != nil {
			panic(err)
		}
		return
	}
	os.Exit(m.Run())
}

var cheap = password.Params{MemoryKiB: 64, Iterations: 1, Parallelism: 1}

// newProcess returns a process whose child ends with the test, and what it logs.
func newProcess(t *testing.T) (*hasher.Process, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer // of a handler that writes one record at a time
	p := hasher.New(slog.New(slog.NewTextHandler(&log, nil)))
	t.Cleanup(p.Rest)
	return p, &log
}

func TestAChildHashesAndVerifies(t *testing.T) {
	p, log := newProcess(t)
	pool, err := password.NewPool(password.PoolConfig{Params: cheap, Workers: 4, Queue: 100, Runner: p})
	if err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	for i := range 40 {
		work.Go(func() {
			own := fmt.Sprintf("correct horse %d", i)
			hash, err := pool.HashTrusted(t.Context(), own)
			if err != nil {
				t.Errorf("hash %d: %v", i, err)
				return
			}
			right, _, err1 := pool.Verify(t.Context(), hash, own)
			wrong, _, err2 := pool.Verify(t.Context(), hash, "correct horse")
			if !right || wrong || err1 != nil || err2 != nil {
				t.Errorf("its own password: got %v, %v, want true; another: got %v, %v, want false", right, err1, wrong, err2)
			}
		})
	}
	work.Wait()
	imported := "$2b$04$EGdrhbKUv8Oc9vGiXX0HQOxSg445d458Muh7DAHskb6QbtCvdxcie" // of "correctbatteryhorsestapler"
	if ok, rehash, err := pool.Verify(t.Context(), imported, "correctbatteryhorsestapler"); !ok || !rehash || err != nil {
		t.Errorf("a bcrypt hash: got %v, %v, %v, want true, true", ok, rehash, err)
	}
	if child, _ := p.Child(); child == nil || child.Pid == os.Getpid() || log.Len() > 0 {
		t.Errorf("the child: got %v and the log %q, want another process and nothing logged", child, log)
	}
}

func TestAnErrorOfATaskIsItsAnswer(t *testing.T) {
	p, log := newProcess(t)
	if _, err := p.Do(password.Task{Password: "x", Stored: "rot13$k"}); err == nil || !strings.Contains(err.Error(), "malformed password hash") {
		t.Errorf("a stored hash of no kind: got %v, want it called malformed", err)
	}
	if log.Len() > 0 {
		t.Errorf("the log: got %q, want nothing, since the child works", log)
	}
}

func TestAKilledChildIsReplaced(t *testing.T) {
	p, log := newProcess(t)
	slow := password.Task{Password: "correct horse", Params: password.Params{MemoryKiB: 64 << 10, Iterations: 4, Parallelism: 1}}
	var work sync.WaitGroup
	for range 4 {
		work.Go(func() {
			if o, err := p.Do(slow); err != nil || o.Hash == "" {
				t.Errorf("a hash while the child is killed: got %v, %v, want one", o, err)
			}
		})
	}
	first, ended := await(t, p)
	if err := first.Kill(); err != nil {
		t.Fatal(err)
	}
	<-ended
	work.Wait()
	second, _ := p.Child()
	if second == nil || second.Pid == first.Pid {
		t.Errorf("afterwards: got the child %v, want another than %v", second, first)
	}
	if text := log.String(); strings.Count(text, "ended by itself\" error=\"signal: killed") != 1 || strings.Contains(text, "in the server") {
		t.Errorf("the log: got %q, want the end of the child, once, and nothing hashed here", text)
	}
}

func TestAChildThatDiedIdleIsReplaced(t *testing.T) {
	p, log := newProcess(t)
	for range 3 {
		if o, err := p.Do(password.Task{Password: "correct horse", Params: cheap}); err != nil || o.Hash == "" {
			t.Fatalf("got %v, %v, want a hash", o, err)
		}
		child, ended := p.Child()
		if err := child.Kill(); err != nil {
			t.Fatal(err)
		}
		<-ended
	}
	if strings.Contains(log.String(), "in the server") {
		t.Errorf("the log: got %q, want nothing hashed here", log)
	}
}

func TestWithoutAChildPasswordsAreHashedHere(t *testing.T) {
	for name, program := range map[string]string{
		"a program that does not exist":   "/does/not/exist",
		"one that is something else":      "/bin/true",
		"one that answers something else": "/bin/echo",
	} {
		t.Run(name, func(t *testing.T) {
			defer hasher.Program(program)()
			p, log := newProcess(t)
			o, err := p.Do(password.Task{Password: "correct horse", Params: cheap})
			if err != nil || !strings.HasPrefix(o.Hash, "$argon2id$") {
				t.Errorf("got %v, %v, want a hash", o, err)
			}
			if !strings.Contains(log.String(), "in the server itself") || strings.Contains(log.String(), "horse") {
				t.Errorf("the log: got %q, want it said, without the password", log)
			}
		})
	}
}

func TestRestEndsAChildThatIsIdle(t *testing.T) {
	p, _ := newProcess(t)
	p.Rest()
	if _, err := p.Do(password.Task{Password: "correct horse", Params: cheap}); err != nil {
		t.Fatal(err)
	}
	_, ended := p.Child()
	p.Rest()
	select {
	case <-ended:
	case <-time.After(time.Minute):
		t.Fatal("a child at rest still runs after a minute")
	}
	if child, _ := p.Child(); child != nil {
		t.Errorf("at rest: got the child %v, want none", child)
	}
	if o, err := p.Do(password.Task{Password: "correct horse", Params: cheap}); err != nil || o.Hash == "" {
		t.Errorf("after a rest: got %v, %v, want a hash", o, err)
	}
}

func TestNoPersonIsServed(t *testing.T) {
	device, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer device.Close()
	if err := hasher.Serve(device, device); err == nil || !strings.Contains(err.Error(), "no command") {
		t.Errorf("a device for input: got %v, want it refused", err)
	}
}

func TestRestLeavesAChildAtWorkAlone(t *testing.T) {
	p, log := newProcess(t)
	var work sync.WaitGroup
	work.Go(func() {
		task := password.Task{Password: "correct horse", Params: password.Params{MemoryKiB: 64 << 10, Iterations: 2, Parallelism: 1}}
		if _, err := p.Do(task); err != nil {
			t.Error(err)
		}
	})
	before, _ := await(t, p)
	p.Rest()
	work.Wait()
	if after, _ := p.Child(); after != before || log.Len() > 0 {
		t.Errorf("after the work: got the child %v, want %v as before", after, before)
	}
}

// await returns the child when there is one.
func await(t *testing.T, p *hasher.Process) (*os.Process, <-chan struct{}) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		if child, ended := p.Child(); child != nil {
			return child, ended
		}
	}
	t.Fatal("no child after a minute")
	return nil, nil
}
