package server_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/durward-auth/durward/server"
)

func TestAServerThatIsClosedLeavesNoProcess(t *testing.T) {
	s, err := server.Open(t.Context(), server.Config{DataDir: t.TempDir(), Issuer: issuer, HashProcess: true})
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(s.Handler())
	defer front.Close()
	status, answer := post(t, front.URL+"/register", "", map[string]string{"username": "ada", "password": "correct horse battery"})
	if status != http.StatusCreated {
		t.Fatalf("register: got %d %v, want 201", status, answer)
	}
	if !hashing(t) {
		t.Error("after a registration: got no process that hashes passwords")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the process for passwords ends with the server", func() bool { return !hashing(t) })
}

// hashing reports whether this process has a child that hashes passwords.
func hashing(t *testing.T) bool {
	t.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range lines {
		line, err := os.ReadFile(file)
		if err != nil || !strings.HasSuffix(string(line), "\x00hash-passwords\x00") { // or it has ended
			continue
		}
		status, err := os.ReadFile(filepath.Join(filepath.Dir(file), "status"))
		if err == nil && strings.Contains(string(status), fmt.Sprintf("PPid:\t%d\n", os.Getpid())) {
			return true
		}
	}
	return false
}
