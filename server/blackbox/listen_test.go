package blackbox_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestTheServerSpeaksTLS(t *testing.T) {
	t.Parallel()
	certificate, key, roots := makeCertificate(t)
	server := start(t, "--tls-cert", certificate, "--tls-key", key)
	if !strings.HasPrefix(server.url, "https://127.0.0.1:") {
		t.Fatalf("the server says that it listens on %s, want https", server.url)
	}
	c := server.client()
	transport := c.http.Transport.(*http.Transport)
	transport.TLSClientConfig = &tls.Config{RootCAs: roots}
	c.register(t, "ada")
	session := c.login(t, "ada")
	a := c.want(t, http.StatusOK, "GET", "/protected", session.Access, nil)
	if a.header.Get("Strict-Transport-Security") == "" {
		t.Error("there is no Strict-Transport-Security over TLS")
	}

	for name, config := range map[string]*tls.Config{
		"an untrusted issuer":  {},
		"TLS 1.1":              {RootCAs: roots, MaxVersion: tls.VersionTLS11},
		"another server's key": {RootCAs: roots, ServerName: "id.example.net"},
	} {
		conn, err := tls.Dial("tcp", strings.TrimPrefix(server.url, "https://"), config)
		if err == nil {
			conn.Close()
			t.Errorf("%s: the handshake succeeds", name)
		}
	}
	plain := &client{"http" + strings.TrimPrefix(server.url, "https"), browser()}
	if a, err := plain.send("GET", "/healthz", "", nil); err == nil && a.status != http.StatusBadRequest {
		t.Errorf("plain HTTP to a TLS port answers %d", a.status)
	}
	server.stop()
}

// makeCertificate writes a certificate for 127.0.0.1 that signs itself.
func makeCertificate(t *testing.T) (certificate, key string, roots *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "durward"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"id.example.org"},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, bytes []byte) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots = x509.NewCertPool()
	roots.AddCert(parsed)
	return write("cert.pem", "CERTIFICATE", der), write("key.pem", "PRIVATE KEY", secret), roots
}

func TestMetricsHaveAnAddressOfTheirOwn(t *testing.T) {
	t.Parallel()
	address := freeAddress(t)
	server := start(t, "--metrics-addr", address, "--behind-tls-proxy")
	c := server.client()
	c.refused(t, http.StatusNotFound, "not_found", "GET", "/metrics", "", nil)
	c.register(t, "ada")
	c.login(t, "ada")
	c.rejected(t, "token_invalid", "nonsense")

	metrics := &client{"http://" + address, browser()}
	text := string(metrics.want(t, http.StatusOK, "GET", "/metrics", "", nil).body)
	for _, line := range []string{
		`durward_http_requests_total{route="POST /register",status="201"} 1`,
		`durward_http_requests_total{route="GET /protected",status="401"} 1`,
		`durward_sign_ins_total{outcome="success"} 1`,
		`durward_sign_ins_total{outcome="throttled"} 0`,
		`durward_refused_tokens_total{reason="malformed"} 1`,
		`durward_http_request_duration_seconds_count{route="POST /login"} 1`,
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("the metrics have no line %s", line)
		}
	}
	if a := metrics.call(t, "GET", "/protected", "", nil); a.status != http.StatusNotFound {
		t.Errorf("the address of the metrics answers %d for another route, want 404", a.status)
	}
	server.stop()
}

// freeAddress is an address that was free a moment ago, for a flag that cannot tell which one it got.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

func TestOneServerAlone(t *testing.T) {
	t.Parallel()
	server := start(t)
	out, complaint, status := command(t, "", "serve", "--addr", "127.0.0.1:0", "--data", server.data)
	if status != 1 || out != "" || strings.Count(complaint, "\n") != 1 || !strings.HasPrefix(complaint, "durward: ") {
		t.Errorf("a second server on the same data: status %d, %q, %q; want 1 and one sentence", status, out, complaint)
	}
	out, complaint, status = command(t, "", "serve", "--addr", strings.TrimPrefix(server.url, "http://"), "--data", filepath.Join(t.TempDir(), "data"))
	if status != 1 || out != "" || strings.Count(complaint, "\n") != 1 {
		t.Errorf("a second server on the same address: status %d, %q, %q; want 1 and one sentence", status, out, complaint)
	}
	c := server.client()
	c.register(t, "ada")
	server.kill()
	server = startOn(t, server.data)
	server.client().login(t, "ada")
	server.stop()
}
