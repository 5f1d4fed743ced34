package server_test

import (
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/durward-auth/durward/internal/vectors"
)

// untested are the cases of sessions and of keys that no test holds, each with the reason.
var untested = map[string]string{
	"F18": "a standby that lost the last commits looks like a restored backup, and is no backup; docs/scale.md says how to lose none",
	"F23": "there are no links: no mail is sent, and an operator or the user's own password sets a new one",
}

// TestEveryCaseOfSessionsAndKeysHasATest holds that every case of the groups E and F of the attack catalogue is
// named by a test of the workspace: in the name of a test, in that of a table's row, or beside them.
func TestEveryCaseOfSessionsAndKeysHasATest(t *testing.T) {
	var cases []struct{ ID, Attack string }
	if err := json.Unmarshal(vectors.Shared(t, "security", "cases.json"), &cases); err != nil {
		t.Fatal(err)
	}
	named, excuses := casesNamed(t), maps.Clone(untested)
	count, others := 0, 0
	for _, c := range cases {
		where := named[c.ID]
		delete(named, c.ID)
		if group := c.ID[:1]; group != "E" && group != "F" {
			if where != "" {
				others++
			}
			continue
		}
		count++
		_, excused := untested[c.ID]
		switch {
		case where == "" && !excused:
			t.Errorf("no test names %s, %s", c.ID, c.Attack)
		case where != "" && excused:
			t.Errorf("%s names %s, want it no more among those without a test", where, c.ID)
		}
		delete(excuses, c.ID)
	}
	for id := range excuses {
		t.Errorf("%s has an excuse, but there is no such case", id)
	}
	for id, where := range named {
		if strings.ContainsAny(id[:1], "EF") {
			t.Errorf("%s names %s, but there is no such case", where, id)
		}
	}
	if count < 30 {
		t.Errorf("got %d cases of sessions and keys, want at least 30", count)
	}
	t.Logf("tests name all %d cases of sessions and keys but %d, and %d of other groups", count, len(untested), others)
}

var (
	// A case stands in a comment or begins a name, so that no base64url or hexadecimal text counts.
	caseBeside = regexp.MustCompile(`(?m)//.*$|"[A-L][0-9]{2}[ :][^"]*"`)
	caseAlone  = regexp.MustCompile(`\b[A-L][0-9]{2}\b`)
	testName   = regexp.MustCompile(`\bTest\w+`)
	caseInName = regexp.MustCompile(`[A-L][0-9]{2}`)
)

// casesNamed returns the ids of the cases that the test files of the workspace name, each with one of the files.
func casesNamed(t *testing.T) map[string]string {
	t.Helper()
	named := map[string]string{}
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "bench" || entry.Name() == ".git" || entry.Name() == "testdata"):
			return fs.SkipDir
		case entry.IsDir() || entry.Name() == "cases_test.go" || !strings.HasSuffix(path, "_test.go") && !strings.Contains(path, "test"+string(filepath.Separator)):
			return nil
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, text := range caseBeside.FindAllString(string(source), -1) {
			for _, id := range caseAlone.FindAllString(text, -1) {
				named[id] = path
			}
		}
		for _, name := range testName.FindAllString(string(source), -1) {
			for _, id := range caseInName.FindAllString(name, -1) {
				named[id] = path
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return named
}
