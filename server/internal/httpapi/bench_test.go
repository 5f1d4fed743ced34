package httpapi_test

import (
	"bufio"
	"bytes"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/durward-auth/durward/server/internal/httpapi"
)

// nowhere is a ResponseWriter that costs next to nothing.
type nowhere struct{ header http.Header }

func (n *nowhere) Header() http.Header         { return n.header }
func (n *nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (n *nowhere) WriteHeader(int)             {}

// benchDoor is a server whose log goes to a writer that is never read.
func benchDoor(b *testing.B) (*door, string) {
	b.Helper()
	d := open(b, func(c *httpapi.Config) { c.Log = slog.New(slog.NewJSONHandler(io.Discard, nil)) })
	d.user("alice")
	return d, d.login("alice").Access
}

// BenchmarkProtectedHandler is what GET /protected costs beside net/http.
func BenchmarkProtectedHandler(b *testing.B) {
	d, token := benchDoor(b)
	r, err := http.NewRequest("GET", "/protected", nil)
	must(b, err)
	r.RemoteAddr = "127.0.0.1:4711"
	r.Header.Set("Authorization", "Bearer "+token)
	w := &nowhere{header: http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		clear(w.header)
		d.handler.ServeHTTP(w, r)
	}
}

// BenchmarkProtectedServer and BenchmarkEmptyServer send requests over loopback on kept connections.
func BenchmarkProtectedServer(b *testing.B) {
	d, token := benchDoor(b)
	load(b, d.handler, token)
}

func BenchmarkEmptyServer(b *testing.B) {
	load(b, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), "x")
}

func load(b *testing.B, h http.Handler, token string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(b, err)
	server := &http.Server{Handler: h}
	go func() { _ = server.Serve(listener) }()
	defer server.Close()
	request := []byte("GET /protected HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token + "\r\n\r\n")
	var bad atomic.Int64
	b.SetParallelism(8)
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		conn, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			bad.Add(1)
			return
		}
		defer conn.Close()
		answer, err := firstAnswer(conn, request)
		if err != nil {
			bad.Add(1)
			return
		}
		for pb.Next() {
			if _, err := conn.Write(request); err != nil {
				bad.Add(1)
				return
			}
			// Every answer is as long as the first one: the client must cost as little as it can.
			if _, err := io.ReadFull(conn, answer); err != nil || string(answer[:12]) != "HTTP/1.1 200" {
				bad.Add(1)
				return
			}
		}
	})
	if bad.Load() > 0 {
		b.Errorf("got %d bad answers", bad.Load())
	}
}

// firstAnswer reads an answer of unknown length.
func firstAnswer(conn net.Conn, request []byte) ([]byte, error) {
	if _, err := conn.Write(request); err != nil {
		return nil, err
	}
	var raw bytes.Buffer
	response, err := http.ReadResponse(bufio.NewReader(io.TeeReader(conn, &raw)), nil)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return raw.Bytes(), err
}
