package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
	"unicode/utf16"
)

// printJSON writes a value for programs. What steers terminals is escaped, because people look at it too.
func printJSON(out io.Writer, value any) error {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return err
	}
	_, err := io.WriteString(out, escaped(text.String()))
	return err
}

// escaped writes what is not printable in the strings of a JSON text as \u (RFC 8259 §7).
func escaped(text string) string {
	strange := func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }
	if !strings.ContainsFunc(text, strange) {
		return text
	}
	var plain strings.Builder
	for _, r := range text {
		if !strange(r) {
			plain.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&plain, "\\u%04x", unit)
		}
	}
	return plain.String()
}

// printList writes a list as rows under headings for people, or as objects under a name for programs.
func printList[T any](c *commands, out io.Writer, name string, list []T, object func(T) map[string]any, headings []string, row func(T) []string) error {
	if c.JSON {
		objects := make([]any, len(list))
		for i, item := range list {
			objects[i] = object(item)
		}
		return printJSON(out, map[string]any{name: objects})
	}
	rows := make([][]string, len(list))
	for i, item := range list {
		rows[i] = row(item)
	}
	return printTable(out, headings, rows)
}

// printTable writes rows under headings for people.
func printTable(out io.Writer, headings []string, rows [][]string) error {
	table := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(table, strings.Join(headings, "\t"))
	for _, row := range rows {
		for i := range row {
			row[i] = printable(row[i])
		}
		fmt.Fprintln(table, strings.Join(row, "\t"))
	}
	return table.Flush()
}

// printable makes text from outside harmless on a terminal.
func printable(text string) string {
	if text == "" {
		return "-"
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, text)
}

// moment shows a time to people; "-" for none.
func moment(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Local().Format("2006-01-02 15:04:05")
}

// instant shows a time to programs; nil for none.
func instant(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	text := t.UTC().Format("2006-01-02T15:04:05.999999Z07:00") // microseconds, as the HTTP answers have it
	return &text
}
