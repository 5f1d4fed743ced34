package archive

import (
	"archive/zip"
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"unicode/utf8"
)

const (
	maxManifest = 1 << 20 // bytes
	maxRow      = 8 << 20 // bytes; a request that stores a row has less than a hundredth of it
)

// Reader is a backup that was found to be whole.
type Reader struct {
	Manifest Manifest
	Digest   string // SHA-256 in hexadecimal, which names this very backup

	entries map[string]*zip.File
}

// NewReader reads a backup of so many bytes once from beginning to end and returns ErrDamaged unless every byte is as it was written. It
// returns ErrNewer for one that this program cannot know how to read.
func NewReader(in io.ReaderAt, size int64) (*Reader, error) {
	digest, err := check(in, size)
	if err != nil {
		return nil, err
	}
	file, err := zip.NewReader(in, size)
	if err != nil || !strings.HasPrefix(file.Comment, mark) {
		return nil, fmt.Errorf("%w: it is no file of this kind", ErrDamaged)
	}
	r := &Reader{Digest: digest, entries: map[string]*zip.File{}}
	for _, entry := range file.File {
		if r.entries[entry.Name] != nil {
			return nil, fmt.Errorf("%w: %q is in it twice", ErrDamaged, entry.Name)
		}
		r.entries[entry.Name] = entry
	}
	text, err := r.manifest()
	if err != nil {
		return nil, err
	}
	if r.Manifest, err = parseManifest(text); err != nil {
		return nil, err
	}
	if len(r.entries) != len(r.Manifest.Tables)+1 {
		return nil, fmt.Errorf("%w: its manifest tells of %d tables, and %d are in it", ErrDamaged, len(r.Manifest.Tables), len(r.entries)-1)
	}
	for _, table := range r.Manifest.Tables {
		if r.entries[entryName(table.Name)] == nil {
			return nil, fmt.Errorf("%w: the table %s is missing", ErrDamaged, table.Name)
		}
	}
	return r, nil
}

// check returns the digest at the end, which is that of everything before it.
func check(in io.ReaderAt, size int64) (string, error) {
	if size < digestLength {
		return "", fmt.Errorf("%w: it has %d bytes", ErrDamaged, size)
	}
	hash := sha256.New()
	if _, err := io.Copy(hash, io.NewSectionReader(in, 0, size-digestLength)); err != nil {
		return "", fmt.Errorf("read the backup: %w", err)
	}
	told := make([]byte, digestLength)
	if _, err := in.ReadAt(told, size-digestLength); err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read the backup: %w", err)
	}
	if digest := hex.EncodeToString(hash.Sum(nil)); digest != string(told) {
		return "", fmt.Errorf("%w: its checksum is not that of its content", ErrDamaged)
	}
	return string(told), nil
}

func (r *Reader) manifest() ([]byte, error) {
	entry := r.entries[manifestName]
	if entry == nil {
		return nil, fmt.Errorf("%w: it has no manifest", ErrDamaged)
	}
	in, err := entry.Open()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	defer in.Close()
	text, err := io.ReadAll(io.LimitReader(in, maxManifest))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return text, nil
}

// Rows are those of a table of the manifest. A row is good until the next. After the last one comes ErrDamaged unless their number and their checksum are those of
// the manifest.
func (r *Reader) Rows(table Table) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		sum, err := r.rows(table, yield)
		if err == nil && sum != nil && (sum.Rows() != table.Rows || sum.Text() != table.SHA256) {
			err = fmt.Errorf("%w: the table %s is not as its manifest says", ErrDamaged, table.Name)
		}
		if err != nil {
			yield(nil, err)
		}
	}
}

// rows returns no sum when nobody wants more rows.
func (r *Reader) rows(table Table, yield func([]any, error) bool) (*Sum, error) {
	in, err := r.entries[entryName(table.Name)].Open()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	defer in.Close()
	bounded := &rowReader{in: in}
	lines, row, sum := bufio.NewReaderSize(bounded, 64<<10), make([]any, len(table.Columns)), NewSum()
	for {
		bounded.left = maxRow
		line, err := lines.ReadString('\n')
		if errors.Is(err, io.EOF) {
			if line == "" {
				return sum, nil
			}
			err = nil
		}
		if err == nil && sum.Rows() == table.Rows {
			err = errors.New("its manifest tells of no more")
		}
		if err == nil {
			err = parseRow(row, line, table.Columns)
		}
		if err == nil {
			err = sum.Add(row)
		}
		if err != nil {
			return nil, fmt.Errorf("%w: row %d of %s: %w", ErrDamaged, sum.Rows()+1, table.Name, err)
		}
		if !yield(row, nil) {
			return nil, nil
		}
	}
}

// rowReader ends with an error where a row has more than maxRow bytes: a file of a few kilobytes unpacks to gigabytes.
type rowReader struct {
	in   io.Reader
	left int
}

// Read implements io.Reader.
func (r *rowReader) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, errors.New("it is too long")
	}
	n, err := r.in.Read(p[:min(len(p), r.left)])
	r.left -= n
	return n, err
}

// Clean is a text as both databases can hold it: UTF-8 without zero bytes.
func Clean(text string) string {
	if utf8.ValidString(text) && strings.IndexByte(text, 0) < 0 {
		return text
	}
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
}
