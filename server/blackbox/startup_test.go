package blackbox_test

import (
	"net/http"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// TestStartup reports how long the server takes from its start to the first healthy answer, and the memory that it
// has then and after some use: the median of nine starts on data that is there. docs/reliability.md has the figures.
// It is alone on its machine only when it is run alone: go test -count=1 -v -run TestStartup ./server/blackbox
func TestStartup(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector costs more than what is measured")
	}
	data := filepath.Join(t.TempDir(), "data")
	server := startOn(t, data)
	server.client().register(t, "ada")
	server.stop()
	openSessions(t, data, "ada", 1000)

	var starts []time.Duration
	var fresh, used []int
	for range 9 {
		begin := time.Now()
		server := startOn(t, data)
		c := server.client()
		c.want(t, http.StatusOK, "GET", "/healthz", "", nil)
		starts = append(starts, time.Since(begin))
		fresh = append(fresh, server.resident(t))
		session := c.login(t, "ada")
		for range 1000 {
			c.accepted(t, session.Access)
		}
		c.refresh(t, session.Refresh)
		used = append(used, server.resident(t))
		server.stop()
	}
	t.Logf("start to the first healthy answer: median %v of %v", median(starts), starts)
	t.Logf("resident memory then: median %.1f MB; after a login and 1,000 protected requests: %.1f MB", megabytes(median(fresh)), megabytes(median(used)))
	if median(fresh) == 0 {
		t.Skip("this system does not tell the memory of a process")
	}
}

func median[T int | float64 | time.Duration](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

func megabytes(bytes int) float64 { return float64(bytes) / 1e6 }
