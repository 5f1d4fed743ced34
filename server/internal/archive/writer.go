package archive

import (
	"archive/zip"
	"bufio"
	"compress/flate"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"hash"
	"io"
	"iter"
	"strings"
)

// A backup is a ZIP file (of which any tool can list and unpack the tables, as JSON lines) whose comment ends with the
// SHA-256 of every byte before it.
const (
	mark         = "durward backup, sha256 "
	digestLength = 2 * sha256.Size
	manifestName = "manifest.json"
)

func entryName(table string) string { return "tables/" + table + ".jsonl" }

// Writer writes a backup.
type Writer struct {
	out  *sealer
	zip  *zip.Writer
	list []Table
}

// NewWriter begins a backup.
func NewWriter(out io.Writer) *Writer {
	s := &sealer{out: out, hash: sha256.New()}
	w := &Writer{out: s, zip: zip.NewWriter(s)}
	w.zip.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) { return flate.NewWriter(out, flate.BestSpeed) })
	return w
}

// Add writes the rows of a table, and fills in how many there were and their checksum.
func (w *Writer) Add(table Table, rows iter.Seq2[[]any, error]) error {
	entry, err := w.zip.Create(entryName(table.Name))
	if err != nil {
		return err
	}
	lines, sum := bufio.NewWriterSize(entry, 64<<10), NewSum()
	var line []byte
	for row, err := range rows {
		if err == nil {
			err = sum.Add(row)
		}
		if err != nil {
			return err
		}
		if line, err = appendRow(line[:0], row); err != nil {
			return err
		}
		if _, err := lines.Write(line); err != nil {
			return err
		}
	}
	table.Rows, table.SHA256 = sum.Rows(), sum.Text()
	w.list = append(w.list, table)
	return lines.Flush()
}

// Close writes the manifest with the tables that were added, and ends the backup. It returns the manifest.
func (w *Writer) Close(m Manifest) (Manifest, error) {
	m.Format, m.Tables = Format, w.list
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return Manifest{}, err
	}
	entry, err := w.zip.Create(manifestName)
	if err == nil {
		_, err = entry.Write(append(text, '\n'))
	}
	if err == nil {
		err = w.zip.SetComment(mark + strings.Repeat("0", digestLength))
	}
	if err == nil {
		err = w.zip.Close()
	}
	if err == nil {
		err = w.out.seal()
	}
	if err != nil {
		return Manifest{}, err
	}
	return m, nil
}

// sealer passes on everything but the last digits, in whose place it writes the digest.
type sealer struct {
	out  io.Writer
	hash hash.Hash
	held []byte
}

// Write implements io.Writer.
func (s *sealer) Write(p []byte) (int, error) {
	s.held = append(s.held, p...)
	if n := len(s.held) - digestLength; n > 64<<10 {
		if err := s.pass(n); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

func (s *sealer) pass(n int) error {
	s.hash.Write(s.held[:n])
	_, err := s.out.Write(s.held[:n])
	s.held = append(s.held[:0], s.held[n:]...)
	return err
}

func (s *sealer) seal() error {
	if err := s.pass(len(s.held) - digestLength); err != nil {
		return err
	}
	_, err := io.WriteString(s.out, hex.EncodeToString(s.hash.Sum(nil)))
	return err
}
