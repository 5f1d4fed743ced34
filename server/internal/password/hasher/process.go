package hasher

import (
	"cmp"
	"errors"
	"log/slog"
	"net/rpc"
	"sync"
	"time"

	"github.com/durward-auth/durward/server/internal/password"
)

// Process is a password.Runner. It starts the program that it is part of once more, with Argument alone, when there is something to
// hash, and ends that child at Rest. A child that fails is replaced, and what it was doing done again; when no child
// can be had, passwords are hashed here.
type Process struct {
	log      *slog.Logger
	patience time.Duration // with one task

	mu    sync.Mutex
	child *child // nil while there is none
}

// New returns a process without a child. The program must call Serve when it is started with Argument alone.
func New(log *slog.Logger) *Process { return &Process{log: log, patience: patience} }

// attempts is how many children are tried for one password.
const attempts = 2

// Do implements password.Runner.
func (p *Process) Do(t password.Task) (password.Outcome, error) {
	var failure error
	for range attempts {
		c, err := p.enter()
		if err != nil {
			failure = err
			break
		}
		o, err := c.do(t)
		_, answered := errors.AsType[rpc.ServerError](err)
		answered = answered || err == nil
		dropped := p.leave(c, answered)
		if answered {
			return o, err
		}
		failure = cmp.Or(c.failure(), err)
		if dropped {
			p.log.Warn("the process that hashes passwords has ended by itself", "error", failure)
		}
	}
	p.log.Warn("a password is hashed in the server itself, since there is no process for it", "error", failure)
	return t.Do()
}

// Rest implements password.Runner: the child ends, if it has nothing to do, and all that it took is free.
func (p *Process) Rest() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.child != nil && p.child.tasks == 0 {
		p.child.end()
		p.child = nil
	}
}

// enter returns the child that is to do a task. leave must follow.
func (p *Process) enter() (*child, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.child == nil {
		c, err := startChild(p.patience)
		if err != nil {
			return nil, err
		}
		p.child = c
	}
	p.child.tasks++
	return p.child, nil
}

// leave gives a task's child back. One that has not answered is dropped, by the first who finds out.
func (p *Process) leave(c *child, answered bool) (dropped bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c.tasks--
	if answered || p.child != c {
		return false
	}
	c.end()
	p.child = nil
	return true
}
