package blackbox_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestASoakLeaksNothing sends very many requests, a tenth of which their client aborts (CASES.md K14): goroutines, descriptors
// and memory are no more in the last third than in the second; in the first the server warms up.
func TestASoakLeaksNothing(t *testing.T) {
	t.Parallel()
	requests := sized(10_000_000, 3_000_000, 6000, 1200)
	const slices, clients = 30, 16
	server := start(t, "--log-level", "error", "--access-ttl", "24h", "--refresh-grace", "60s")
	c := server.client()
	c.register(t, "ada")
	c.login(t, "ada")
	sessions := openSessions(t, server.data, "ada", clients)
	soakers := make([]*soaker, clients)
	for i := range soakers {
		soakers[i] = &soaker{address: strings.TrimPrefix(server.url, "http://"), session: sessions[i]}
	}
	var samples []gauges
	begin := time.Now()
	for range slices {
		var failed atomic.Pointer[error]
		together(clients, func(i int) {
			if err := soakers[i].run((requests + slices*clients - 1) / (slices * clients)); err != nil {
				failed.Store(&err)
			}
		})
		if err := failed.Load(); err != nil {
			t.Fatal(*err)
		}
		samples = append(samples, server.gauges(t))
	}
	took := time.Since(begin)
	aborted, answered := 0, 0
	for _, s := range soakers {
		s.close()
		aborted += s.aborted
		answered += s.answered
	}
	second, third := samples[slices/3:slices*2/3], samples[slices*2/3:]
	for _, g := range []struct {
		what  string
		of    func(gauges) int
		slack int
	}{
		{"goroutines", func(g gauges) int { return g.goroutines }, 10},
		{"descriptors", func(g gauges) int { return g.descriptors }, 10},
		{"bytes of memory", func(g gauges) int { return g.memory }, 32 << 20}, // what a busy server allocates between two collections
	} {
		before, after := medianOf(second, g.of), medianOf(third, g.of)
		if after > before+before/20+g.slack {
			t.Errorf("%s grow from %d to %d", g.what, before, after)
		}
	}
	if aborted < (aborted+answered)/11 {
		t.Errorf("%d of %d requests were aborted, want a tenth", aborted, aborted+answered)
	}
	first := samples[:slices/3]
	show := func(part []gauges) string {
		return fmt.Sprintf("%d, %d and %.0f MB", medianOf(part, func(g gauges) int { return g.goroutines }),
			medianOf(part, func(g gauges) int { return g.descriptors }), megabytes(medianOf(part, func(g gauges) int { return g.memory })))
	}
	proved(t, "%d requests, %d of them aborted, %.0f a second: goroutines, descriptors and memory by thirds: %s; %s; %s",
		aborted+answered, aborted, float64(aborted+answered)/took.Seconds(), show(first), show(second), show(third))
	server.stop()
}

func medianOf(samples []gauges, of func(gauges) int) int {
	values := make([]int, len(samples))
	for i, s := range samples {
		values[i] = of(s)
	}
	return median(values)
}

// soaker sends requests of many kinds on one connection, and ends the connection in the middle of a tenth of them.
type soaker struct {
	address           string
	session           tokens
	conn              *net.TCPConn
	reader            *bufio.Reader
	count             int
	aborted, answered int
}

func (s *soaker) run(requests int) error {
	for range requests {
		s.count++
		if s.conn == nil {
			conn, err := net.Dial("tcp", s.address)
			if err != nil {
				return err
			}
			s.conn = conn.(*net.TCPConn)
			s.reader = bufio.NewReader(conn)
			if err := errors.Join(s.conn.SetLinger(0), s.conn.SetDeadline(time.Now().Add(time.Hour))); err != nil {
				return err
			}
		}
		text, want := s.request()
		if s.count%10 == 0 {
			if err := s.abort(text); err != nil {
				return err
			}
			continue
		}
		if _, err := io.WriteString(s.conn, text); err != nil {
			return err
		}
		if err := s.answer(want); err != nil {
			return err
		}
	}
	return nil
}

// request is the next one, and the status of its answer.
func (s *soaker) request() (text string, status int) {
	get := func(path, token string) string {
		return "GET " + path + " HTTP/1.1\r\nHost: id.example.org\r\nAuthorization: Bearer " + token + "\r\n\r\n"
	}
	switch n := s.count / 10; (s.count + n) % 10 {
	case 0:
		return get("/me", s.session.Access), http.StatusOK
	case 1:
		return get("/protected", "not.a.token"), http.StatusUnauthorized
	case 2:
		return get("/nowhere", s.session.Access), http.StatusNotFound
	case 3:
		if n%2 == 1 {
			body := `{"refresh_token":"` + s.session.Refresh + `"}`
			return fmt.Sprintf("POST /refresh HTTP/1.1\r\nHost: id.example.org\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body), http.StatusOK
		}
		fallthrough
	case 4:
		return get("/verify", s.session.Access), http.StatusNoContent
	default:
		return get("/protected", s.session.Access), http.StatusOK
	}
}

// abort sends a request or the beginning of it, and resets the connection.
func (s *soaker) abort(text string) error {
	s.aborted++
	part := [...]int{len(text), len(text) / 2, len(text) - 1}[s.aborted%3]
	if _, err := io.WriteString(s.conn, text[:part]); err != nil {
		return err
	}
	s.close()
	return nil
}

func (s *soaker) close() {
	if s.conn != nil {
		s.conn.Close()
		s.conn = nil
	}
}

// answer reads one. Who refreshed goes on with the successor; where an answer was lost, the token of before leads to it within the grace.
func (s *soaker) answer(want int) error {
	s.answered++
	response, err := http.ReadResponse(s.reader, nil)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != want {
		return fmt.Errorf("status %d, want %d: %s", response.StatusCode, want, body)
	}
	if next := (tokens{}); json.Unmarshal(body, &next) == nil && next.Refresh != "" {
		s.session.Refresh = next.Refresh
	}
	return nil
}
