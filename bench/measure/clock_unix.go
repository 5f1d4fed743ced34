//go:build unix

package measure

import (
	"syscall"
	"time"
)

// CPUTime is the time that this process has had on processors, garbage collection included. What other processes
// do meanwhile does not count.
func CPUTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return time.Since(start)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

var start = time.Now()
