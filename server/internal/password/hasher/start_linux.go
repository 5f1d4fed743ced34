package hasher

import (
	"os/exec"
	"runtime"

	"golang.org/x/sys/unix"
)

// less is by how much less the child gets of a processor that both want: a tenth of what the parent gets.
const less = 10

// start starts a child that gives way. Linux has a priority for each thread, which what it starts inherits: a thread lowers its
// own, starts the child, and ends, since nobody may raise it again.
func start(cmd *exec.Cmd) error {
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		if unix.Gettid() == unix.Getpid() { // the first thread would not end: another has to do it, while this one is taken
			defer runtime.UnlockOSThread()
			started <- start(cmd)
			return
		}
		// It is never unlocked, so that the thread ends with the goroutine.
		if inverse, err := unix.Getpriority(unix.PRIO_PROCESS, 0); err == nil {
			_ = unix.Setpriority(unix.PRIO_PROCESS, 0, min(20-inverse+less, 19))
		}
		started <- cmd.Start()
	}()
	return <-started
}
