package hasher

import (
	"os"
	"time"
)

// Child returns the process that runs now, or nil, and a channel that is closed when it has ended.
func (p *Process) Child() (*os.Process, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.child == nil {
		return nil, nil
	}
	return p.child.cmd.Process, p.child.ended
}

// Hurry makes the process wait for a child no longer than this.
func (p *Process) Hurry(patience time.Duration) { p.patience = patience }

// Program makes another program the one that is started, until restore is called.
func Program(path string) (restore func()) {
	before := executable
	executable = func() (string, error) { return path, nil }
	return func() { executable = before }
}
