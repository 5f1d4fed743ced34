//go:build unix

package archive_test

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/durward-auth/durward/server/internal/archive"
)

// TestAPipeIsRefused instead of waiting for somebody who writes into it.
func TestAPipeIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{path, "/dev/zero"} {
		if _, err := archive.OpenFile(path); err == nil || !strings.Contains(err.Error(), "is not a file") {
			t.Errorf("%s: got %v, want a refusal", path, err)
		}
	}
}
