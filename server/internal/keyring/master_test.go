package keyring_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/durward-auth/durward/server/internal/keyring"
)

func TestMasterKeyFileIsReadBackAndPrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "master.key")
	if _, err := keyring.ReadMaster(path); !errors.Is(err, keyring.ErrMasterMissing) {
		t.Errorf("no file: got %v, want ErrMasterMissing", err)
	}
	made, err := keyring.CreateMaster(path)
	if err != nil {
		t.Fatal(err)
	}
	read, err := keyring.ReadMaster(path)
	if err != nil {
		t.Fatal(err)
	}
	if made.ID() != read.ID() || made.Text() != read.Text() {
		t.Error("the key that was read is not the one that was made")
	}
	if made.ID() == keyring.GenerateMaster().ID() {
		t.Error("two keys have one id")
	}
	if runtime.GOOS == "windows" {
		return
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o600 {
		t.Errorf("J07: mode: got %04o, want 0600", got)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := keyring.ReadMaster(path); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("J07: a file that others may read: got %v, want a refusal that says chmod 600", err)
	}
}

func TestManyCreatorsOfAMasterKeyAgree(t *testing.T) {
	path := filepath.Join(t.TempDir(), "master.key")
	keys := make([]string, 8)
	var group sync.WaitGroup
	for i := range keys {
		group.Go(func() {
			m, err := keyring.CreateMaster(path)
			if err != nil {
				t.Errorf("creator %d: %v", i, err)
				return
			}
			keys[i] = m.ID()
		})
	}
	group.Wait()
	for i, key := range keys {
		if key != keys[0] {
			t.Errorf("creator %d has another key", i)
		}
	}
	files, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 1 {
		t.Errorf("files left in the directory: got %d, want 1", len(files))
	}
}

func TestMalformedMasterKeysAreRefused(t *testing.T) {
	const good = "durward-master-v1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	if _, err := keyring.ParseMaster(good + "\n"); err != nil {
		t.Errorf("a good key: got %v, want none", err)
	}
	for name, text := range map[string]string{
		"empty": "", "no prefix": strings.TrimPrefix(good, "durward-master-v1:"), "short": good[:len(good)-1],
		"long": good + "A", "not base64url": good[:len(good)-1] + "+", "trailing bits": good[:len(good)-1] + "B", "a PEM key": "-----BEGIN PRIVATE KEY-----",
	} {
		if _, err := keyring.ParseMaster(text); !errors.Is(err, keyring.ErrMasterText) {
			t.Errorf("%s: got %v, want ErrMasterText", name, err)
		}
	}
}
