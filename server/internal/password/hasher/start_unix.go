//go:build unix && !linux

package hasher

import (
	"os/exec"

	"golang.org/x/sys/unix"
)

// less is by how much less urgent the child is than other processes.
const less = 10

// start starts a child that gives way.
func start(cmd *exec.Cmd) error {
	if err := cmd.Start(); err != nil {
		return err
	}
	_ = unix.Setpriority(unix.PRIO_PROCESS, cmd.Process.Pid, less)
	return nil
}
