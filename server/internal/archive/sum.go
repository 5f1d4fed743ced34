package archive

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
)

// Sum is the checksum of a table: the SHA-256 of its rows in the order of their key, each value with its type and length
// before it. It is the same whatever database or file the rows are in.
type Sum struct {
	hash hash.Hash
	rows int64
	row  []byte
}

// NewSum begins with no row.
func NewSum() *Sum { return &Sum{hash: sha256.New()} }

// Add adds a row: strings and values of int64.
func (s *Sum) Add(row []any) error {
	s.row = s.row[:0]
	for _, value := range row {
		switch value := value.(type) {
		case string:
			s.row = append(s.row, 't')
			s.row = binary.BigEndian.AppendUint64(s.row, uint64(len(value)))
			s.row = append(s.row, value...)
		case int64:
			s.row = append(s.row, 'i')
			s.row = binary.BigEndian.AppendUint64(s.row, uint64(value))
		default:
			return fmt.Errorf("a value is neither text nor integer, but %T", value)
		}
	}
	s.row = append(s.row, '\n')
	s.rows++
	s.hash.Write(s.row)
	return nil
}

// Rows is how many were added.
func (s *Sum) Rows() int64 { return s.rows }

// Text is the checksum in hexadecimal.
func (s *Sum) Text() string { return hex.EncodeToString(s.hash.Sum(nil)) }
