package interop_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/bench/oracle"
)

// TestTheyVerifyWhatTheServerIssues builds the server, logs in, rotates its keys, and hands the tokens of both keys with
// the published key set to every other implementation.
func TestTheyVerifyWhatTheServerIssues(t *testing.T) {
	for _, algorithm := range []durward.Algorithm{durward.ES256, durward.RS256, durward.EdDSA} {
		t.Run(string(algorithm), func(t *testing.T) {
			s := startServer(t, algorithm)
			tokens := []string{s.login()}
			s.command("key", "rotate", "--signing-algorithm", string(algorithm))
			tokens = append(tokens, s.command("token", "issue", "ada"))

			document := s.get("/.well-known/jwks.json")
			set, err := durward.ParseKeySet(document)
			if err != nil {
				t.Fatal(err)
			}
			signers := map[string]bool{}
			for _, token := range tokens {
				id := keyID(t, token)
				signers[id] = true
				key, err := set.Lookup(t.Context(), algorithm, id)
				if err != nil {
					t.Fatalf("the key %s in the published set: %v", id, err)
				}
				pem, err := key.MarshalPEM()
				if err != nil {
					t.Fatal(err)
				}
				published := oracle.Key{Algorithm: string(algorithm), ID: id, JWKS: document, PublicPEM: pem}
				for _, o := range oracle.All() {
					verify, err := o.Verifier(published, oracle.Policy{Issuer: s.url, Audience: s.url, Now: time.Now()})
					if err != nil {
						t.Fatalf("%s: %v", o.Name, err)
					}
					claims, err := verify(token)
					if err != nil {
						t.Errorf("%s: got %v, want the server's token accepted", o.Name, err)
						continue
					}
					if claims["username"] != "ada" || claims["iss"] != s.url {
						t.Errorf("%s: got the claims %v, want those of ada", o.Name, claims)
					}
					if _, err := verify(flipped(token)); err == nil {
						t.Errorf("%s: a changed token was accepted", o.Name)
					}
				}
			}
			if len(signers) != 2 {
				t.Errorf("keys that signed: got %d, want 2", len(signers))
			}
		})
	}
}

func keyID(t *testing.T, token string) string {
	t.Helper()
	encoded, _, _ := strings.Cut(token, ".")
	decoded, err := oracle.Decode(encoded)
	if err != nil {
		t.Fatal(err)
	}
	var header struct {
		KeyID string `json:"kid"`
	}
	if err := json.Unmarshal(decoded, &header); err != nil {
		t.Fatal(err)
	}
	return header.KeyID
}

// running is a server as a process.
type running struct {
	t                 *testing.T
	binary, data, url string
}

func startServer(t *testing.T, algorithm durward.Algorithm) running {
	t.Helper()
	dir := t.TempDir()
	s := running{t: t, binary: filepath.Join(dir, "durward"), data: filepath.Join(dir, "data")}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", s.binary, "github.com/durward-auth/durward/server/cmd/durward")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the server: %v\n%s", err, out)
	}
	serve := exec.Command(s.binary, "serve", "--addr", "127.0.0.1:0", "--data", s.data, "--signing-algorithm", string(algorithm))
	out, err := serve.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	serve.Stderr = &log
	if err := serve.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for s.url == "" && lines.Scan() {
		_, s.url, _ = strings.Cut(lines.Text(), "listening on ")
	}
	t.Cleanup(func() {
		_ = serve.Process.Signal(syscall.SIGTERM)
		_, _ = io.Copy(io.Discard, out)
		if err := serve.Wait(); err != nil {
			t.Errorf("the server ended with %v\n%s", err, log.Bytes())
		}
	})
	if s.url == "" {
		t.Fatal("the server does not say where it listens")
	}
	return s
}

// login registers ada and returns her access token.
func (s running) login() string {
	s.t.Helper()
	credentials := `{"username":"ada","password":"correct horse battery"}`
	s.post("/register", credentials)
	var tokens struct {
		Access string `json:"access_token"`
	}
	if err := json.Unmarshal(s.post("/login", credentials), &tokens); err != nil {
		s.t.Fatal(err)
	}
	return tokens.Access
}

func (s running) post(path, body string) []byte {
	s.t.Helper()
	response, err := http.Post(s.url+path, "application/json", strings.NewReader(body))
	return s.answer(response, err)
}

func (s running) get(path string) []byte {
	s.t.Helper()
	response, err := http.Get(s.url + path)
	return s.answer(response, err)
}

func (s running) answer(response *http.Response, err error) []byte {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode >= 300 {
		s.t.Fatalf("got %s %s, %v, want success", response.Status, body, err)
	}
	return body
}

// command runs a command beside the server and returns what it prints.
func (s running) command(arguments ...string) string {
	s.t.Helper()
	out, err := exec.CommandContext(s.t.Context(), s.binary, append(arguments, "--data", s.data)...).Output()
	if err != nil {
		s.t.Fatalf("durward %s: %v", strings.Join(arguments, " "), err)
	}
	return strings.TrimSpace(string(out))
}
