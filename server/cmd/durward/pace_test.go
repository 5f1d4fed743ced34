package main

import "testing"

func TestPace(t *testing.T) {
	const mib = 1 << 20
	for name, c := range map[string]struct {
		percent      int
		cycles, live uint64
		want         int
	}{
		"an idle server":                       {100, 1, 4 * mib, 100},
		"a busy server with a small heap":      {100, 30, 4 * mib, 500},
		"a busy server with hashes in memory":  {100, 30, 12 * mib, 200},
		"a busy server with a large heap":      {100, 30, 500 * mib, 100},
		"a paced server that is still busy":    {500, 1, 5 * mib, 480},
		"a paced server whose heap has grown":  {500, 3, 100 * mib, 100},
		"a paced server that has become quiet": {500, 0, 4 * mib, 100},
		"a heap that was never measured":       {100, 9, 0, 500},
	} {
		t.Run(name, func(t *testing.T) {
			if got := pace(c.percent, c.cycles, c.live); got != c.want {
				t.Errorf("got %d, want %d", got, c.want)
			}
		})
	}
}
