package keyring

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/durward-auth/durward/server/internal/durable"
)

// A master key file is replaced in steps, so that whatever happens between two of them the right key is
// beside the data under a name that says what it is:
//
//  1. StageMaster stores the new key as PATH.new-ID.
//  2. Everything is sealed under the new key, in one transaction.
//  3. AdoptMaster keeps the old key as PATH.old-ID and lets the new one take its place.
//
// FindMaster finishes what was interrupted after step 2. What step 1 alone has left means nothing.

// StageMaster stores a new master key beside the one at path, which stays in use.
func StageMaster(path string, m Master) error {
	if err := writeOnce(stagedPath(path, m.ID()), m.Text()); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("store the new master key: %w", err)
	}
	return nil
}

// UnstageMaster removes a key that StageMaster has stored and that seals nothing.
func UnstageMaster(path string, m Master) error {
	err := os.Remove(stagedPath(path, m.ID()))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// AdoptMaster lets the staged key with this id take its place at path, and returns where the old key is kept, if there was
// one. It may be called again, and by several processes.
func AdoptMaster(path, id string) (old string, err error) {
	if before, err := ReadMaster(path); err == nil {
		if before.ID() == id {
			return "", nil
		}
		old = path + ".old-" + before.ID()
		if err := os.Link(path, old); err != nil && !errors.Is(err, fs.ErrExist) {
			return "", fmt.Errorf("keep the old master key: %w", err)
		}
	}
	err = os.Rename(stagedPath(path, id), path)
	if errors.Is(err, fs.ErrNotExist) {
		if now, reread := ReadMaster(path); reread == nil && now.ID() == id {
			return old, nil // another process was faster
		}
	}
	if err == nil {
		err = durable.Sync(filepath.Dir(path))
	}
	if err != nil {
		return "", fmt.Errorf("put the new master key in place: %w", err)
	}
	return old, nil
}

// FindMaster reads the master key that seals the data, whose id the data tells ("" when it does not). When its replacement was
// interrupted, it is finished first.
func FindMaster(path, id string) (Master, error) {
	m, err := ReadMaster(path)
	if id == "" || err == nil && m.ID() == id {
		return m, err
	}
	if staged, failure := ReadMaster(stagedPath(path, id)); failure == nil && staged.ID() == id {
		if _, err := AdoptMaster(path, id); err != nil {
			return Master{}, err
		}
		return staged, nil
	}
	return m, err
}

// Leftovers returns the files of master keys beside the one at path: those that were never used, and old ones.
func Leftovers(path string) (unused, old []string, err error) {
	if unused, err = filepath.Glob(stagedPath(path, "*")); err != nil {
		return nil, nil, err
	}
	old, err = filepath.Glob(path + ".old-*")
	return unused, old, err
}

func stagedPath(path, id string) string { return path + ".new-" + id }
