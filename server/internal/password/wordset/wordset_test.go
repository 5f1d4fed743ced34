package wordset_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/durward-auth/durward/server/internal/password/wordset"
)

func encode(t *testing.T, words ...string) wordset.Set {
	t.Helper()
	encoded, err := wordset.Encode(words)
	if err != nil {
		t.Fatalf("Encode: %v", err)
	}
	set, err := wordset.Parse(string(encoded))
	if err != nil {
		t.Fatalf("Parse: %v", err)
	}
	return set
}

func TestEveryWordIsFoundAndHardlyAnyOther(t *testing.T) {
	var words []string
	for i := range 50_000 {
		words = append(words, fmt.Sprintf("Word%d", i))
	}
	set := encode(t, words...)
	if set.Len() != len(words) {
		t.Errorf("Len: got %d, want %d", set.Len(), len(words))
	}
	for _, word := range words {
		if !set.Contains(wordset.Fold(word)) {
			t.Fatalf("Contains(%q): got false, want true", word)
		}
	}
	// Expected: 1,000,000 · 50,000 / 2³⁶ = 0.7.
	mistakes := 0
	for i := range 1_000_000 {
		if set.Contains(fmt.Sprintf("other%d", i)) {
			mistakes++
		}
	}
	if mistakes > 6 {
		t.Errorf("other words found: got %d in a million, want at most 6", mistakes)
	}
}

func TestTheEmptySetHasNoWords(t *testing.T) {
	for name, set := range map[string]wordset.Set{"the zero value": {}, "an encoded one": encode(t)} {
		if set.Contains("") || set.Contains("password") || set.Len() != 0 {
			t.Errorf("%s: got words, want none", name)
		}
	}
}

func TestWordsThatFoldToOneCountOnce(t *testing.T) {
	if got := encode(t, "Password", "PASSWORD", "\uff50assword").Len(); got != 1 {
		t.Errorf("Len: got %d, want 1", got)
	}
}

func TestParseRefuses(t *testing.T) {
	encoded, err := wordset.Encode([]string{"one", "two"})
	if err != nil {
		t.Fatal(err)
	}
	good := string(encoded)
	for name, bad := range map[string]string{
		"nothing":                   "",
		"a head cut short":          good[:100],
		"an entry cut short":        good[:len(good)-1],
		"an entry too few":          good[:len(good)-3],
		"an entry too many":         good + "abc",
		"a bucket that ends early":  strings.Repeat("\xff", 2) + good[2:],
		"a last bucket that is off": good[:8190] + "\x00\x05" + good[8192:],
	} {
		if _, err := wordset.Parse(bad); err == nil {
			t.Errorf("Parse of an encoding with %s: got no error, want one", name)
		}
	}
	if _, err := wordset.Encode(manyWords(70_000)); err == nil {
		t.Error("Encode of 70,000 words: got no error, want one")
	}
}

func manyWords(n int) []string {
	words := make([]string, n)
	for i := range words {
		words[i] = fmt.Sprint(i)
	}
	return words
}

func FuzzParse(f *testing.F) {
	encoded, err := wordset.Encode([]string{"one", "two", "three"})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(encoded), "one")
	f.Add(strings.Repeat("\x00", 8192), "")
	f.Fuzz(func(t *testing.T, encoded, word string) {
		if set, err := wordset.Parse(encoded); err == nil {
			set.Contains(word)
		}
	})
}
