//go:build !linux

package pgtest

import (
	"errors"
	"os"
	"syscall"
)

// attributes are those of the tests.
func attributes() (*syscall.SysProcAttr, error) {
	if os.Geteuid() == 0 {
		return nil, errors.New("PostgreSQL does not run as root: run the tests as another user")
	}
	return nil, nil
}
