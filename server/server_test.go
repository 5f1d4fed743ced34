package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/durward-auth/durward/server"
	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/keyring"
	"github.com/durward-auth/durward/server/internal/store"
)

const issuer = "https://id.example.org"

// serve answers on the listener until the test ends, and then drains and closes the server.
func serve(t *testing.T, s *server.Server, listener net.Listener) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, listener) }()
	t.Cleanup(func() {
		stop()
		if err := errors.Join(<-ended, s.Close()); err != nil {
			t.Error(err)
		}
	})
}

// post sends JSON with an optional bearer token and returns the status and the answer.
func post(t *testing.T, url, token string, in any) (int, map[string]any) {
	t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	return send(t, http.MethodPost, url, token, body)
}

func get(t *testing.T, url, token string) (int, map[string]any) {
	t.Helper()
	return send(t, http.MethodGet, url, token, nil)
}

func send(t *testing.T, method, url, token string, body []byte) (int, map[string]any) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if len(body) > 0 {
		request.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	var answer map[string]any
	if len(text) > 0 {
		if err := json.Unmarshal(text, &answer); err != nil {
			t.Fatalf("%s %s answers %q: %v", method, url, text, err)
		}
	}
	return response.StatusCode, answer
}

// eventually waits until a condition holds, at the latest within ten seconds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-deadline:
			t.Fatalf("%s: it did not come to pass", what)
		case <-tick.C:
		}
	}
}

func TestEveryProblemOfTheConfigurationIsReportedAtOnce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	_, err := server.Open(t.Context(), server.Config{
		DataDir: dir, Issuer: "id.example.org", AccessTTL: 25 * time.Hour, RefreshGrace: time.Hour,
		KeyRotation: time.Minute, PasswordMinLength: 4, CORSOrigins: []string{"https://app.example.org/"},
	})
	if err == nil {
		t.Fatal("a configuration with six faults was accepted")
	}
	for _, fault := range []string{"issuer", "access-token lifetime", "grace", "key rotation", "length of a password", "origin"} {
		if !strings.Contains(err.Error(), fault) {
			t.Errorf("the error does not speak of the %s: %v", fault, err)
		}
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Error("a refused configuration made the data directory")
	}
}

