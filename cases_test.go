package durward_test

import (
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
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

// untested are the cases of sessions and of keys that no test of the workspace holds, each with the reason.
var untested = map[string]string{
	"F18": "a standby that lost the last commits looks like a restored backup, and is no backup; docs/scale.md says how to lose none",
	"F23": "there are no links: no mail is sent, and an operator or the user's own password sets a new one",
}

// TestEveryCaseHasATest holds that every case of the attack catalogue that concerns the library is named by a test of the library,
// and every one that concerns sessions or keys by a test of the workspace: in the name of a test, in that of a table's row, or in a
// comment.
func TestEveryCaseHasATest(t *testing.T) {
	var cases []struct{ ID, Attack string }
	if err := json.Unmarshal(vectors.Shared(t, "security", "cases.json"), &cases); err != nil {
		t.Fatal(err)
	}
	for _, part := range []struct {
		groups, of string
		named      map[string]string
		excused    map[string]string
		least      int
	}{
		{"ABCDE", "the library", casesNamed(t, "server", "bench", "examples"), elsewhere, 100},
		{"EF", "the workspace", casesNamed(t, "bench"), untested, 30},
	} {
		named, excuses, count := maps.Clone(part.named), maps.Clone(part.excused), 0
		for _, c := range cases {
			if !strings.Contains(part.groups, c.ID[:1]) {
				continue
			}
			count++
			where, excused := named[c.ID], part.excused[c.ID] != ""
			switch {
			case where == "" && !excused:
				t.Errorf("no test of %s names %s, %s", part.of, c.ID, c.Attack)
			case where != "" && excused:
				t.Errorf("%s names %s, want it no more among those without a test of %s", where, c.ID, part.of)
			}
			delete(named, c.ID)
			delete(excuses, c.ID)
		}
		for id := range excuses {
			t.Errorf("%s has an excuse, but there is no such case", id)
		}
		for id, where := range named {
			if strings.Contains(part.groups, id[:1]) {
				t.Errorf("%s names %s, but there is no such case", where, id)
			}
		}
		if count < part.least {
			t.Errorf("got %d cases of %s, want at least %d", count, part.groups, part.least)
		}
	}
}

var (
	// A case stands in a comment or begins a name, so that no base64url or hexadecimal text counts.
	caseBeside = regexp.MustCompile(`(?m)//.*$|"[A-L][0-9]{2}[ :][^"]*"`)
	caseAlone  = regexp.MustCompile(`\b[A-L][0-9]{2}\b`)
	testName   = regexp.MustCompile(`\bTest\w+`)
	caseInName = regexp.MustCompile(`[A-L][0-9]{2}`)
	rfcInName  = regexp.MustCompile(`RFC[0-9]+`)
)

// casesNamed returns the ids of the cases that tests name, each with one of the files. Some of the folders of the workspace are left out.
func casesNamed(t *testing.T, without ...string) map[string]string {
	t.Helper()
	named := map[string]string{}
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (slices.Contains(without, path) || entry.Name() == ".git" || entry.Name() == "testdata"):
			return fs.SkipDir
		case entry.IsDir() || path == "cases_test.go" || !strings.HasSuffix(path, "_test.go") && !strings.Contains(path, "test"+string(filepath.Separator)):
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
			for _, id := range caseInName.FindAllString(rfcInName.ReplaceAllString(name, ""), -1) {
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
