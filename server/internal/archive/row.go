package archive

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// appendRow writes a row as a JSON array on a line of its own.
func appendRow(line []byte, row []any) ([]byte, error) {
	line = append(line, '[')
	for i, value := range row {
		if i > 0 {
			line = append(line, ',')
		}
		switch value := value.(type) {
		case int64:
			line = strconv.AppendInt(line, value, 10)
		case string:
			if plain(value) {
				line = append(append(append(line, '"'), value...), '"')
				continue
			}
			text, err := json.Marshal(value)
			if err != nil {
				return nil, err
			}
			line = append(line, text...)
		default:
			return nil, fmt.Errorf("a value is neither text nor integer, but %T", value)
		}
	}
	return append(line, ']', '\n'), nil
}

// plain says that JSON has the text as it is.
func plain(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			return false
		}
	}
	return true
}

// parseRow fills a row with what the columns have in a line. Most lines are as appendRow writes them, and are read at a fraction of
// the cost of the JSON that they may be.
func parseRow(row []any, line string, columns []Column) error {
	if parsePlainRow(row, line, columns) {
		return nil
	}
	return parseAnyRow(row, line, columns)
}

// parseAnyRow reads any JSON array of texts and integers.
func parseAnyRow(row []any, line string, columns []Column) error {
	decoder := json.NewDecoder(strings.NewReader(line))
	decoder.UseNumber()
	var values []any
	if err := decoder.Decode(&values); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is more behind it")
	}
	if err := convert(values, columns); err != nil {
		return err
	}
	copy(row, values)
	return nil
}

// parsePlainRow reports whether it could read a line without escapes and spaces. If it could not, the row is undefined.
func parsePlainRow(row []any, line string, columns []Column) bool {
	if !utf8.ValidString(line) {
		return false
	}
	for i, column := range columns {
		before := byte(',')
		if i == 0 {
			before = '['
		}
		if line == "" || line[0] != before {
			return false
		}
		var ok bool
		if column.Type == Text {
			row[i], line, ok = cutText(line[1:])
		} else {
			row[i], line, ok = cutInteger(line[1:])
		}
		if !ok {
			return false
		}
	}
	return line == "]" || line == "]\n"
}

func cutText(line string) (value any, rest string, ok bool) {
	if line == "" || line[0] != '"' {
		return nil, "", false
	}
	for i := 1; i < len(line); i++ {
		switch c := line[i]; {
		case c == '"':
			return line[1:i], line[i+1:], true
		case c == '\\' || c < ' ':
			return nil, "", false
		}
	}
	return nil, "", false
}

func cutInteger(line string) (value any, rest string, ok bool) {
	end := 0
	for end < len(line) && (line[end] == '-' || line[end] >= '0' && line[end] <= '9') {
		end++
	}
	digits := strings.TrimPrefix(line[:end], "-")
	number, err := strconv.ParseInt(line[:end], 10, 64)
	if err != nil || len(digits) > 1 && digits[0] == '0' {
		return nil, "", false
	}
	return number, line[end:], true
}

// convert makes the values those of the columns.
func convert(line []any, columns []Column) error {
	if len(line) != len(columns) {
		return fmt.Errorf("it has %d values, want %d", len(line), len(columns))
	}
	for i, column := range columns {
		switch value := line[i].(type) {
		case string:
			if column.Type != Text {
				return fmt.Errorf("%s is text", column.Name)
			}
		case json.Number:
			number, err := value.Int64()
			if err != nil || column.Type != Integer {
				return fmt.Errorf("%s is no %s", column.Name, column.Type)
			}
			line[i] = number
		default:
			return fmt.Errorf("%s is neither text nor integer", column.Name)
		}
	}
	return nil
}
