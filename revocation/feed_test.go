package revocation_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/durward-auth/durward/revocation"
)

const issuer = "https://id.example.org"

var credentials = revocation.Credentials{ClientID: "orders:1", ClientSecret: "s3cret%"}

// issuing is an issuer with a feed, without a network between: a client's Transport. What goes wrong is set
// in its fields.
type issuing struct {
	t testing.TB

	mu       sync.Mutex
	epoch    string
	log      []revocation.Entry // its sequence is the cursor
	changed  chan struct{}      // closed and made anew at each change
	silent   bool               // no heartbeats
	refuse   int                // the status of every answer, if set
	lifetime int                // of access tokens, in seconds
	tokens   int                // how many were issued
	opened   []string           // the cursor of each stream that was opened
	cut      int                // streams of an older generation are cut
	end      string             // the reason with which they end, if any
	fault    func(stream io.Writer, n int) bool
}

func newIssuing(t testing.TB) *issuing {
	return &issuing{t: t, epoch: "e1", changed: make(chan struct{}), lifetime: 900}
}

func (s *issuing) change(what func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	what()
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *issuing) commit(entries ...revocation.Entry) {
	s.change(func() { s.log = append(s.log, entries...) })
}

// hangUp cuts every stream, with an end event if there is a reason.
func (s *issuing) hangUp(reason string) { s.change(func() { s.cut++; s.end = reason }) }

func (s *issuing) count() (tokens, streams int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tokens, len(s.opened)
}

// RoundTrip answers over a pipe that ends with the request's context.
func (s *issuing) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	refuse := s.refuse
	s.mu.Unlock()
	answer := func(status int, kind, body string) (*http.Response, error) {
		return &http.Response{
			StatusCode: status, Header: http.Header{"Content-Type": {kind}}, Body: io.NopCloser(strings.NewReader(body)), Request: r,
		}, nil
	}
	switch {
	case refuse < 0:
		return nil, errors.New("the network is down")
	case refuse > 0:
		return answer(refuse, "application/problem+json", "{}")
	case r.URL.Host != "id.example.org":
		s.t.Errorf("got a request for %s, want none for others", r.URL)
	case r.Method == http.MethodPost && r.URL.Path == "/token":
		return answer(http.StatusOK, "application/json", s.grant(r))
	case r.URL.Path == "/revocations" && r.Header.Get("Accept") == "text/event-stream":
		if !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer token-") {
			return answer(http.StatusUnauthorized, "application/problem+json", "{}")
		}
		reader, writer := io.Pipe()
		stop := context.AfterFunc(r.Context(), func() { reader.CloseWithError(r.Context().Err()) })
		go func() {
			defer stop()
			s.stream(r.Context(), writer, r.Header.Get("Last-Event-ID"))
			writer.Close()
		}()
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"text/event-stream; charset=utf-8"}}, Body: reader, Request: r}, nil
	}
	return answer(http.StatusNotFound, "text/plain", "")
}

func (s *issuing) grant(r *http.Request) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens++
	body, err := io.ReadAll(r.Body)
	if want := "grant_type=client_credentials&scope=revocations%3Aread"; err != nil || string(body) != want {
		s.t.Errorf("got the form %q, %v, want %q", body, err, want)
	}
	want := "Basic " + base64.StdEncoding.EncodeToString([]byte("orders%3A1:s3cret%25"))
	if got := r.Header.Get("Authorization"); got != want {
		s.t.Errorf("got the credentials %q, want %q", got, want)
	}
	return fmt.Sprintf(`{"access_token":"token-%d","token_type":"Bearer","expires_in":%d,"scope":"revocations:read"}`, s.tokens, s.lifetime)
}

// stream is the server's side of the protocol.
func (s *issuing) stream(ctx context.Context, w io.Writer, cursor string) {
	s.mu.Lock()
	s.opened = append(s.opened, cursor)
	generation, fault, n := s.cut, s.fault, len(s.opened)
	at, err := revocation.ParseCursor(cursor)
	reset := err != nil || at.Epoch != s.epoch || at.Seq > uint64(len(s.log))
	epoch := s.epoch
	s.mu.Unlock()
	send := func(e revocation.Event) bool { _, err := w.Write(e.AppendTo(nil)); return err == nil }
	if fault != nil && fault(w, n) {
		return
	}
	if reset {
		at = revocation.Cursor{Epoch: epoch}
		if !send(revocation.ResetEvent()) {
			return
		}
	}
	ticker := time.NewTicker(revocation.HeartbeatEvery)
	defer ticker.Stop()
	beat := true
	for ctx.Err() == nil {
		s.mu.Lock()
		changed, silent, cut, reason := s.changed, s.silent, s.cut != generation, s.end
		batch := s.log[at.Seq:min(int(at.Seq)+revocation.MaxBatch, len(s.log))]
		s.mu.Unlock()
		switch {
		case cut:
			if reason != "" {
				send(revocation.EndEvent(reason))
			}
			return
		case len(batch) > 0:
			at.Seq += uint64(len(batch))
			if !send(revocation.RevokeEvent(at, batch)) {
				return
			}
			continue
		case beat && !silent:
			if !send(revocation.HeartbeatEvent(at, time.Now())) {
				return
			}
		}
		beat = false
		select {
		case <-ctx.Done():
		case <-changed:
		case <-ticker.C:
			beat = true
		}
	}
}

