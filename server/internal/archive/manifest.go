package archive

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"time"
)

// Format is the version of the files that this program writes, and the highest that it reads.
const Format = 1

// Manifest says what a backup holds.
type Manifest struct {
	Format      int       `json:"format"`
	Program     string    `json:"program"`       // version of the program that wrote it
	CreatedAt   time.Time `json:"created_at"`    // when the data was as it is in the file
	Database    string    `json:"database"`      // "sqlite" or "postgresql"; it restores into either
	Schema      int64     `json:"schema"`        // version of the database's schema
	Epoch       string    `json:"epoch"`         // of the revocations; empty when nobody has followed them
	MasterKeyID string    `json:"master_key_id"` // of the master key that seals the keys in the file, and is not in it
	Tables      []Table   `json:"tables"`        // each after those that it refers to
}

// Table is the rows of one table.
type Table struct {
	Name    string   `json:"name"`
	Columns []Column `json:"columns"`
	Rows    int64    `json:"rows"`
	SHA256  string   `json:"sha256"` // of the rows, see [Sum]
}

// Column is a column of a table.
type Column struct {
	Name string `json:"name"`
	Type Type   `json:"type"`
}

// Type is what the values of a column are.
type Type string

const (
	Text    Type = "text"    // a string in Go
	Integer Type = "integer" // an int64
)

// Rows counts those of all tables.
func (m Manifest) Rows() int64 {
	var sum int64
	for _, table := range m.Tables {
		sum += table.Rows
	}
	return sum
}

var (
	// ErrDamaged says that a file is not, or is not any more, what was written as a backup.
	ErrDamaged = errors.New("the backup is damaged or incomplete")

	// ErrNewer says that a later version of the program wrote the backup.
	ErrNewer = errors.New("the backup was written by a later version of this program")
)

var name = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)

func parseManifest(text []byte) (Manifest, error) {
	var m Manifest
	if err := json.Unmarshal(text, &m); err != nil {
		return Manifest{}, fmt.Errorf("%w: its manifest cannot be read", ErrDamaged)
	}
	if m.Format > Format {
		return Manifest{}, fmt.Errorf("%w: its format is %d, and this program knows %d", ErrNewer, m.Format, Format)
	}
	if m.Format < 1 || m.Schema < 1 || len(m.Tables) == 0 {
		return Manifest{}, fmt.Errorf("%w: its manifest says nothing", ErrDamaged)
	}
	seen := map[string]bool{}
	for _, table := range m.Tables {
		if !name.MatchString(table.Name) || seen[table.Name] || len(table.Columns) == 0 || table.Rows < 0 {
			return Manifest{}, fmt.Errorf("%w: its manifest has a table %q that cannot be", ErrDamaged, table.Name)
		}
		seen[table.Name] = true
		columns := map[string]bool{}
		for _, column := range table.Columns {
			if !name.MatchString(column.Name) || columns[column.Name] || column.Type != Text && column.Type != Integer {
				return Manifest{}, fmt.Errorf("%w: its manifest has a column %q that cannot be", ErrDamaged, column.Name)
			}
			columns[column.Name] = true
		}
	}
	return m, nil
}
