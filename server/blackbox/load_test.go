package blackbox_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
)

// lineage is a session that is refreshed again and again: the last two refresh tokens whose answers arrived.
type lineage struct {
	predecessor, successor string
	rotations              int
	pending                bool // an answer was lost: there may be one more rotation
}

// acknowledged is what a server has said yes to.
type acknowledged struct {
	registrations []string
	logouts       []tokens
	lineages      []lineage
}

func (a *acknowledged) rotations() int {
	n := 0
	for _, l := range a.lineages {
		n += l.rotations
	}
	return n
}

// load is clients that register, log out and refresh until their server is gone.
type load struct {
	client *client
	names  string // prefix of the user names, unique for each load
	ended  atomic.Bool
	acks   chan struct{} // one for each acknowledgement, until nobody wants to know
	quiet  chan struct{} // closed when nobody wants to know any more

	mu   sync.Mutex
	said acknowledged
	odd  []string // answers that nobody should get
	work sync.WaitGroup
}

// startLoad begins with the sessions to end and those to refresh.
func startLoad(c *client, names string, end, refresh []tokens) *load {
	l := &load{client: c, names: names, acks: make(chan struct{}, 1024), quiet: make(chan struct{})}
	const registrars, leavers = 2, 8
	for i := range registrars {
		l.work.Go(func() { l.register(i) })
	}
	for some := range slices.Chunk(end, (len(end)+leavers-1)/leavers) {
		l.work.Go(func() { l.logout(some) })
	}
	for _, session := range refresh {
		l.work.Go(func() { l.refresh(session) })
	}
	return l
}

// acknowledge counts an answer, or one that nobody should get.
func (l *load) acknowledge(a answer, status int, note func(*acknowledged)) {
	l.mu.Lock()
	if a.status == status {
		note(&l.said)
	} else {
		l.odd = append(l.odd, fmt.Sprintf("status %d, want %d: %s", a.status, status, a.body))
	}
	l.mu.Unlock()
	select {
	case l.acks <- struct{}{}:
	case <-l.quiet:
	}
}

func (l *load) register(i int) {
	for n := 0; !l.ended.Load(); n++ {
		name := fmt.Sprintf("%s-%d-%d", l.names, i, n)
		a, err := l.client.send("POST", "/register", "", members{"username": name, "password": password})
		if err != nil {
			return
		}
		l.acknowledge(a, http.StatusCreated, func(said *acknowledged) { said.registrations = append(said.registrations, name) })
	}
}

func (l *load) logout(sessions []tokens) {
	for _, session := range sessions {
		if l.ended.Load() {
			return
		}
		a, err := l.client.send("POST", "/logout", session.Access, nil)
		if err != nil {
			return
		}
		l.acknowledge(a, http.StatusNoContent, func(said *acknowledged) { said.logouts = append(said.logouts, session) })
	}
}

func (l *load) refresh(session tokens) {
	line := lineage{successor: session.Refresh}
	for !l.ended.Load() {
		a, err := l.client.send("POST", "/refresh", "", members{"refresh_token": line.successor})
		if err != nil {
			line.pending = true
			break
		}
		var next tokens
		if err := json.Unmarshal(a.body, &next); err != nil || next.Refresh == "" {
			a.status = 0 // not what was wanted
		}
		line = lineage{predecessor: line.successor, successor: next.Refresh, rotations: line.rotations + 1}
		l.acknowledge(a, http.StatusOK, func(*acknowledged) {})
		if a.status != http.StatusOK {
			return
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.said.lineages = append(l.said.lineages, line)
}

// await waits until the server has answered so many times, and has answered to every kind of request.
func (l *load) await(t *testing.T, acks int) {
	t.Helper()
	for n := 0; n < acks || !l.allKinds(); n++ {
		select {
		case <-l.acks:
		case <-t.Context().Done():
			t.Fatal("the load came to nothing")
		}
	}
	close(l.quiet)
}

func (l *load) allKinds() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.said.registrations) > 0 && len(l.said.logouts) > 0
}

// end is called when the server is gone, and returns what it had said.
func (l *load) end(t *testing.T) acknowledged {
	t.Helper()
	l.ended.Store(true)
	l.work.Wait()
	l.client.http.CloseIdleConnections()
	for _, complaint := range l.odd {
		t.Errorf("under load: %s", complaint)
	}
	return l.said
}

// kept wants everything that was acknowledged to be so still. The lineages come first: a rotation whose answer was lost
// can be asked for again within the grace alone.
func (a *acknowledged) kept(t *testing.T, c *client) {
	t.Helper()
	for i, line := range a.lineages {
		if line.rotations == 0 {
			c.refresh(t, line.successor)
			continue
		}
		if i%2 == 0 {
			line.oneLineage(t, c)
		}
		if i%2 == 1 || !line.pending {
			next := c.refresh(t, line.successor)
			c.accepted(t, next.Access)
			c.refreshRefused(t, "refresh_token_reused", line.predecessor)
			c.refreshRefused(t, "invalid_refresh_token", next.Refresh)
		}
	}
	for _, name := range a.registrations {
		c.login(t, name)
	}
	for _, session := range a.logouts {
		c.rejected(t, "token_revoked", session.Access)
		c.refreshRefused(t, "invalid_refresh_token", session.Refresh)
	}
}

// oneLineage presents the predecessor: it leads to the successor that was answered, or to nothing.
func (l lineage) oneLineage(t *testing.T, c *client) {
	t.Helper()
	a := c.call(t, "POST", "/refresh", "", members{"refresh_token": l.predecessor})
	if a.status == http.StatusOK {
		if got := a.tokens(t).Refresh; got != l.successor {
			t.Error("the predecessor of an acknowledged rotation has a second successor")
		}
		return
	}
	// The rotation whose answer was lost took place: then the predecessor is two generations old.
	if complaint := a.problem(http.StatusUnauthorized, "refresh_token_reused"); complaint != "" || !l.pending {
		t.Errorf("the predecessor of an acknowledged rotation: %s (an answer was lost: %t)", complaint, l.pending)
	}
}