func (s *issuing) client() *http.Client { return &http.Client{Transport: s} }

// follow follows the issuer in a bubble, and closes the follower at the test's end.
func (s *issuing) follow(o revocation.Options) *revocation.Follower {
	s.t.Helper()
	o.Client = s.client()
	f, err := revocation.Follow(s.t.Context(), issuer, credentials, o)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(f.Close)
	return f
}

func session(n int) revocation.Entry {
	return revocation.Entry{Kind: revocation.Session, ID: fmt.Sprintf("session-%d", n)}
}

func sessions(from, to int) []revocation.Entry {
	var list []revocation.Entry
	for n := from; n < to; n++ {
		list = append(list, session(n))
	}
	return list
}

// answers checks what the follower says of a session.
func answers(t testing.TB, f *revocation.Follower, n int, want revocation.Kind, wantErr error) {
	t.Helper()
	if kind, err := f.Revoked("", session(n).ID, "", "", 0); kind != want || err != wantErr {
		t.Fatalf("session %d: got %v, %v, want %v, %v", n, kind, err, want, wantErr)
	}
}

func TestAFollowerKnowsWhatWasAndWillBeRevoked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newIssuing(t)
		s.commit(sessions(0, 2*revocation.MaxBatch+7)...)
		s.commit(revocation.Entry{Kind: revocation.Subject, ID: "bob", Below: 3})
		f := s.follow(revocation.Options{})
		answers(t, f, 0, 0, revocation.ErrStale) // nothing is known yet
		if err := f.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		answers(t, f, 0, revocation.Session, nil)
		answers(t, f, 2*revocation.MaxBatch+6, revocation.Session, nil)
		answers(t, f, 5000, 0, nil)
		if kind, err := f.Revoked("t", "s", "k", "bob", 2); kind != revocation.Subject || err != nil {
			t.Errorf("a token of an older version: got %v, %v, want %v", kind, err, revocation.Subject)
		}
		if kind, err := f.Revoked("t", "s", "k", "bob", 3); kind != 0 || err != nil {
			t.Errorf("a token of this version: got %v, %v, want it to stand", kind, err)
		}
		s.commit(session(5000))
		synctest.Wait()
		answers(t, f, 5000, revocation.Session, nil)
		status := f.Status()
		if !status.Connected || status.Stale || status.Entries != 2*revocation.MaxBatch+9 || status.Cursor != "e1.1033" || status.Err != nil || status.Reconnects != 0 {
			t.Errorf("got %+v, want a connection in step at e1.1033", status)
		}
	})
}

func TestALinkThatIsCutMissesNothing(t *testing.T) {
	for _, reason := range []string{"", revocation.EndSlow, revocation.EndDraining, revocation.EndTokenExpired, revocation.EndRevoked} {
		synctest.Test(t, func(t *testing.T) {
			s := newIssuing(t)
			s.commit(sessions(0, 10)...)
			f := s.follow(revocation.Options{})
			if err := f.Ready(t.Context()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(3 * time.Second)
			s.change(func() { s.refuse = -1 })
			s.hangUp(reason)
			time.Sleep(20 * time.Second)
			s.commit(session(10))
			if status := f.Status(); status.Connected || status.Err == nil {
				t.Errorf("%q: got %+v, want no connection", reason, status)
			}
			s.change(func() { s.refuse = 0 })
			time.Sleep(5 * time.Second) // the longest pause between attempts
			synctest.Wait()
			answers(t, f, 10, revocation.Session, nil)
			if len(s.opened) != 2 || s.opened[1] != "e1.10" {
				t.Errorf("%q: got the cursors %q, want a second stream from e1.10", reason, s.opened)
			}
			if tokens, _ := s.count(); (tokens == 2) != (reason == revocation.EndTokenExpired || reason == revocation.EndRevoked) {
				t.Errorf("%q: got %d access tokens, want a second one only when the first is of no use", reason, tokens)
			}
		})
	}
}

func TestACleanEndIsFollowedAtOnceButNotInACircle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newIssuing(t)
		f := s.follow(revocation.Options{})
		if err := f.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		before := time.Now()
		s.hangUp(revocation.EndDraining)
		synctest.Wait()
		if _, streams := s.count(); streams != 2 || time.Now() != before {
			t.Errorf("got %d streams after %v, want the second at once", streams, time.Since(before))
		}
		s.change(func() {
			s.fault = func(w io.Writer, _ int) bool {
				_, _ = w.Write(revocation.EndEvent(revocation.EndDraining).AppendTo(nil))
				return true
			}
		})
		s.hangUp(revocation.EndDraining)
		time.Sleep(time.Minute)
		if _, streams := s.count(); streams < 10 || streams > 40 {
			t.Errorf("got %d streams in a minute of ends, want a dozen or two", streams)
		}
	})
}

func TestASilentLinkIsCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newIssuing(t)
		f := s.follow(revocation.Options{})
		if err := f.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.change(func() { s.silent = true })
		time.Sleep(3*revocation.HeartbeatEvery - time.Nanosecond)
		if _, streams := s.count(); streams != 1 {
			t.Errorf("got %d streams within three heartbeats, want 1", streams)
		}
		s.change(func() { s.silent = false })
		time.Sleep(time.Second)
		if _, streams := s.count(); streams != 2 {
			t.Errorf("got %d streams after three heartbeats without a word, want 2", streams)
		}
	})
}

func TestAccessTokensAreRenewedInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newIssuing(t)
		s.lifetime = 100
		f := s.follow(revocation.Options{})
		if err := f.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(90*time.Second - time.Nanosecond)
		if tokens, streams := s.count(); tokens != 1 || streams != 1 {
			t.Errorf("got %d tokens, %d streams, want 1, 1", tokens, streams)
		}
		time.Sleep(time.Second)
		if tokens, streams := s.count(); tokens != 2 || streams != 2 {
			t.Errorf("got %d tokens, %d streams after nine tenths of the token's time, want 2, 2", tokens, streams)
		}
		// A refused renewal does not end a stream that works.
		s.change(func() { s.refuse = http.StatusServiceUnavailable })
		time.Sleep(95 * time.Second)
		if status := f.Status(); !status.Connected || status.Stale || status.Reconnects != 1 {
			t.Errorf("got %+v, want the stream to go on", status)
		}
	})
}

func TestNothingIsLeftAfterClose(t *testing.T) {
	// A bubble does not end before every goroutine in it has.
	synctest.Test(t, func(t *testing.T) {
		for _, refuse := range []int{0, 503, -1} {
			s := newIssuing(t)
			s.refuse = refuse
			f, err := revocation.Follow(context.Background(), issuer, credentials, revocation.Options{Client: s.client()})
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
			f.Close()
			f.Close()
			if status := f.Status(); status.Connected {
				t.Errorf("got %+v after Close, want no connection", status)
			}
			if refuse != 0 {
				if err := f.Ready(context.Background()); !errors.Is(err, revocation.ErrStale) {
					t.Errorf("got %v from Ready after Close, want %v", err, revocation.ErrStale)
				}
			}
		}
		ctx, cancel := context.WithCancel(context.Background())
		s := newIssuing(t)
		f, err := revocation.Follow(ctx, issuer, credentials, revocation.Options{Client: s.client()})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		cancel()
		f.Close()
	})
}

func TestFollowChecksWhatItIsGiven(t *testing.T) {
	for name, c := range map[string]struct {
		issuer      string
		credentials revocation.Credentials
		options     revocation.Options
		want        string
	}{
		"http beyond loopback": {"http://id.example.org", credentials, revocation.Options{}, "https"},
		"no issuer":            {"", credentials, revocation.Options{}, "issuer"},
		"no secret":            {issuer, revocation.Credentials{ClientID: "x"}, revocation.Options{}, "ClientSecret"},
		"no client":            {issuer, revocation.Credentials{ClientSecret: "x"}, revocation.Options{}, "ClientID"},
		"less than heartbeats": {issuer, credentials, revocation.Options{MaxStaleness: time.Second}, "MaxStaleness"},
	} {
		f, err := revocation.Follow(t.Context(), c.issuer, c.credentials, c.options)
		if err == nil || f != nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want an error that names %s", name, err, c.want)
		}
	}
}

func TestCredentialsDoNotPrintTheirSecret(t *testing.T) {
	var out bytes.Buffer
	fmt.Fprintf(&out, "%v %+v %#v %s %q %d %v", credentials, credentials, credentials, credentials, credentials, credentials, &credentials)
	text, err := credentials.MarshalJSON()
	out.Write(text)
	out.WriteString(credentials.LogValue().String())
	if err != nil || strings.Contains(out.String(), credentials.ClientSecret) || !strings.Contains(out.String(), credentials.ClientID) {
		t.Errorf("got %s, %v, want the id alone", out.String(), err)
	}
}
