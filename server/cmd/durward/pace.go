package main

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	paceInterval = time.Second
	usualPercent = 100
	mostPercent  = 500
	heapRoom     = 24 << 20 // bytes that a busy server allocates between two collections
	busyCycles   = 4        // collections in an interval
)

// paceGC makes a busy server with a small heap collect garbage less often: with the runtime's usual pace it would do so
// dozens of times a second to save some megabytes. It ends with ctx. GOGC wins, if it is set.
func paceGC(ctx context.Context) {
	if os.Getenv("GOGC") != "" {
		return
	}
	ticker := time.NewTicker(paceInterval)
	defer ticker.Stop()
	sample := []metrics.Sample{{Name: "/gc/cycles/automatic:gc-cycles"}, {Name: "/gc/heap/live:bytes"}}
	percent, before := usualPercent, uint64(0)
	for first := true; ; first = false {
		metrics.Read(sample)
		cycles, live := sample[0].Value.Uint64(), sample[1].Value.Uint64()
		if next := pace(percent, cycles-before, live); !first && next != percent {
			debug.SetGCPercent(next)
			percent = next
		}
		before = cycles
		select {
		case <-ctx.Done():
			debug.SetGCPercent(usualPercent)
			return
		case <-ticker.C:
		}
	}
}

// pace returns the GC percentage after an interval with so many collections, the last of which left so much alive.
func pace(percent int, cycles, live uint64) int {
	if cycles < busyCycles && (percent == usualPercent || cycles == 0) {
		return usualPercent
	}
	return int(min(max(heapRoom*100/max(live, 1), usualPercent), mostPercent))
}
