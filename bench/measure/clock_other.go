//go:build !unix

package measure

import "time"

// CPUTime is the time since the program began: this system tells no other.
func CPUTime() time.Duration { return time.Since(start) }

var start = time.Now()
