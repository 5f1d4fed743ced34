package blackbox_test

import (
	"bytes"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// linkState is what a link does with what it carries.
type linkState string

const (
	passing linkState = "passing"
	slow    linkState = "slow"   // every piece arrives late
	silent  linkState = "silent" // nothing arrives, and nobody hangs up
	cut     linkState = "cut"    // connections are closed, and new ones as soon as they are made
	broken  linkState = "reset"  // the same with RST
)

// lateness is that of a piece on a slow link.
const lateness = 100 * time.Millisecond

// link carries TCP connections to a server, well or badly.
type link struct {
	listener net.Listener
	target   string

	deaf atomic.Int64 // how many answers to commits are still to be lost, each with its connection

	mu      sync.Mutex
	state   linkState
	changed chan struct{} // closed at the next change
	conns   map[*net.TCPConn]bool
	work    sync.WaitGroup
}

func newLink(t *testing.T, target string) *link {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &link{listener: listener, target: target, state: passing, changed: make(chan struct{}), conns: map[*net.TCPConn]bool{}}
	l.work.Go(l.accept)
	t.Cleanup(func() {
		listener.Close()
		l.set(cut)
		l.work.Wait()
	})
	return l
}

// through is a database URL that leads over the link.
func (l *link) through(url string) string {
	return strings.Replace(url, l.target, l.listener.Addr().String(), 1)
}

// set changes what the link does from now on.
func (l *link) set(state linkState) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state = state
	close(l.changed)
	l.changed = make(chan struct{})
	if state == cut || state == broken {
		for conn := range l.conns {
			hangUp(conn, state)
		}
	}
}

func hangUp(conn *net.TCPConn, state linkState) {
	if state == broken {
		_ = conn.SetLinger(0) // it is about to be closed
	}
	conn.Close()
}

func (l *link) now() (linkState, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state, l.changed
}

func (l *link) accept() {
	for {
		accepted, err := l.listener.Accept()
		if err != nil {
			return
		}
		client := accepted.(*net.TCPConn)
		if state, _ := l.now(); state == cut || state == broken {
			hangUp(client, state)
			continue
		}
		dialled, err := net.Dial("tcp", l.target)
		if err != nil {
			client.Close()
			continue
		}
		server := dialled.(*net.TCPConn)
		l.keep(client, server)
		for _, way := range [][2]*net.TCPConn{{client, server}, {server, client}} {
			l.work.Go(func() {
				l.carry(way[0], way[1])
				client.Close()
				server.Close()
				l.mu.Lock()
				defer l.mu.Unlock()
				delete(l.conns, client)
				delete(l.conns, server)
			})
		}
	}
}

func (l *link) keep(conns ...*net.TCPConn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, conn := range conns {
		l.conns[conn] = true
	}
}

// committed is how PostgreSQL says so (CommandComplete).
var committed = []byte("C\x00\x00\x00\x0bCOMMIT\x00")

// carry copies until one side has ended.
func (l *link) carry(from io.Reader, to io.Writer) {
	piece := make([]byte, 16<<10)
	for {
		n, err := from.Read(piece)
		if err != nil {
			return
		}
		if bytes.Contains(piece[:n], committed) && l.deaf.Add(-1) >= 0 {
			return
		}
		l.hinder()
		if _, err := to.Write(piece[:n]); err != nil {
			return
		}
	}
}

// hinder returns when the link lets a piece through.
func (l *link) hinder() {
	for {
		state, changed := l.now()
		switch state {
		case slow:
			timer := time.NewTimer(lateness)
			defer timer.Stop()
			select {
			case <-timer.C:
				return
			case <-changed:
			}
		case silent:
			<-changed
		default:
			return
		}
	}
}
