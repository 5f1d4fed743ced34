//go:build unix

package hasher

import (
	"os"
	"syscall"
)

// polled returns a file whose reads and writes wait in the runtime's poller. A read of standard input would wait in the system, and take a
// processor of the runtime along for up to ten milliseconds, in which a password could be hashed.
func polled(f *os.File) *os.File {
	fd := f.Fd()
	if err := syscall.SetNonblock(int(fd), true); err != nil {
		return f
	}
	return os.NewFile(fd, f.Name())
}
