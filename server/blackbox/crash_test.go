package blackbox_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"
)

// The server is killed in mid load, again and again: what it has acknowledged is there afterwards.
func TestAKillLosesNothingThatWasAcknowledged(t *testing.T) {
	t.Parallel()
	kills := scaled(10, 2, 1)
	most := scaled(6000, 600, 150) // acknowledgements before a kill
	data := filepath.Join(t.TempDir(), "data")
	flags := []string{"--refresh-grace", "60s", "--log-level", "error"}
	server := startOn(t, data, flags...)
	c := server.client()
	c.register(t, "ada")

	var registrations, logouts, rotations, lost int
	var all []acknowledged
	var slowest time.Duration
	for kill := range kills {
		load := startLoad(c, fmt.Sprintf("user-%d", kill), openSessions(t, data, "ada", most), openSessions(t, data, "ada", 16))
		load.await(t, most/4+rand.IntN(most*3/4))
		server.kill()
		said := load.end(t)

		begin := time.Now()
		server = startOn(t, data, flags...)
		c = server.client()
		slowest = max(slowest, time.Since(begin))
		said.kept(t, c)
		healthy(t, data)
		all = append(all, said)
		registrations += len(said.registrations)
		logouts += len(said.logouts)
		rotations += said.rotations()
		for _, line := range said.lineages {
			if line.pending {
				lost++
			}
		}
	}
	for _, said := range all {
		for _, session := range said.logouts {
			c.refreshRefused(t, "invalid_refresh_token", session.Refresh)
		}
	}
	if registrations == 0 || logouts == 0 || rotations == 0 {
		t.Errorf("there were %d registrations, %d logouts and %d rotations, want some of each", registrations, logouts, rotations)
	}
	t.Logf("%d kills: %d registrations, %d logouts and %d rotations acknowledged, none lost; %d rotations were cut off; the slowest restart took %v", kills, registrations, logouts, rotations, lost, slowest.Round(time.Millisecond))
	server.stop()
	healthy(t, data)
}
