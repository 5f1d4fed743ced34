package hasher

import (
	"os/exec"
	"syscall"

	"golang.org/x/sys/windows"
)

// start starts a child that gives way.
func start(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.BELOW_NORMAL_PRIORITY_CLASS}
	return cmd.Start()
}
