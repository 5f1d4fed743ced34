package blackbox_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/durward-auth/durward/server/internal/pgtest"
)

// TestRatesOfOneServer reports how many refreshes and logouts a server on SQLite manages at 16 connections, and what they cost. The figures
// are of use only when it is run alone: DURWARD_FULL=1 go test -count=1 -v -run TestRatesOf ./server/blackbox
func TestRatesOfOneServer(t *testing.T) {
	if !full() { // alone, or the figures are of no use
		t.Parallel()
	}
	server := startOn(t, filepath.Join(t.TempDir(), "data"))
	people := appoint(t, server)
	r := rates{}
	for range scaled(9, 1, 1) {
		each := scaled(600, 4, 2)
		r.measure(t, "", []*process{server}, openSessions(t, people.data, "ada", rateConnections*each))
	}
	proved(t, "SQLite, medians: %s", r.text(""))
}

// TestRatesOfReplicas is the same with one server and with three on PostgreSQL.
func TestRatesOfReplicas(t *testing.T) {
	if !full() { // alone, or the figures are of no use
		t.Parallel()
	}
	servers := replicas(t, pgtest.Database(t), 3)
	people := appoint(t, servers[0])
	r := rates{}
	for range scaled(7, 1, 1) {
		for _, n := range []int{1, 3} {
			each := scaled(300, 4, 2)
			held := opened(t, people.data, people.url).sessions("ada", rateConnections*each)
			r.measure(t, fmt.Sprint(n), servers[:n], held)
		}
	}
	proved(t, "PostgreSQL, medians: one server: %s; three: %s; three beside one: refreshes %.2f times as many, logouts %.2f", r.text("1"), r.text("3"),
		r.ratio("refresh", "3", "1"), r.ratio("logout", "3", "1"))
}

// rateConnections is over how many connections a rate is measured.
const rateConnections = 16

// rates are the figures of each round by name: the rate of an act, its slowest hundredth, and the processor time of the servers.
type rates map[string][]float64

// measure refreshes and then ends sessions, as many for each connection.
func (r rates) measure(t *testing.T, side string, servers []*process, held []tokens) {
	t.Helper()
	each := len(held) / rateConnections
	clients := make([]*client, rateConnections)
	for lane := range clients {
		clients[lane] = servers[lane%len(servers)].client()
		defer clients[lane].http.CloseIdleConnections()
	}
	refresh := func(lane, _ int) (answer, error) {
		a, err := clients[lane].send("POST", "/refresh", "", members{"refresh_token": held[lane*each].Refresh})
		if err == nil && a.status == http.StatusOK {
			held[lane*each] = a.tokens(t)
		}
		return a, err
	}
	together(rateConnections, func(lane int) { _, _ = refresh(lane, 0) }) // opens connections
	r.act(t, "refresh"+side, servers, each, http.StatusOK, refresh)
	r.act(t, "logout"+side, servers, each, http.StatusNoContent, func(lane, i int) (answer, error) {
		return clients[lane].send("POST", "/logout", held[lane*each+i].Access, nil)
	})
}

func (r rates) act(t *testing.T, name string, servers []*process, each, want int, act func(lane, i int) (answer, error)) {
	t.Helper()
	processors := func() (total time.Duration) {
		for _, s := range servers {
			total += s.processor(t)
		}
		return total
	}
	var wrong atomic.Int64
	var mu sync.Mutex
	var took []time.Duration
	before, begin := processors(), time.Now()
	together(rateConnections, func(lane int) {
		own := make([]time.Duration, each)
		for i := range own {
			asked := time.Now()
			if a, err := act(lane, i); err != nil || a.status != want {
				wrong.Add(1)
			}
			own[i] = time.Since(asked)
		}
		mu.Lock()
		defer mu.Unlock()
		took = append(took, own...)
	})
	n := float64(len(took))
	r[name] = append(r[name], n/time.Since(begin).Seconds())
	r[name+" cpu"] = append(r[name+" cpu"], float64((processors()-before).Microseconds())/n)
	slices.Sort(took)
	r[name+" p99"] = append(r[name+" p99"], took[len(took)*99/100].Seconds()*1000)
	if wrong.Load() > 0 {
		t.Errorf("%s: %d wrong answers", name, wrong.Load())
	}
}

func (r rates) text(side string) string {
	text := ""
	for _, act := range []string{"refresh", "logout"} {
		if text != "" {
			text += ", "
		}
		name := act + side
		text += fmt.Sprintf("%s %.0f a second, %.0f µs of the servers' processors each, p99 %.1f ms", act, median(r[name]), median(r[name+" cpu"]), median(r[name+" p99"]))
	}
	return text
}

// ratio is the median of what one side did in a round beside the other.
func (r rates) ratio(act, side, other string) float64 {
	var ratios []float64
	for i, rate := range r[act+side] {
		ratios = append(ratios, rate/r[act+other][i])
	}
	return median(ratios)
}
