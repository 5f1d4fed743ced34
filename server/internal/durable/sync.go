package durable

import (
	"errors"
	"os"
	"runtime"
)

// Sync sees to it that a file, or the names in a directory, are on the disk. Closing a descriptor of a database drops the locks
// of this process on it: the database must not be open.
func Sync(path string) error {
	info, err := os.Stat(path)
	if err != nil || info.IsDir() && runtime.GOOS == "windows" {
		return err
	}
	mode := os.O_RDWR
	if info.IsDir() {
		mode = os.O_RDONLY
	}
	file, err := os.OpenFile(path, mode, 0)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}
