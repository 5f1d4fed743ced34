package blackbox_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// thief stands before a server. It lets each request through, waits for the whole answer, calls after, and cuts the
// client off before the first byte of the answer.
func thief(t *testing.T, server *process, stolen chan<- string, after func()) *client {
	t.Helper()
	behind := browser()
	front := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		forwarded, err := http.NewRequestWithContext(r.Context(), r.Method, server.url+r.URL.Path, r.Body)
		if err != nil {
			t.Error(err)
			panic(http.ErrAbortHandler)
		}
		forwarded.Header = r.Header
		response, err := behind.Do(forwarded)
		if err != nil {
			t.Errorf("the server did not answer: %v", err)
			panic(http.ErrAbortHandler)
		}
		text, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || response.StatusCode != http.StatusOK {
			t.Errorf("the server answered %d, %v: %s", response.StatusCode, err, text)
		}
		stolen <- string(text)
		after()
		panic(http.ErrAbortHandler)
	}))
	t.Cleanup(front.Close)
	return &client{front.URL, browser()}
}

// F03: a connection that breaks between the commit and the answer logs nobody out.
func TestALostAnswerLosesNoSession(t *testing.T) {
	t.Parallel()
	server := start(t, "--refresh-grace", "60s")
	c := server.client()
	c.register(t, "ada")
	session := c.login(t, "ada")
	stolen := make(chan string, 1)
	lossy := thief(t, server, stolen, func() {})
	for range scaled(100, 5, 3) {
		session = retried(t, lossy, c, session, stolen)
	}
	c.accepted(t, session.Access)
	c.refresh(t, session.Refresh)
}

// F03, K01: so does a server that is killed at that moment.
func TestAKillBeforeTheAnswerLosesNoSession(t *testing.T) {
	t.Parallel()
	server := start(t, "--refresh-grace", "60s")
	server.client().register(t, "ada")
	session := server.client().login(t, "ada")
	for range scaled(20, 2, 1) {
		stolen := make(chan string, 1)
		running := server
		lossy := thief(t, running, stolen, func() {
			if err := running.cmd.Process.Kill(); err != nil {
				t.Error(err)
			}
			<-running.done
		})
		if answer, err := lossy.send("POST", "/refresh", "", members{"refresh_token": session.Refresh}); err == nil {
			t.Fatalf("got the answer %d, want none", answer.status)
		}
		server = startOn(t, running.data, "--refresh-grace", "60s")
		session = successor(t, server.client(), session, <-stolen)
	}
	server.client().accepted(t, session.Access)
	server.client().refresh(t, session.Refresh)
}

// retried refreshes, gets no answer, and does it again.
func retried(t *testing.T, lossy, c *client, session tokens, stolen <-chan string) tokens {
	t.Helper()
	if answer, err := lossy.send("POST", "/refresh", "", members{"refresh_token": session.Refresh}); err == nil {
		t.Fatalf("got the answer %d, want none", answer.status)
	}
	return successor(t, c, session, <-stolen)
}

// successor refreshes, and wants the token of the answer that was lost.
func successor(t *testing.T, c *client, session tokens, lost string) tokens {
	t.Helper()
	next := c.refresh(t, session.Refresh)
	if next.Session != session.Session || !strings.Contains(lost, `"`+next.Refresh+`"`) {
		t.Fatalf("the retry got session %s and another token than the lost answer, want the same of session %s", next.Session, session.Session)
	}
	return next
}
