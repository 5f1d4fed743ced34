package blackbox_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// proxy is a HAProxy with the configuration of examples/gateways before three servers.
type proxy struct {
	url     string
	servers [3]string // where it looks for them
	control string    // its stats socket

	mu  sync.Mutex
	log bytes.Buffer
}

// names are those of the servers in the sample.
var names = [3]string{"a", "b", "c"}

// startProxy starts HAProxy. Without it the test is skipped, and with CI=true it fails.
func startProxy(t *testing.T) *proxy {
	t.Helper()
	binary, err := exec.LookPath("haproxy")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("HAProxy is not installed")
		}
		t.Skip("HAProxy is not installed: apt-get install haproxy")
	}
	dir, err := os.MkdirTemp("", "durward-proxy-*") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	// Addresses of a network of its own, where no connection is given a port in between.
	network := fmt.Sprintf("127.%d.%d.", 1+rand.IntN(250), 1+rand.IntN(250))
	p := &proxy{url: "http://" + network + "9:8080", control: filepath.Join(dir, "control")}
	sample, err := os.ReadFile(filepath.Join("..", "..", "examples", "gateways", "haproxy.cfg"))
	if err != nil {
		t.Fatal(err)
	}
	text := string(sample)
	replace := func(old, new string) {
		if !strings.Contains(text, old) {
			t.Fatalf("the sample does not hold %q", old)
		}
		text = strings.ReplaceAll(text, old, new)
	}
	replace("maxconn 20000", "maxconn 500\n    stats socket "+p.control+" level user")
	replace(":443 ssl crt /etc/haproxy/id.pem", network+"9:8080")
	replace("inter 1s", "inter 100ms")
	for i, name := range names {
		p.servers[i] = fmt.Sprintf("%s%d:8080", network, 11+i)
		replace(fmt.Sprintf("server %s 10.0.0.%d:8080", name, 11+i), "server "+name+" "+p.servers[i])
	}
	file := filepath.Join(dir, "haproxy.cfg")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, "-db", "-f", file)
	cmd.Stdout, cmd.Stderr = p, p
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Error(err)
		}
		_ = cmd.Wait() // it was killed
		if t.Failed() {
			t.Logf("HAProxy says:\n%s", tail(p.said()))
		}
	})
	return p
}

// Write keeps what HAProxy writes.
func (p *proxy) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.Write(text)
}

func (p *proxy) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

// status is what HAProxy thinks of a server: UP, DOWN, or one on its way to the other, such as "UP 1/2".
func (p *proxy) status(name string) (string, error) {
	conn, err := net.Dial("unix", p.control)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "show stat\n"); err != nil {
		return "", err
	}
	rows, err := csv.NewReader(conn).ReadAll()
	if err != nil {
		return "", err
	}
	for _, row := range rows {
		if row[0] == "durward" && row[1] == name {
			return row[slices.Index(rows[0], "status")], nil
		}
	}
	return "", fmt.Errorf("HAProxy knows no server %s", name)
}

// await waits until HAProxy thinks so of a server.
func (p *proxy) await(t *testing.T, name, want string) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for {
		got, err := p.status(name)
		if err == nil && got == want {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("HAProxy says %q of server %s, want %s (%v)", got, name, want, err)
		}
	}
}
