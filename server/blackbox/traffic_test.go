package blackbox_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// traffic is clients that go on, whatever happens to the servers, until it ends. What fails is kept.
type traffic struct {
	ended   atomic.Bool
	work    sync.WaitGroup
	arrived chan struct{} // receives after an answer

	mu     sync.Mutex
	counts map[string]int
	wrong  []string
}

func newTraffic(t *testing.T) *traffic {
	tr := &traffic{counts: map[string]int{}, arrived: make(chan struct{}, 1)}
	t.Cleanup(tr.stop)
	return tr
}

// repeat runs a step again and again in a goroutine of its own.
func (tr *traffic) repeat(step func()) {
	tr.work.Go(func() {
		for !tr.ended.Load() {
			step()
		}
	})
}

// note counts an answer, and keeps it when it is not the status that is wanted.
func (tr *traffic) note(what string, a answer, err error, want int) bool {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.counts[what]++
	select {
	case tr.arrived <- struct{}{}:
	default:
	}
	if err == nil && a.status == want {
		return true
	}
	tr.wrong = append(tr.wrong, fmt.Sprintf("%s %d: status %d, want %d: %s %v", what, tr.counts[what], a.status, want, tail(string(a.body)), err))
	return false
}

func (tr *traffic) count(what string) int {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return tr.counts[what]
}

// await waits for another answer of each kind.
func (tr *traffic) await(t *testing.T, kinds ...string) {
	t.Helper()
	deadline := time.After(patience)
	for _, kind := range kinds {
		for from := tr.count(kind); tr.count(kind) == from; {
			select {
			case <-tr.arrived:
			case <-deadline:
				t.Fatalf("no %s was answered within %v", kind, patience)
			}
		}
	}
}

func (tr *traffic) stop() {
	tr.ended.Store(true)
	tr.work.Wait()
}

// flawless ends the traffic and wants all of it to have succeeded, with some of each kind. It says how much there was.
func (tr *traffic) flawless(t *testing.T, kinds ...string) string {
	t.Helper()
	tr.stop()
	for i, complaint := range tr.wrong {
		if i == 10 {
			t.Errorf("and %d more", len(tr.wrong)-i)
			break
		}
		t.Error(complaint)
	}
	for _, kind := range kinds {
		if tr.counts[kind] == 0 {
			t.Errorf("there was no %s", kind)
		}
	}
	var said []string
	for _, kind := range slices.Sorted(maps.Keys(tr.counts)) {
		said = append(said, fmt.Sprintf("%d × %s", tr.counts[kind], kind))
	}
	return fmt.Sprintf("%s, %d wrong", strings.Join(said, ", "), len(tr.wrong))
}

// refresh goes from refresh token to refresh token, and asks for the protected route with each access token.
func (tr *traffic) refresh(t *testing.T, c *client, session tokens) {
	tr.repeat(func() {
		a, err := c.send("POST", "/refresh", "", members{"refresh_token": session.Refresh})
		if !tr.note("refresh", a, err, http.StatusOK) {
			return
		}
		session = a.tokens(t)
		a, err = c.send("GET", "/protected", session.Access, nil)
		tr.note("protected", a, err, http.StatusOK)
	})
}

// logout ends one session after another, and then the same again.
func (tr *traffic) logout(c *client, sessions []tokens) {
	next := 0
	tr.repeat(func() {
		a, err := c.send("POST", "/logout", sessions[next%len(sessions)].Access, nil)
		tr.note("logout", a, err, http.StatusNoContent)
		next++
	})
}

// login opens a session and ends it.
func (tr *traffic) login(t *testing.T, c *client, name string) {
	tr.repeat(func() {
		a, err := c.send("POST", "/login", "", members{"username": name, "password": password})
		if !tr.note("login", a, err, http.StatusOK) {
			return
		}
		a, err = c.send("POST", "/logout", a.tokens(t).Access, nil)
		tr.note("logout", a, err, http.StatusNoContent)
	})
}
