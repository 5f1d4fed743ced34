package httpapi_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/revocation"
)

// patience bounds every wait of these tests.
const patience = 30 * time.Second

// verifier is a token for the feed.
func (d *door) verifier(lifetime time.Duration) string {
	d.t.Helper()
	return d.verifierOf("orders", lifetime)
}

func (d *door) verifierOf(client string, lifetime time.Duration) string {
	d.t.Helper()
	signer, err := durward.NewSigner(durward.SignerConfig{Issuer: issuer, Audience: issuer, Key: d.key, Clock: d.clock.Now})
	must(d.t, err)
	token, _, err := signer.Sign(d.t.Context(), durward.Claims{
		Subject: client, ID: "verifier-token", ClientID: client, Scopes: []string{revocation.Scope}, ExpiresAt: d.clock.Now().Add(lifetime),
	})
	must(d.t, err)
	return token
}

// run starts what the server runs in the background.
func (d *door) run() {
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		d.hub.Run(ctx, func(error) {})
		close(done)
	}()
	d.t.Cleanup(func() {
		d.hub.Drain()
		stop()
		<-done
	})
}

// stream is an open feed.
type stream struct {
	t      testing.TB
	body   io.ReadCloser
	events *revocation.EventReader
}

// follow opens a feed.
func (d *door) follow(token, after string) *stream {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), patience)
	d.t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, "GET", d.server.URL+"/revocations", nil)
	must(d.t, err)
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Accept", "text/event-stream")
	if after != "" {
		r.Header.Set("Last-Event-ID", after)
	}
	response, err := noRedirects.Do(r)
	must(d.t, err)
	d.t.Cleanup(func() { response.Body.Close() })
	if response.StatusCode != 200 || response.Header.Get("Content-Type") != "text/event-stream" ||
		response.Header.Get("X-Accel-Buffering") != "no" || response.Header.Get("Cache-Control") != "no-store" {
		d.t.Fatalf("got %d with %v, want an event stream that no proxy keeps", response.StatusCode, response.Header)
	}
	return &stream{d.t, response.Body, revocation.NewEventReader(response.Body)}
}

// next returns the next event but for heartbeats, unless they are what is wanted.
func (s *stream) next(want string) revocation.Event {
	s.t.Helper()
	for {
		e, err := s.events.Next()
		if err != nil {
			s.t.Fatalf("got error %v, want the event %s", err, want)
		}
		if e.Name == revocation.EventHeartbeat && want != revocation.EventHeartbeat {
			continue
		}
		if e.Name != want {
			s.t.Fatalf("got the event %+v, want %s", e, want)
		}
		return e
	}
}

// ids reads revoke events until there are n entries, and returns their ids and the last cursor.
func (s *stream) ids(n int) (ids []string, cursor string) {
	s.t.Helper()
	for len(ids) < n {
		e := s.next(revocation.EventRevoke)
		entries, err := revocation.ParseEntries(e.Data)
		must(s.t, err)
		if len(entries) > revocation.MaxBatch {
			s.t.Fatalf("got %d entries in one event", len(entries))
		}
		for _, entry := range entries {
			ids = append(ids, entry.ID)
		}
		cursor = e.ID
	}
	return ids, cursor
}

func (s *stream) ends(reason string) {
	s.t.Helper()
	if e := s.next(revocation.EventEnd); e.Data != `{"reason":"`+reason+`"}` {
		s.t.Errorf("got end %s, want the reason %s", e.Data, reason)
	}
	if e, err := s.events.Next(); err != io.EOF {
		s.t.Errorf("got %+v and error %v after the end, want nothing", e, err)
	}
}

func (d *door) revocations(from, to int) (entries []revocation.Entry, ids []string) {
	for i := from; i < to; i++ {
		id := fmt.Sprintf("session-%d", i)
		ids = append(ids, id)
		entries = append(entries, revocation.Entry{Kind: revocation.Session, ID: id, ExpiresAt: d.clock.Now().Add(time.Hour)})
	}
	return entries, ids
}

