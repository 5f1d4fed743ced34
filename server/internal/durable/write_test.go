package durable_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/durward-auth/durward/server/internal/durable"
)

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, s)
		return err
	}
}

func TestAFileAppearsWholeOrNotAtAll(t *testing.T) {
	failure := errors.New("no more")
	for name, c := range map[string]struct {
		there   string // empty for no file
		replace bool
		write   func(io.Writer) error
		want    error
		left    string
	}{
		"a new file":                       {"", false, text("new"), nil, "new"},
		"a new file, with replace":         {"", true, text("new"), nil, "new"},
		"a file in its place":              {"old", false, text("new"), fs.ErrExist, "old"},
		"a file in its place, replaced":    {"old", true, text("new"), nil, "new"},
		"a write that fails":               {"", false, func(w io.Writer) error { return errors.Join(text("half")(w), failure) }, failure, ""},
		"a write that fails, with replace": {"old", true, func(w io.Writer) error { return errors.Join(text("half")(w), failure) }, failure, "old"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "file")
			if c.there != "" {
				if err := os.WriteFile(path, []byte(c.there), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := durable.WriteFile(path, c.replace, c.write); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			got, err := os.ReadFile(path)
			if string(got) != c.left || (err == nil) != (c.left != "") {
				t.Errorf("got %q and %v, want %q", got, err, c.left)
			}
			entries, err := os.ReadDir(dir)
			if want := min(len(c.left), 1); err != nil || len(entries) != want {
				t.Errorf("got the files %v and %v, want %d", entries, err, want)
			}
			if info, err := os.Stat(path); err == nil && runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
				t.Errorf("got the mode %v, want 0600", info.Mode())
			}
		})
	}
}

func TestSyncTakesFilesAndDirectories(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(durable.Sync(path), durable.Sync(dir)); err != nil {
		t.Error(err)
	}
	if err := durable.Sync(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want fs.ErrNotExist", err)
	}
}
