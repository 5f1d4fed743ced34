package blackbox_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// raw sends bytes that no HTTP library would, and reads the answer while it still sends.
func (p *process) raw(t *testing.T, request io.Reader) answer {
	t.Helper()
	a, err := p.tryRaw(request)
	if err != nil {
		t.Fatalf("a raw request: %v", err)
	}
	return a
}

func (p *process) tryRaw(request io.Reader) (answer, error) {
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
	if err != nil {
		return answer{}, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return answer{}, err
	}
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		_, _ = io.Copy(conn, request) // the server may refuse before it has read all
	}()
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{}, err
	}
	conn.Close()
	<-sent
	return answer{response.StatusCode, response.Header, body}, nil
}

// lines are the head of a request that ends its connection.
func lines(first string, headers ...string) string {
	return first + " HTTP/1.1\r\nHost: id.example.org\r\nConnection: close\r\n" + strings.Join(append(headers, "", ""), "\r\n")
}

// withBody is a whole request with a body of JSON.
func withBody(first, body string, headers ...string) string {
	headers = append(headers, "Content-Type: application/json", fmt.Sprintf("Content-Length: %d", len(body)))
	return lines(first, headers...) + body
}

// endless is so many bytes of the letter x.
func endless(bytes int64) io.Reader { return io.LimitReader(letters{}, bytes) }

type letters struct{}

func (letters) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

// chunked sends a reader in chunks of 4 KiB (RFC 9112 §7.1).
func chunked(from io.Reader) io.Reader {
	out, in := io.Pipe()
	go func() {
		chunk := make([]byte, 4096)
		for {
			n, err := io.ReadFull(from, chunk)
			if n > 0 {
				if _, err := fmt.Fprintf(in, "%x\r\n%s\r\n", n, chunk[:n]); err != nil {
					return
				}
			}
			if err != nil {
				_, _ = io.WriteString(in, "0\r\n\r\n")
				in.Close()
				return
			}
		}
	}()
	return out
}
