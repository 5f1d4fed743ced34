//go:build unix

package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// create makes an empty database file that only its owner can read, if there is none.
//
// The file appears under its name only after its descriptor was closed: closing any
// descriptor of a file drops the POSIX locks that SQLite holds on it in this process.
func create(path string) error {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// tighten takes the rights of group and others away.
func tighten(path string) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil || info.Mode().Perm()&0o077 == 0 {
		return err
	}
	return os.Chmod(path, 0o600)
}

// lock takes the lock of the server: a flock of the directory itself, which needs no
// file of its own and is gone when the process is, however it ended. It is the directory where the database
// is, by whatever links it is reached.
func lock(path string) (func() error, error) {
	if resolved, err := filepath.EvalSymlinks(path); err == nil { // there may be no database yet
		path = resolved
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(dir.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if errors.Is(err, syscall.EWOULDBLOCK) {
		dir.Close()
		return nil, fmt.Errorf("%w: %s", ErrLocked, filepath.Dir(path))
	}
	if err != nil {
		dir.Close()
		return nil, err
	}
	return dir.Close, nil
}