func TestTheSnapshotOfRevocations(t *testing.T) {
	d := open(t)
	expires := d.clock.Now().Add(time.Hour)
	d.feed.revoke(
		revocation.Entry{Kind: revocation.Session, ID: "s", ExpiresAt: expires.Add(time.Millisecond)},
		revocation.Entry{Kind: revocation.Subject, ID: "u", Below: 3, ExpiresAt: expires},
		revocation.Entry{Kind: revocation.Token, ID: "t", ExpiresAt: expires},
		revocation.Entry{Kind: revocation.Key, ID: "k"},
		revocation.Entry{Kind: revocation.Session, ID: "expired", ExpiresAt: d.clock.Now()},
	)
	token := d.verifier(time.Minute)
	text := func(path string) string {
		a := d.want(d.do("GET", path, "", as(token)), 200, "")
		if got := a.Header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("got Cache-Control %q, want no-store", got)
		}
		return strings.TrimSpace(a.body)
	}
	all := fmt.Sprintf(`{"reset":true,"entries":[{"kind":"sid","id":"s","expires_at":%d},{"kind":"sub","id":"u","below":3,"expires_at":%[2]d},`+
		`{"kind":"jti","id":"t","expires_at":%[2]d},{"kind":"kid","id":"k"}],"cursor":"epoch.5"}`, expires.Unix()+1, expires.Unix())
	for name, c := range map[string]struct{ path, want string }{
		"without a cursor":           {"/revocations", all},
		"with one of another epoch":  {"/revocations?after=other.2", all},
		"with one beyond the end":    {"/revocations?after=epoch.6", all},
		"with one in between":        {"/revocations?after=epoch.3", `{"entries":[{"kind":"kid","id":"k"}],"cursor":"epoch.5"}`},
		"with one of the end itself": {"/revocations?after=epoch.5", `{"entries":[],"cursor":"epoch.5"}`},
	} {
		got := text(c.path)
		if got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
		if _, err := revocation.ParseSnapshot(got); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, cursor := range []string{"epoch", "epoch.", ".1", "epoch.01", "epoch.-1", "epoch.1x", "e%20h.1", "epoch.99999999999999999999"} {
		d.want(d.do("GET", "/revocations?after="+cursor, "", as(token)), 400, "invalid_request")
	}
	d.want(d.do("GET", "/revocations?before=epoch.1", "", as(token)), 400, "invalid_request")
	d.feed.fail(errors.New("gone"))
	d.want(d.do("GET", "/revocations", "", as(token)), 500, "internal_error")
}

func TestAStreamBeginsWithEverythingAndGoesOn(t *testing.T) {
	d := open(t)
	entries, want := d.revocations(0, 30000) // more than the hub remembers
	d.feed.revoke(entries[:29000]...)
	must(t, d.hub.Read(t.Context()))
	d.run()
	s := d.follow(d.verifier(time.Hour), "")
	if e := s.next(revocation.EventReset); e.Data != "{}" || e.ID != "" {
		t.Errorf("got %+v, want a reset without a cursor", e)
	}
	got, _ := s.ids(29000)
	s.next(revocation.EventHeartbeat)
	d.feed.revoke(entries[29000:]...)
	more, cursor := s.ids(1000)
	if !slices.Equal(append(got, more...), want) {
		t.Error("got other entries, or in another order, than were revoked")
	}
	if cursor != "epoch.30000" {
		t.Errorf("got cursor %s, want epoch.30000", cursor)
	}
	if e := s.next(revocation.EventHeartbeat); e.ID != cursor || e.Data != fmt.Sprintf(`{"time":%d}`, d.clock.Now().Unix()) {
		t.Errorf("got heartbeat %+v, want the cursor %s", e, cursor)
	}
}

