package blackbox_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// held is a request whose handler has begun and waits for the body.
type held struct {
	name   string
	conn   net.Conn
	reader *bufio.Reader
	body   string
	status int
}

// hold sends the head of a request and waits for the server to ask for its body (RFC 9110 §10.1.1).
func (p *process) hold(t *testing.T, path, body string, status int) *held {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: id.example.org\r\nContent-Type: application/json\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", path, len(body))
	if _, err := io.WriteString(conn, head); err != nil {
		t.Fatal(err)
	}
	h := &held{path, conn, bufio.NewReader(conn), body, status}
	line, err := h.reader.ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "HTTP/1.1 100 ") {
		t.Fatalf("%s: %q, %v; want to be asked for the body", path, line, err)
	}
	if _, err := h.reader.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	return h
}

// finish sends the body and wants the answer.
func (h *held) finish(t *testing.T) {
	t.Helper()
	if _, err := io.WriteString(h.conn, h.body); err != nil {
		t.Errorf("%s, begun before the server was asked to stop: %v", h.name, err)
		return
	}
	response, err := http.ReadResponse(h.reader, nil)
	if err != nil {
		t.Errorf("%s, begun before the server was asked to stop: %v", h.name, err)
		return
	}
	defer response.Body.Close()
	if text, err := io.ReadAll(response.Body); err != nil || response.StatusCode != h.status {
		t.Errorf("%s, begun before the server was asked to stop: status %d, want %d: %s %v", h.name, response.StatusCode, h.status, text, err)
	}
}

// K13: what has begun is answered, and no rotation is half done.
func TestAStopUnderLoadLosesNothing(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	flags := []string{"--refresh-grace", "60s", "--log-level", "error"}
	server := startOn(t, data, flags...)
	c := server.client()
	c.register(t, "ada")
	mine := openSessions(t, data, "ada", 10)
	load := startLoad(c, orders{names: "user", end: openSessions(t, data, "ada", 600), refresh: openSessions(t, data, "ada", 8)})
	load.await(t, 100)

	var begun []*held
	for i, session := range mine {
		begun = append(begun,
			server.hold(t, "/logout", `{"refresh_token":"`+session.Refresh+`"}`, http.StatusNoContent),
			server.hold(t, "/register", fmt.Sprintf(`{"username":"late-%d","password":"%s"}`, i, password), http.StatusCreated))
	}
	server.signal(syscall.SIGTERM)
	eventually(t, patience, "the server listens no more", func() bool {
		conn, err := net.Dial("tcp", strings.TrimPrefix(server.url, "http://"))
		if err == nil {
			conn.Close()
		}
		return err != nil
	})
	select {
	case <-server.done:
		t.Fatal("the server has ended although requests were in flight")
	default:
	}
	for _, h := range begun {
		h.finish(t)
	}
	server.wait()
	if server.err != nil {
		t.Errorf("the server ended with %v, want status 0", server.err)
	}
	server.sound()
	if log := server.log(); log != "" {
		t.Errorf("the server complained: %s", tail(log))
	}
	said := load.end(t)
	said.logouts = append(said.logouts, mine...)
	for i := range mine {
		said.registrations = append(said.registrations, fmt.Sprintf("late-%d", i))
	}

	server = startOn(t, data, flags...)
	said.kept(t, server.client(), "")
	server.stop()
	healthy(t, data)
	proved(t, "SIGTERM under load: %d requests that had begun were answered, %d registrations, %d logouts and %d rotations kept", len(begun), len(said.registrations), len(said.logouts), said.rotations())
}

func TestADrainDelayGoesOnServingUntilASecondSignal(t *testing.T) {
	t.Parallel()
	server := start(t, "--drain-delay", "5m")
	c := server.client()
	c.register(t, "ada")
	session := c.login(t, "ada")
	server.signal(syscall.SIGTERM)
	eventually(t, patience, "the server is not ready", func() bool {
		return c.call(t, "GET", "/readyz", "", nil).status == http.StatusServiceUnavailable
	})
	request, err := http.NewRequest("GET", c.base+"/protected", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+session.Access)
	for range 2 {
		response, err := c.http.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != http.StatusOK || !response.Close {
			t.Errorf("while it drains, the server answers %d and closes the connection: %t; want 200 and true", response.StatusCode, response.Close)
		}
	}
	server.stop()
}
