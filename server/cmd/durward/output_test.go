package main

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"
)

func TestJSONForProgramsSteersNoTerminal(t *testing.T) {
	const hostile = "a\x1b[31m\x7f\u0085\u2028\u202e\U000e0001<é😀>\n"
	var out strings.Builder
	if err := printJSON(&out, map[string]string{"name": hostile}); err != nil {
		t.Fatal(err)
	}
	for _, r := range strings.TrimSuffix(out.String(), "\n") {
		if r != '\n' && !unicode.IsPrint(r) {
			t.Errorf("the output holds %q", r)
		}
	}
	if !strings.Contains(out.String(), "<é😀>") {
		t.Errorf("the output is %s, want printable characters as they are", out.String())
	}
	var back map[string]string
	if err := json.Unmarshal([]byte(out.String()), &back); err != nil || back["name"] != hostile {
		t.Errorf("the output means %q (%v), want %q", back["name"], err, hostile)
	}
}