// A stream is cut again and again while entries come; whoever resumes gets each of them once.
func TestAStreamResumesWithoutGapOrRepetition(t *testing.T) {
	d := open(t)
	d.run()
	token := d.verifier(time.Hour)
	entries, want := d.revocations(0, 6000)
	go func() {
		for batch := range slices.Chunk(entries, 7) {
			d.feed.revoke(batch...)
		}
	}()
	var got []string
	cursor := "epoch.0"
	for len(got) < len(want) {
		s := d.follow(token, cursor)
		var ids []string
		ids, cursor = s.ids(1)
		s.body.Close()
		got = append(got, ids...)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %d entries, want the %d that were revoked in their order", len(got), len(want))
	}
}

func TestAStreamWithACursorThatMeansNothingIsReset(t *testing.T) {
	d := open(t)
	d.run()
	entries, want := d.revocations(0, 3)
	d.feed.revoke(entries...)
	for _, cursor := range []string{"other.1", "epoch.4", "epoch.18446744073709551615"} {
		s := d.follow(d.verifier(time.Hour), cursor)
		s.next(revocation.EventReset)
		if got, _ := s.ids(3); !slices.Equal(got, want) {
			t.Errorf("after %s: got %v, want %v", cursor, got, want)
		}
	}
	d.want(d.do("GET", "/revocations", "", as(d.verifier(time.Hour)), with("Accept", "text/event-stream"), with("Last-Event-ID", "x")), 400, "invalid_request")
}

func TestAStreamEndsWithItsToken(t *testing.T) {
	d := open(t)
	d.run()
	s := d.follow(d.verifier(time.Minute), "epoch.0")
	s.next(revocation.EventHeartbeat)
	d.clock.advance(time.Minute)
	s.ends(revocation.EndTokenExpired)

	s = d.follow(d.verifier(time.Minute), "epoch.0")
	s.next(revocation.EventHeartbeat)
	d.feed.revoke(revocation.Entry{Kind: revocation.Token, ID: "verifier-token", ExpiresAt: d.clock.Now().Add(time.Hour)})
	s.next(revocation.EventRevoke) // of its own token, which is the last that it learns
	s.ends(revocation.EndRevoked)
}

func TestAServerThatStopsEndsItsStreams(t *testing.T) {
	d := open(t)
	d.run()
	s := d.follow(d.verifier(time.Minute), "epoch.0")
	s.next(revocation.EventHeartbeat)
	d.hub.Drain()
	s.ends(revocation.EndDraining)
	a := d.want(d.do("GET", "/revocations", "", as(d.verifier(time.Minute)), with("Accept", "text/event-stream")), 503, "not_ready")
	if a.Header.Get("Retry-After") == "" {
		t.Error("got no Retry-After")
	}
}

func TestTheNumberOfStreamsIsBounded(t *testing.T) {
	d := open(t)
	d.run()
	token := d.verifier(time.Hour)
	var last *stream
	for range maxStreams {
		last = d.follow(token, "epoch.0")
		last.next(revocation.EventHeartbeat)
	}
	a := d.want(d.do("GET", "/revocations", "", as(token), with("Accept", "text/event-stream")), 503, "busy")
	if a.Header.Get("Retry-After") == "" {
		t.Error("got no Retry-After")
	}
	if got := d.scrape(); !strings.Contains(got, fmt.Sprintf("\ndurward_verifiers %d\n", maxStreams)) {
		t.Errorf("the metrics do not tell of %d verifiers", maxStreams)
	}
	last.body.Close()
	d.until("the place is free again", func() bool { return d.hub.Open() < maxStreams })
	d.follow(token, "epoch.0").next(revocation.EventHeartbeat)
}

