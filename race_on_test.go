//go:build race

package durward_test

// raceEnabled: the race detector makes sync.Pool drop and the runtime allocate, so counts say nothing.
const raceEnabled = true
