package blackbox_test

import (
	"os"
	"os/exec"
	"runtime"
	"sync"
	"testing"
)

// full says whether to run the proofs of docs/reliability.md at their whole length: DURWARD_FULL=1, as make prove FULL=1
// sets it.
func full() bool { return os.Getenv("DURWARD_FULL") == "1" }

// proving says whether the tests run as proofs: DURWARD_PROVE=1, as make prove sets it. What a proof needs and does not
// find is then an error.
func proving() bool { return full() || os.Getenv("DURWARD_PROVE") == "1" }

// scaled is how often a test repeats: in full, for every change, and under the race detector.
func scaled(inFull, usual, underRace int) int { return sized(inFull, usual, usual, underRace) }

// sized is how often a proof repeats: in full, for make prove, for every change, and under the race detector.
func sized(inFull, inProof, usual, underRace int) int {
	switch {
	case full():
		return inFull
	case proving():
		return inProof
	case raceDetector:
		return underRace
	default:
		return usual
	}
}

// proved reports what a proof has found: its line in the table of make prove.
func proved(t *testing.T, format string, args ...any) {
	t.Helper()
	t.Logf("proof: "+format, args...)
}

// lacking skips a test that the machine does not let run, and fails it as a proof.
func lacking(t *testing.T, why string) {
	t.Helper()
	if proving() {
		t.Fatalf("this proof cannot run here: %s", why)
	}
	t.Skip(why)
}

// needTool returns the path of a program that a proof uses. The gate installs it: there, its absence is a failure.
func needTool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil && os.Getenv("CI") != "" {
		t.Fatalf("CI must have %s: %v", name, err)
	}
	if err != nil {
		lacking(t, name+" is not installed")
	}
	return path
}

// needRoot is for what only root on Linux may do: mount a file system, make a control group.
func needRoot(t *testing.T, what string) {
	t.Helper()
	if runtime.GOOS != "linux" || os.Geteuid() != 0 {
		lacking(t, what+" needs Linux and root")
	}
}

// together runs n functions at once: none begins before all are ready.
func together(n int, run func(i int)) {
	var ready, ended sync.WaitGroup
	gate := make(chan struct{})
	for i := range n {
		ready.Add(1)
		ended.Go(func() {
			ready.Done()
			<-gate
			run(i)
		})
	}
	ready.Wait()
	close(gate)
	ended.Wait()
}
