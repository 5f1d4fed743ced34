package blackbox_test

import (
	"os"
	"sync"
)

// full says whether to run the proofs of docs/reliability.md at their whole length: DURWARD_FULL=1.
func full() bool { return os.Getenv("DURWARD_FULL") == "1" }

// scaled is how often a proof repeats: in full, for every change, and under the race detector.
func scaled(inFull, usual, underRace int) int {
	switch {
	case full():
		return inFull
	case raceDetector:
		return underRace
	default:
		return usual
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
