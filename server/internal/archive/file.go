package archive

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/durward-auth/durward/server/internal/durable"
)

// ErrExists says that there is a file already in the place of a backup to be written.
var ErrExists = errors.New("there is a file of this name already")

// WriteFile writes a backup that appears under its name only when it is whole and on the disk, with mode 0600. A file that is there
// is kept, and ErrExists returned, unless replace is set.
func WriteFile(path string, replace bool, write func(*Writer) error) error {
	if _, err := os.Lstat(path); err == nil && !replace {
		return fmt.Errorf("%s: %w", path, ErrExists)
	}
	err := durable.WriteFile(path, replace, func(w io.Writer) error { return write(NewWriter(w)) })
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s: %w", path, ErrExists)
	}
	return err
}

// File is a backup on the disk.
type File struct {
	*Reader
	file *os.File
}

// OpenFile reads a backup through, as NewReader does. The caller closes it.
func OpenFile(path string) (*File, error) {
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		err = fmt.Errorf("%s is a directory: name the file of the backup", path)
	} else if err == nil && !info.Mode().IsRegular() { // nobody may ever write into a pipe
		err = fmt.Errorf("%s is not a file: a backup is read twice, so put it into one", path)
	}
	if err != nil {
		return nil, err
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	reader, err := NewReader(file, info.Size())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), file.Close())
	}
	return &File{reader, file}, nil
}

// Close closes the file.
func (f *File) Close() error { return f.file.Close() }