// One client, or whoever has stolen its secret, cannot keep the verifiers of all others from the feed.
func TestAClientWithAllTheStreamsGivesWayToOthers(t *testing.T) {
	d := open(t)
	d.run()
	greedy, other := d.verifier(time.Hour), d.verifierOf("billing", time.Hour)
	ended := make(chan revocation.Event, maxStreams)
	for range maxStreams {
		s := d.follow(greedy, "epoch.0")
		s.next(revocation.EventHeartbeat)
		go func() {
			for {
				e, err := s.events.Next()
				if err != nil {
					return
				}
				if e.Name == revocation.EventEnd {
					ended <- e
				}
			}
		}()
	}
	for n := range maxStreams / 2 {
		d.follow(other, "epoch.0").next(revocation.EventHeartbeat)
		select {
		case e := <-ended:
			if want := `{"reason":"` + revocation.EndBusy + `"}`; e.Data != want {
				t.Errorf("got the end %s, want %s", e.Data, want)
			}
		case <-time.After(patience):
			t.Fatalf("no stream of the first client has ended for the other's number %d", n+1)
		}
	}
	for name, token := range map[string]string{"the first client": greedy, "the other": other} {
		d.want(d.do("GET", "/revocations", "", as(token), with("Accept", "text/event-stream")), 503, "busy")
		if len(ended) > 0 {
			t.Errorf("%s has half of the streams, and one more ended", name)
		}
	}
	if got := d.hub.Open(); got != maxStreams {
		t.Errorf("got %d open streams, want %d", got, maxStreams)
	}
}

func TestHeartbeatsStopWhileTheStoreCannotBeRead(t *testing.T) {
	d := open(t)
	d.run()
	s := d.follow(d.verifier(time.Hour), "epoch.0")
	s.next(revocation.EventHeartbeat)
	d.feed.fail(errors.New("gone"))
	d.until("the store is read", func() bool { return d.feed.tried() > 0 })
	d.clock.advance(3 * time.Second)
	silent := make(chan revocation.Event, 1)
	go func() {
		e, err := s.events.Next()
		if err == nil {
			silent <- e
		}
		close(silent)
	}()
	tried := d.feed.tried()
	// Polls go on for longer than a heartbeat's interval.
	d.until("the store is tried again", func() bool { return d.feed.tried() > tried+int(revocation.HeartbeatEvery/(100*time.Millisecond))+5 })
	select {
	case e := <-silent:
		t.Errorf("got %+v while the store could not be read", e)
	default:
	}
	d.feed.fail(nil)
	select {
	case e := <-silent:
		if e.Name != revocation.EventHeartbeat {
			t.Errorf("got %+v, want a heartbeat", e)
		}
	case <-time.After(patience):
		t.Error("got no heartbeat after the store came back")
	}
}

// A verifier that does not read is cut off; the others get everything, and it catches up.
func TestAVerifierThatDoesNotReadIsCutOff(t *testing.T) {
	d := open(t)
	d.run()
	token := d.verifier(time.Hour)
	conn, err := net.Dial("tcp", d.server.Listener.Addr().String())
	must(t, err)
	defer conn.Close()
	must(t, conn.(*net.TCPConn).SetReadBuffer(4096))
	_, err = fmt.Fprintf(conn, "GET /revocations HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nAccept: text/event-stream\r\n\r\n", token)
	must(t, err)
	status, err := bufio.NewReaderSize(conn, 16).ReadString('\n')
	if err != nil || !strings.Contains(status, " 200 ") {
		t.Fatalf("got %q and error %v", status, err)
	}
	d.until("the verifier follows", func() bool { return d.hub.Open() == 1 })
	quick := d.follow(token, "epoch.0")
	quick.next(revocation.EventHeartbeat)
	sent := 0
	for round := 0; d.hub.Slow() == 0; round++ {
		if round == 1000 {
			t.Fatal("the verifier that does not read was never cut off")
		}
		entries, want := d.revocations(sent, sent+2000)
		sent += 2000
		d.feed.revoke(entries...)
		if got, _ := quick.ids(len(want)); !slices.Equal(got, want) {
			t.Fatalf("round %d: the verifier that reads got other entries than were revoked", round)
		}
	}
}

// until waits for a condition.
func (d *door) until(what string, holds func() bool) {
	d.t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline.C:
			d.t.Fatalf("not within %v: %s", patience, what)
		}
	}
}
