package store_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// baseline is the last migration before the first release. Whoever ran earlier ones runs no server of before.
const baseline = 6

var (
	comment  = regexp.MustCompile(`--[^\n]*`)
	additive = regexp.MustCompile(`(?is)^\s*(CREATE TABLE|CREATE INDEX|DROP INDEX|INSERT INTO)\b`)
	column   = regexp.MustCompile(`(?is)^\s*ALTER TABLE \w+ ADD COLUMN \w+ (TEXT|BIGINT) NOT NULL DEFAULT\b`)
)

// takesAway returns the first statement of a migration that a server of the release before would notice: its statements name the columns
// that it knows, and its inserts leave new ones out.
func takesAway(migration string) string {
	up, _, _ := strings.Cut(comment.ReplaceAllStringFunc(migration, func(line string) string {
		if strings.HasPrefix(line, "-- +goose Down") {
			return line
		}
		return ""
	}), "-- +goose Down")
	for statement := range strings.SplitSeq(up, ";") {
		if strings.TrimSpace(statement) != "" && !additive.MatchString(statement) && !column.MatchString(statement) {
			return strings.TrimSpace(statement)
		}
	}
	return ""
}

func TestAMigrationAfterTheFirstReleaseOnlyAdds(t *testing.T) {
	files, err := filepath.Glob("migrations/*.sql")
	if err != nil || len(files) < baseline {
		t.Fatalf("got %d migrations and error %v", len(files), err)
	}
	for _, file := range files {
		var version int
		if _, err := fmt.Sscanf(filepath.Base(file), "%d_", &version); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if found := takesAway(string(text)); found != "" && version > baseline {
			t.Errorf("%s: a server of the release before does not survive %q", file, found)
		}
	}
	for statement, want := range map[string]bool{
		"-- +goose Up\nCREATE TABLE a (b TEXT);\n-- +goose Down\nDROP TABLE a;": true,
		"-- +goose Up\nALTER TABLE a ADD COLUMN b BIGINT NOT NULL DEFAULT 0;":   true,
		"-- +goose Up\nALTER TABLE a ADD COLUMN b BIGINT NOT NULL;":             false,
		"-- +goose Up\nALTER TABLE a DROP COLUMN b;":                            false,
		"-- +goose Up\nDROP TABLE a;":                                           false,
		"-- +goose Up\nCREATE UNIQUE INDEX a ON b (c);":                         false,
		"-- +goose Up\nALTER TABLE a RENAME TO b;":                              false,
		"-- +goose Up\nUPDATE a SET b = 1;":                                     false,
	} {
		if got := takesAway(statement) == ""; got != want {
			t.Errorf("%q only adds: got %t, want %t", statement, got, want)
		}
	}
}
