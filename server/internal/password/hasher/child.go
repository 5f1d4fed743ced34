package hasher

import (
	"errors"
	"fmt"
	"io"
	"net/rpc"
	"os"
	"os/exec"
	"runtime"
	"time"

	"github.com/durward-auth/durward/server/internal/password"
)

// patience is for how long a child may do one task: a hash takes a second at most, and many times as long where others have
// the processors. A request may take 20 s, in which another child can do what one that hangs has not.
const patience = 15 * time.Second

// child is the parent's side of one child.
type child struct {
	client   *rpc.Client
	cmd      *exec.Cmd
	patience time.Duration
	tasks    int // under way, guarded by Process.mu
	ended    chan struct{}
	err      error // why it ended, once ended is closed
}

func startChild(patience time.Duration) (*child, error) {
	self, err := executable()
	if err != nil {
		return nil, fmt.Errorf("find the program: %w", err)
	}
	stdin, toChild, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer stdin.Close()
	fromChild, stdout, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, toChild.Close())
	}
	defer stdout.Close()
	both := pipes{fromChild, toChild}
	cmd := &exec.Cmd{
		Path: self, Args: []string{os.Args[0], Argument}, Env: environment(),
		Stdin: stdin, Stdout: stdout, Stderr: os.Stderr,
	}
	if err := start(cmd); err != nil {
		return nil, errors.Join(fmt.Errorf("start the process that hashes passwords: %w", err), both.Close())
	}
	c := &child{client: rpc.NewClient(both), cmd: cmd, patience: patience, ended: make(chan struct{})}
	go func() {
		defer close(c.ended)
		c.err = cmd.Wait()
	}()
	return c, nil
}

func (c *child) do(t password.Task) (o password.Outcome, err error) {
	late := time.AfterFunc(c.patience, c.kill)
	defer late.Stop()
	err = c.client.Call(method, t, &o)
	return o, err
}

// end lets the child see the end of its input, and kills it when it does not heed that.
func (c *child) end() {
	_ = c.client.Close()
	time.AfterFunc(c.patience, c.kill)
}

// kill does nothing to a child that has ended.
func (c *child) kill() { _ = c.cmd.Process.Kill() }

// failure says how a child ended that should not have, if it has soon after its answers ended.
func (c *child) failure() error {
	soon := time.NewTimer(time.Second)
	defer soon.Stop()
	select {
	case <-c.ended:
		return c.err
	case <-soon.C:
		return nil
	}
}

// executable is replaced in tests.
var executable = program

// program is where the program is, also after another version of it was installed in its place.
func program() (string, error) {
	const running = "/proc/self/exe"
	if runtime.GOOS == "linux" {
		if _, err := os.Stat(running); err == nil {
			return running, nil
		}
	}
	return os.Executable()
}

// environment is what the runtime heeds. Nothing else is handed on: the parent's has secrets.
func environment() []string {
	list := []string{}
	for _, name := range []string{"GODEBUG", "GOGC", "GOMAXPROCS", "GOMEMLIMIT", "GOTRACEBACK"} {
		if value, ok := os.LookupEnv(name); ok {
			list = append(list, name+"="+value)
		}
	}
	return list
}

// pipes are one side of a connection.
type pipes struct {
	io.ReadCloser
	to io.WriteCloser
}

func (p pipes) Write(b []byte) (int, error) { return p.to.Write(b) }
func (p pipes) Close() error                { return errors.Join(p.to.Close(), p.ReadCloser.Close()) }
