package password

import (
	"errors"
	"fmt"
)

// Params are the cost parameters of Argon2id (RFC 9106 section 3.1).
type Params struct {
	MemoryKiB   uint32 // m, in KiB
	Iterations  uint32 // t, passes over the memory
	Parallelism uint8  // p, lanes
}

// DefaultParams are the ones that OWASP's Password Storage Cheat Sheet names first: 19 MiB,
// two passes, one lane.
func DefaultParams() Params {
	return Params{MemoryKiB: 19 * 1024, Iterations: 2, Parallelism: 1}
}

// The bounds of what is computed at all. They hold for stored hashes too, which an import or a
// hand on the database may have put there: the costliest takes some 256 MiB and a second.
const (
	maxMemoryKiB   = 256 * 1024
	maxIterations  = 64
	maxParallelism = 16
	maxWorkKiB     = 1024 * 1024 // m·t
	minLaneKiB     = 8           // RFC 9106: m is at least 8·p
)

// Check reports every parameter that is out of bounds.
func (p Params) Check() error {
	var problems []error
	refuse := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if p.Parallelism < 1 || p.Parallelism > maxParallelism {
		refuse("argon2 parallelism must be 1 to %d, not %d", maxParallelism, p.Parallelism)
	}
	if low := minLaneKiB * max(uint32(p.Parallelism), 1); p.MemoryKiB < low || p.MemoryKiB > maxMemoryKiB {
		refuse("argon2 memory must be %d to %d KiB, not %d", low, maxMemoryKiB, p.MemoryKiB)
	}
	if p.Iterations < 1 || p.Iterations > maxIterations {
		refuse("argon2 iterations must be 1 to %d, not %d", maxIterations, p.Iterations)
	}
	if p.work() > maxWorkKiB {
		refuse("argon2 memory times iterations must be at most %d KiB, not %d", maxWorkKiB, p.work())
	}
	return errors.Join(problems...)
}

// work is what a hash costs: the memory that is written, in KiB.
func (p Params) work() uint64 { return uint64(p.MemoryKiB) * uint64(p.Iterations) }

// below says that a hash with these parameters is to be replaced by one with the other ones.
func (p Params) below(policy Params) bool {
	return p.MemoryKiB < policy.MemoryKiB || p.work() < policy.work() || p.Parallelism != policy.Parallelism
}
