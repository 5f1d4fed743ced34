package durward_test

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

// elsewhere are the cases of the library's groups that no test of this module can hold, each with the reason.
var elsewhere = map[string]string{
	"D16": "refresh, logout and administration are endpoints of the server, whose tests hold it",
	"D17": "tokens for one purpose, such as resetting a password, are made and redeemed by the server alone",
	"E06": "the server makes the first key; its keyring's tests start several at once",
	"E07": "the server keeps private keys; its keyring's tests read the database file",
	"E08": "the server has the master key; its tests start with another one and without",
	"E11": "the server keeps refresh tokens and limits rates; a verifier has nothing but the clock that it is given",
}

// TestEveryCaseHasATest holds that every case of the attack catalogue that concerns the library is named by a
// test: in the name of a test, in that of a table's row, or beside them.
func TestEveryCaseHasATest(t *testing.T) {
	var cases []struct{ ID, Attack string }
	if err := json.Unmarshal(vectors.Shared(t, "security", "cases.json"), &cases); err != nil {
		t.Fatal(err)
	}
	named, excuses := casesNamed(t), maps.Clone(elsewhere)
	count := 0
	for _, c := range cases {
		if !strings.Contains("ABCDE", c.ID[:1]) {
			continue
		}
		count++
		_, excused := elsewhere[c.ID]
		switch {
		case !named[c.ID] && !excused:
			t.Errorf("no test names %s, %s", c.ID, c.Attack)
		case named[c.ID] && excused:
			t.Errorf("a test names %s, want it no more among those that are tested elsewhere", c.ID)
		}
		delete(excuses, c.ID)
	}
	for id := range excuses {
		t.Errorf("%s is tested elsewhere, but there is no such case", id)
	}
	if count < 100 {
		t.Errorf("got %d cases, want at least 100", count)
	}
}

var (
	caseAlone  = regexp.MustCompile(`\b[A-E][0-9]{2}\b`)
	testName   = regexp.MustCompile(`\bTest\w+`)
	caseInName = regexp.MustCompile(`[A-E][0-9]{2}`)
)

// casesNamed returns the ids of the cases that the test files of the library name, this file aside.
func casesNamed(t *testing.T) map[string]bool {
	t.Helper()
	named := map[string]bool{}
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (path == "server" || path == "bench" || path == "examples" || path == ".git"):
			return fs.SkipDir
		case entry.IsDir() || !strings.HasSuffix(path, "_test.go") || path == "cases_test.go":
			return nil
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, id := range caseAlone.FindAllString(string(source), -1) {
			named[id] = true
		}
		for _, name := range testName.FindAllString(string(source), -1) {
			for _, id := range caseInName.FindAllString(name, -1) {
				named[id] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return named
}
