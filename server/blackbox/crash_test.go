package blackbox_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/durward-auth/durward/server/internal/pgtest"
)

// TestAKillLosesNothingThatWasAcknowledged kills the server in mid load, again and again (CASES.md K01): what it has
// acknowledged is there afterwards, and what was ended stays ended.
func TestAKillLosesNothingThatWasAcknowledged(t *testing.T) {
	t.Parallel()
	kills := sized(2000, 200, 2, 1)
	const onOneDatabase = 50
	var sum tally
	for done := 0; done < kills; done += onOneDatabase {
		killRepeatedly(t, min(onOneDatabase, kills-done), &sum)
	}
	sum.nonzero(t)
	proved(t, "%d × kill -9, SQLite: %v; 0 lost, 0 revived; the slowest restart took %v", kills, &sum, sum.slowest.Round(time.Millisecond))
}

func TestAKillLosesNothingThatWasAcknowledgedOnPostgreSQL(t *testing.T) {
	t.Parallel()
	kills := sized(200, 60, 1, 1)
	var sum tally
	killRepeatedly(t, kills, &sum, "--db", pgtest.Database(t))
	sum.nonzero(t)
	proved(t, "%d × kill -9, PostgreSQL: %v; 0 lost, 0 revived; the slowest restart took %v", kills, &sum, sum.slowest.Round(time.Millisecond))
}

// tally is what was acknowledged in all.
type tally struct {
	registrations, logouts, rotations, changes, cutOff int
	slowest                                            time.Duration
}

func (s *tally) add(said acknowledged) {
	s.registrations += len(said.registrations)
	s.logouts += len(said.logouts)
	s.rotations += said.rotations()
	s.changes += said.changes()
	for _, line := range said.lineages {
		if line.pending {
			s.cutOff++
		}
	}
}

func (s *tally) String() string {
	return fmt.Sprintf("%d registrations, %d logouts, %d rotations and %d role changes acknowledged, %d rotations cut off",
		s.registrations, s.logouts, s.rotations, s.changes, s.cutOff)
}

func (s *tally) nonzero(t *testing.T) {
	t.Helper()
	if s.registrations == 0 || s.logouts == 0 || s.rotations == 0 || s.changes == 0 {
		t.Errorf("there were %v; want some of each", s)
	}
}

// killRepeatedly kills servers on one data directory.
func killRepeatedly(t *testing.T, kills int, sum *tally, database ...string) {
	t.Helper()
	most := sized(200, 1000, 200, 100) // acknowledgements before a kill: many kills need not have many each
	data := filepath.Join(t.TempDir(), "data")
	flags := append([]string{"--refresh-grace", "60s", "--log-level", "error"}, database...)
	server := startOn(t, data, flags...)
	c := server.client()
	staff := appoint(t, server)

	var all []acknowledged
	for kill := range kills {
		work := staff.orders(t, fmt.Sprintf("user-%d", kill), most)
		if len(database) > 0 { // whose own timeouts a loaded machine may run into
			work.again = []int{http.StatusServiceUnavailable}
		}
		load := startLoad(c, work)
		load.await(t, most/4+rand.IntN(most*3/4))
		server.kill()
		said := load.end(t)

		begin := time.Now()
		server = startOn(t, data, flags...)
		c = server.client()
		sum.slowest = max(sum.slowest, time.Since(begin))
		said.kept(t, c, work.admin)
		sum.add(said)
		all = append(all, said)
		if kill%10 == 0 {
			healthy(t, data, database...)
		}
		if t.Failed() {
			t.FailNow()
		}
	}
	for _, said := range all {
		for _, session := range said.logouts {
			c.refreshRefused(t, "invalid_refresh_token", session.Refresh)
		}
	}
	server.stop()
	healthy(t, data, database...)
}
