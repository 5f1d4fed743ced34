package hasher_test

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/durward-auth/durward/server/internal/password"
	"github.com/durward-auth/durward/server/internal/password/hasher"
)

func TestAChildGivesWayAndTheParentDoesNot(t *testing.T) {
	own := priorities(t, os.Getpid())[os.Getpid()]
	p, _ := newProcess(t)
	if _, err := p.Do(password.Task{Password: "correct horse", Params: cheap}); err != nil {
		t.Fatal(err)
	}
	child, _ := p.Child()
	for thread, nice := range priorities(t, child.Pid) {
		if want := min(own+10, 19); nice != want {
			t.Errorf("thread %d of the child: got the nice value %d, want %d", thread, nice, want)
		}
	}
	for range 3 {
		p.Rest()
		if _, err := p.Do(password.Task{Password: "correct horse", Params: cheap}); err != nil {
			t.Fatal(err)
		}
	}
	lowered := 0
	for thread, nice := range priorities(t, os.Getpid()) {
		if nice > own && thread == os.Getpid() {
			t.Errorf("the first thread of the parent: got the nice value %d, want %d", nice, own)
		}
		if nice > own {
			lowered++
		}
	}
	if lowered > 1 { // one may not have ended yet
		t.Errorf("threads of the parent with less priority: got %d, want those gone that started a child", lowered)
	}
}

// priorities are the nice values of the threads of a process.
func priorities(t *testing.T, pid int) map[int]int {
	t.Helper()
	threads, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		t.Fatal(err)
	}
	found := map[int]int{}
	for _, thread := range threads {
		var id int
		if _, err := fmt.Sscan(thread.Name(), &id); err != nil {
			t.Fatal(err)
		}
		if inverse, err := unix.Getpriority(unix.PRIO_PROCESS, id); err == nil { // it may have ended
			found[id] = 20 - inverse
		}
	}
	return found
}

func TestAChildKnowsNoSecretAndHeedsNoSignal(t *testing.T) {
	t.Setenv("DURWARD_MASTER_KEY", "of-the-parent-alone")
	t.Setenv("GOMAXPROCS", "3")
	p, log := newProcess(t)
	if _, err := p.Do(password.Task{Password: "correct horse", Params: cheap}); err != nil {
		t.Fatal(err)
	}
	child, _ := p.Child()
	environment, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", child.Pid))
	if err != nil {
		t.Fatal(err)
	}
	if text := string(environment); strings.Contains(text, "DURWARD") || strings.Contains(text, "PATH=") || !strings.Contains(text, "GOMAXPROCS=3") {
		t.Errorf("the child's environment: got %q, want what the runtime heeds alone", text)
	}
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		if err := child.Signal(signal); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := p.Do(password.Task{Password: "correct horse", Params: cheap}); err != nil {
		t.Fatal(err)
	}
	if same, _ := p.Child(); same != child || log.Len() > 0 {
		t.Errorf("after the signals of a shutdown: got the child %v, want %v still at work", same, child)
	}
}

func TestAChildThatHangsIsKilled(t *testing.T) {
	task := password.Task{Password: "correct horse", Params: cheap}
	for name, act := range map[string]func(*hasher.Process) error{
		"at work": func(p *hasher.Process) error {
			_, err := p.Do(task)
			return err
		},
		"at rest": func(p *hasher.Process) error {
			p.Rest()
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			p, log := newProcess(t)
			p.Hurry(time.Second)
			if _, err := p.Do(task); err != nil {
				t.Fatal(err)
			}
			child, ended := p.Child()
			stop(t, child)
			if err := act(p); err != nil {
				t.Errorf("got %v, want none", err)
			}
			select {
			case <-ended:
			case <-time.After(time.Minute):
				t.Fatal("a child that is stopped is there after a minute")
			}
			if said := strings.Contains(log.String(), "signal: killed"); said != (name == "at work") {
				t.Errorf("the log: got %q, want the end said of a child at work alone", log)
			}
		})
	}
}

// stop returns when no thread of a process runs any more.
func stop(t *testing.T, child *os.Process) {
	t.Helper()
	if err := child.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", child.Pid))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(status), "State:\tT") {
			return
		}
	}
	t.Fatal("not stopped after a minute")
}
