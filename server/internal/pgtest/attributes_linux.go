package pgtest

import (
	"os"
	"syscall"
)

// attributes let a process run as somebody else than root, and end with the tests even when they are killed.
func attributes() (*syscall.SysProcAttr, error) {
	a := &syscall.SysProcAttr{Pdeathsig: syscall.SIGQUIT}
	if os.Geteuid() == 0 {
		uid, gid, err := stranger()
		if err != nil {
			return nil, err
		}
		a.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	return a, nil
}
