package strictness_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/durward-auth/durward"
)

func TestTheGoodTokenIsGoodEverywhere(t *testing.T) {
	token := signed(goodHeader, goodPayload)
	if _, err := ours(t)(token); err != nil {
		t.Errorf("durward: got error %v, want claims", err)
	}
	for _, o := range oracles() {
		if _, err := theirs(o, secret)(token); err != nil {
			t.Errorf("%s: got error %v, want claims", o.Name, err)
		}
	}
}

func TestWeRefuseForTheRightReason(t *testing.T) {
	verify := ours(t)
	for _, c := range cases {
		if claims, err := verify(c.token); !errors.Is(err, c.want) {
			t.Errorf("%s: got claims %v and error %v, want error %v", c.name, claims, err, c.want)
		}
	}
}

func TestAShortSecretIsRefusedHereAndByWhom(t *testing.T) {
	rows := table(t)
	for name, short := range map[string][]byte{"an HS256 secret of one byte": []byte("x"), "an empty HS256 secret": {}} {
		if _, err := durward.NewHMACKey(durward.HS256, short); err == nil {
			t.Errorf("%s: got a key, want an error", name)
		}
		input := encode(goodHeader) + "." + encode(goodPayload)
		compare(t, rows, name, short, input+"."+mac(short, input))
	}
}

// The last cells of a row say what the others do. A row whose cells no longer hold, because another release does
// something else, fails here.
func TestTheTableSaysWhatTheOthersDo(t *testing.T) {
	rows := table(t)
	for _, c := range cases {
		compare(t, rows, c.name, secret, c.token)
	}
	if want := len(cases) + 2; len(rows) != want {
		t.Errorf("got a table of %d rows, want %d, one for each case", len(rows), want)
	}
}

func compare(t *testing.T, rows map[string][]string, name string, key []byte, token string) {
	t.Helper()
	row, ok := rows[name]
	if !ok {
		row = make([]string, 7)
	}
	var got []string
	for _, o := range oracles() {
		answer := "refuses"
		if _, err := theirs(o, key)(token); err == nil {
			answer = "accepts"
		}
		got = append(got, answer)
	}
	if want := row[3:7]; !ok || strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("%s: they answer %v, want what the table says, %v", name, got, want)
	}
}

var testName = regexp.MustCompile("`(Test[A-Za-z0-9]+)`")

func TestTheTestsThatTheTableNamesExist(t *testing.T) {
	sources := map[string]string{}
	for _, pattern := range []string{"*_test.go", "internal/*/*_test.go"} {
		files, err := filepath.Glob(filepath.Join("..", "..", filepath.FromSlash(pattern)))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			sources[file] = string(text)
		}
	}
	for name, row := range table(t) {
		found := testName.FindStringSubmatch(row[2])
		if found == nil {
			t.Errorf("%s: got %q, want the name of a test", name, row[2])
			continue
		}
		exists := false
		for _, text := range sources {
			exists = exists || strings.Contains(text, "\nfunc "+found[1]+"(")
		}
		if !exists {
			t.Errorf("%s: got the test %s, want one that exists", name, found[1])
		}
	}
}

// table reads docs/strictness.md: the cells of each row by the first one.
func table(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "strictness.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string][]string{}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) != 7 || strings.Contains(cells[0], "---") || strings.TrimSpace(cells[0]) == "what" {
			continue
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		rows[cells[0]] = cells
	}
	return rows
}