func TestASecondServerOnTheSameDataIsRefused(t *testing.T) {
	config := server.Config{DataDir: t.TempDir(), Issuer: issuer}
	first, err := server.Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := server.Open(t.Context(), config); !errors.Is(err, store.ErrLocked) {
		t.Errorf("K07: got %v, want ErrLocked", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := server.Open(t.Context(), config)
	if err != nil {
		t.Fatalf("after the first server has ended: got %v, want none", err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}

func TestALostMasterKeyIsOneClearErrorAndNoNewKey(t *testing.T) {
	config := server.Config{DataDir: t.TempDir(), Issuer: issuer}
	first, err := server.Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	path := server.MasterKeyPath(config.DataDir)
	key, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := server.Open(t.Context(), config); !errors.Is(err, keyring.ErrMasterMissing) {
		t.Errorf("E08: got %v, want ErrMasterMissing", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Error("E08: a new master key was made in place of the lost one")
	}
	config.MasterKey = string(key)
	again, err := server.Open(t.Context(), config)
	if err != nil {
		t.Fatalf("with the key from elsewhere: got %v, want none", err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}

// running is a server with one logged-in user, and the same data opened a second time as a command does.
type running struct {
	url     string
	user    string
	access  string
	refresh string
	beside  *server.Data
}

func run(t *testing.T) running {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	config := server.Config{DataDir: t.TempDir(), Issuer: issuer, Audience: []string{"orders"}}
	s, err := server.Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	serve(t, s, listener)
	return logIn(t, "http://"+listener.Addr().String(), config)
}

func logIn(t *testing.T, url string, config server.Config) running {
	t.Helper()
	r := running{url: url}
	credentials := map[string]string{"username": "ada", "password": "correct horse battery"}
	if status, answer := post(t, r.url+"/register", "", credentials); status != http.StatusCreated {
		t.Fatalf("register: got %d %v, want 201", status, answer)
	}
	status, answer := post(t, r.url+"/login", "", credentials)
	if status != http.StatusOK {
		t.Fatalf("login: got %d %v, want 200", status, answer)
	}
	r.access, r.refresh = answer["access_token"].(string), answer["refresh_token"].(string)
	var err error
	if r.beside, err = server.OpenData(t.Context(), server.Config{DataDir: config.DataDir, Inherit: true, Clock: config.Clock}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.beside.Close(); err != nil {
			t.Error(err)
		}
	})
	u, err := r.beside.Accounts.FindUser(t.Context(), "ada")
	if err != nil {
		t.Fatal(err)
	}
	r.user = u.ID
	return r
}

func (r running) code(t *testing.T) string {
	t.Helper()
	status, answer := get(t, r.url+"/protected", r.access)
	if status == http.StatusOK {
		return "ok"
	}
	return answer["code"].(string)
}

func TestWhatACommandChangesCountsInTheRunningServer(t *testing.T) {
	for name, change := range map[string]func(*server.Data, string) error{
		"roles": func(d *server.Data, id string) error {
			_, err := d.Accounts.SetRoles(context.Background(), id, []string{"editor"}, account.Operator, audit.Origin{})
			return err
		},
		"disable": func(d *server.Data, id string) error {
			_, err := d.Accounts.Disable(context.Background(), id, account.Operator, audit.Origin{})
			return err
		},
		"revoke": func(d *server.Data, id string) error {
			return d.Accounts.RevokeUser(context.Background(), id, account.Operator, audit.Origin{})
		},
		"delete": func(d *server.Data, id string) error {
			return d.Accounts.DeleteUser(context.Background(), id, account.Operator, audit.Origin{})
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := run(t)
			if got := r.code(t); got != "ok" {
				t.Fatalf("before: got %s, want ok", got)
			}
			if err := change(r.beside, r.user); err != nil {
				t.Fatal(err)
			}
			eventually(t, "the access token is refused", func() bool { return r.code(t) == "token_revoked" })
		})
	}
}

func TestKeysThatACommandRotatesSignInTheRunningServer(t *testing.T) {
	r := run(t)
	if err := r.beside.Keys.Rotate(t.Context(), audit.Event{}); err != nil {
		t.Fatal(err)
	}
	verifier, err := r.beside.Verifier()
	if err != nil {
		t.Fatal(err)
	}
	key, err := r.beside.Keys.SigningKey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	refresh := r.refresh
	eventually(t, "the server signs with the new key", func() bool {
		status, answer := post(t, r.url+"/refresh", "", map[string]string{"refresh_token": refresh})
		if status != http.StatusOK {
			t.Fatalf("refresh: got %d %v, want 200", status, answer)
		}
		refresh = answer["refresh_token"].(string)
		claims, err := verifier.Verify(t.Context(), answer["access_token"].(string))
		if err != nil {
			t.Fatalf("a new token beside the server: %v", err)
		}
		return claims.KeyID == key.ID()
	})
	if got := r.code(t); got != "ok" {
		t.Errorf("a token of the retired key: got %s, want ok", got)
	}
}

func TestRefusedTokensReachTheAuditLogAddedUp(t *testing.T) {
	r := run(t)
	for range 20 {
		if status, _ := get(t, r.url+"/protected", r.access[:len(r.access)-4]+"AAAA"); status != http.StatusUnauthorized {
			t.Fatalf("a forged token: got %d, want 401", status)
		}
	}
	counted := func() (rows, total int) {
		events, err := r.beside.Store.Events(t.Context(), audit.Query{Action: audit.TokenRefused, Limit: 100})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			if e.Reason != "signature" {
				t.Errorf("reason: got %q, want signature", e.Reason)
			}
			total += e.Count
		}
		return len(events), total
	}
	eventually(t, "all refusals are counted", func() bool { _, total := counted(); return total == 20 })
	if rows, _ := counted(); rows > 5 {
		t.Errorf("rows for 20 like refusals: got %d, want a few", rows)
	}
}

func TestWhatACommandChangesCountsAfterTheClockStepsBack(t *testing.T) {
	var ahead atomic.Int64
	ahead.Store(int64(10 * time.Minute))
	clock := func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	config := server.Config{DataDir: t.TempDir(), Issuer: issuer, Clock: clock}
	s, err := server.Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	serve(t, s, listener)
	ahead.Store(0)
	r := logIn(t, "http://"+listener.Addr().String(), config)
	if _, err := r.beside.Accounts.Disable(t.Context(), r.user, account.Operator, audit.Origin{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "E11: the access token is refused", func() bool { return r.code(t) == "token_revoked" })
}

func TestAnotherProgramMountsTheHandler(t *testing.T) {
	s, err := server.Open(t.Context(), server.Config{DataDir: t.TempDir(), Issuer: issuer})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /own", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"own":true}`)) })
	mux.Handle("/", s.Handler())
	program := httptest.NewServer(mux)
	t.Cleanup(func() {
		program.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	for path, want := range map[string]int{"/own": http.StatusOK, "/healthz": http.StatusOK, "/protected": http.StatusUnauthorized, "/nope": http.StatusNotFound} {
		if got, answer := get(t, program.URL+path, ""); got != want {
			t.Errorf("%s: got %d %v, want %d", path, got, answer, want)
		}
	}
}
