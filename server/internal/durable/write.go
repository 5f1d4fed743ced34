package durable

import (
	"bufio"
	"errors"
	"io"
	"os"
	"path/filepath"
)

// bufferSize is how much is written to the disk at once.
const bufferSize = 1 << 16

// WriteFile makes a file of mode 0600 appear under its name when its whole content, which write writes, is on the disk; after an
// error nothing has changed. Unless replace is set, a file that is there is kept and fs.ErrExist returned.
func WriteFile(path string, replace bool, write func(io.Writer) error) error {
	dir := filepath.Dir(path)
	temporary, err := os.CreateTemp(dir, ".durward-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name())
	buffer := bufio.NewWriterSize(temporary, bufferSize)
	if err = write(buffer); err == nil {
		err = buffer.Flush()
	}
	if err == nil {
		err = temporary.Sync()
	}
	if err := errors.Join(err, temporary.Close()); err != nil {
		return err
	}
	if replace {
		err = os.Rename(temporary.Name(), path)
	} else {
		err = os.Link(temporary.Name(), path)
	}
	if err != nil {
		return err
	}
	return Sync(dir)
}
