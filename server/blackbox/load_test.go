package blackbox_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// lineage is a session that is refreshed again and again: the last two refresh tokens whose answers arrived.
type lineage struct {
	predecessor, successor string
	rotations              int
	pending                bool // an answer was lost: there may be one more rotation
}

// promotion is a user whose roles an administrator changes again and again.
type promotion struct {
	user    string // id
	before  tokens // of a session from before the first change
	role    string // that of the last change that was acknowledged
	pending string // that of one whose answer was lost
	changes int
}

// acknowledged is what a server has said yes to.
type acknowledged struct {
	registrations []string
	logouts       []tokens
	lineages      []lineage
	promotions    []promotion
}

func (a *acknowledged) rotations() int {
	n := 0
	for _, l := range a.lineages {
		n += l.rotations
	}
	return n
}

func (a *acknowledged) changes() int {
	n := 0
	for _, p := range a.promotions {
		n += p.changes
	}
	return n
}

// orders are what a load has to work on.
type orders struct {
	names   string      // prefix of the user names to register, unique for each load
	end     []tokens    // sessions to log out
	refresh []tokens    // sessions to refresh
	admin   string      // access token of an administrator
	promote []promotion // users whose roles to change
	again   []int       // statuses that are no answer: the request is sent again
}

// load is clients that register, log out, refresh and change roles until their server is gone.
type load struct {
	orders
	client  *client
	ended   atomic.Bool
	acks    chan struct{} // one for each acknowledgement, until nobody wants to know
	quiet   chan struct{} // closed when nobody wants to know any more
	refused atomic.Int64  // answers that were none
	changed atomic.Int64  // roles

	mu   sync.Mutex
	said acknowledged
	odd  []string // answers that nobody should get
	work sync.WaitGroup
}

func startLoad(c *client, o orders) *load {
	l := &load{orders: o, client: c, acks: make(chan struct{}, 1024), quiet: make(chan struct{})}
	const registrars, leavers = 2, 8
	for i := range registrars {
		l.work.Go(func() { l.register(i) })
	}
	for some := range slices.Chunk(o.end, max(1, (len(o.end)+leavers-1)/leavers)) {
		l.work.Go(func() { l.logout(some) })
	}
	for _, session := range o.refresh {
		l.work.Go(func() { l.rotate(session) })
	}
	for _, p := range o.promote {
		l.work.Go(func() { l.change(p) })
	}
	return l
}

// ask sends a request until it is answered. It reports false when the server, or the load, has ended first; lost says
// whether an answer may have been lost on the way.
func (l *load) ask(method, path, token string, body any) (a answer, lost, ok bool) {
	for !l.ended.Load() {
		a, err := l.client.send(method, path, token, body)
		if err != nil {
			return answer{}, true, false
		}
		if !slices.Contains(l.again, a.status) {
			return a, lost, true
		}
		lost = true
		l.refused.Add(1)
		pause()
	}
	return answer{}, lost, false
}

// pause keeps clients that were refused from filling the processors of the server that they wait for.
func pause() {
	timer := time.NewTimer(20 * time.Millisecond)
	defer timer.Stop()
	<-timer.C
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
		a, lost, ok := l.ask("POST", "/register", "", members{"username": name, "password": password})
		if !ok {
			return
		}
		if lost && a.status == http.StatusConflict { // the lost answer was yes
			a.status = http.StatusCreated
		}
		l.acknowledge(a, http.StatusCreated, func(said *acknowledged) { said.registrations = append(said.registrations, name) })
	}
}

func (l *load) logout(sessions []tokens) {
	for _, session := range sessions {
		a, _, ok := l.ask("POST", "/logout", session.Access, nil)
		if !ok {
			return
		}
		l.acknowledge(a, http.StatusNoContent, func(said *acknowledged) { said.logouts = append(said.logouts, session) })
	}
}

func (l *load) rotate(session tokens) {
	line := lineage{successor: session.Refresh}
	for !l.ended.Load() {
		a, lost, ok := l.ask("POST", "/refresh", "", members{"refresh_token": line.successor})
		if !ok {
			line.pending = lost
			break
		}
		var next tokens
		if err := json.Unmarshal(a.body, &next); err != nil || next.Refresh == "" {
			l.acknowledge(a, http.StatusOK, func(*acknowledged) {})
			return
		}
		line = lineage{predecessor: line.successor, successor: next.Refresh, rotations: line.rotations + 1}
		l.acknowledge(a, http.StatusOK, func(*acknowledged) {})
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.said.lineages = append(l.said.lineages, line)
}

func (l *load) change(p promotion) {
	for n := 0; !l.ended.Load(); n++ {
		role := fmt.Sprintf("%s-%d", l.names, n)
		a, lost, ok := l.ask("PUT", "/admin/users/"+p.user+"/roles", l.admin, members{"roles": []string{role}})
		if !ok {
			if lost {
				p.pending = role
			}
			break
		}
		l.acknowledge(a, http.StatusOK, func(*acknowledged) {
			p.role, p.changes = role, p.changes+1
			l.changed.Add(1)
		})
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.said.promotions = append(l.said.promotions, p)
}

// await waits until the server has answered so many times, and has answered to every kind of request.
func (l *load) await(t *testing.T, acks int) {
	t.Helper()
	l.awaitSome(t, acks)
	close(l.quiet)
}

func (l *load) awaitSome(t *testing.T, acks int) {
	t.Helper()
	stuck := time.NewTimer(patience)
	defer stuck.Stop()
	for n := 0; n < acks || !l.allKinds(); n++ {
		select {
		case <-l.acks:
			stuck.Reset(patience)
		case <-stuck.C:
			t.Fatalf("the load has had no answer for %v; it wants %d and each kind, and has %d: %v", patience, acks, n, l.odd)
		}
	}
}

func (l *load) allKinds() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.said.registrations) > 0 && len(l.said.logouts) > 0 && (len(l.promote) == 0 || l.changed.Load() > 0)
}

// end is called when the server is gone, or is to be left in peace, and returns what it had said.
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
