package archive

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"iter"
	"strings"
)

// ParseRow is parseRow.
var ParseRow = parseRow

// WriteForged writes a backup of one table whose manifest tells of another number of rows.
func WriteForged(out io.Writer, m Manifest, table Table, rows iter.Seq2[[]any, error], told int64) error {
	w := NewWriter(out)
	if err := w.Add(table, rows); err != nil {
		return err
	}
	w.list[0].Rows = told
	_, err := w.Close(m)
	return err
}

// WriteFormat writes a backup that is whole and has a manifest of the format alone.
func WriteFormat(out io.Writer, format int) error {
	w := NewWriter(out)
	text, err := json.Marshal(map[string]int{"format": format})
	if err != nil {
		return err
	}
	var entry io.Writer
	if entry, err = w.zip.Create(manifestName); err != nil {
		return err
	}
	if _, err := entry.Write(text); err != nil {
		return err
	}
	if err := w.zip.SetComment(mark + strings.Repeat("0", digestLength)); err != nil {
		return err
	}
	if err := w.zip.Close(); err != nil {
		return err
	}
	return w.out.seal()
}

// Seal puts the right digest at the end of a text, in place of what is there.
func Seal(text []byte) []byte {
	if len(text) < digestLength {
		return text
	}
	sealed := append([]byte(nil), text[:len(text)-digestLength]...)
	sum := sha256.Sum256(sealed)
	return append(sealed, hex.EncodeToString(sum[:])...)
}

// ParseAnyRow is ParseRow without the short way.
var ParseAnyRow = parseAnyRow
