package username_test

import (
	"errors"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/durward-auth/durward/server/internal/username"
)

func TestCanonicalIsOneFormForOneName(t *testing.T) {
	tests := map[string]struct{ name, display, canonical string }{
		"a plain name":                                  {"alice", "alice", "alice"},
		"case is kept for display only":                 {"ALICE", "ALICE", "alice"},
		"full-width letters are the ordinary ones":      {"\uff21lice", "Alice", "alice"},
		"a composed letter":                             {"Ren\u00e9", "Ren\u00e9", "ren\u00e9"},
		"a decomposed letter":                           {"Rene\u0301", "Ren\u00e9", "ren\u00e9"},
		"the Turkish capital I with a dot":              {"ADM\u0130N", "ADM\u0130N", "admin"},
		"the Turkish small i without a dot":             {"adm\u0131n", "adm\u0131n", "admin"},
		"an i with a second dot":                        {"admi\u0307n", "admi\u0307n", "admin"},
		"a final sigma":                                 {"\u03bf\u03b4\u03cc\u03c2", "\u03bf\u03b4\u03cc\u03c2", "\u03bf\u03b4\u03cc\u03c3"},
		"a capital sigma":                               {"\u039f\u0394\u038c\u03a3", "\u039f\u0394\u038c\u03a3", "\u03bf\u03b4\u03cc\u03c3"},
		"digits and punctuation":                        {"J.R_o-e+2@Example.org", "J.R_o-e+2@Example.org", "j.r_o-e+2@example.org"},
		"a Russian name":                                {"Дмитрий", "Дмитрий", "дмитрий"},
		"a Russian name with digits":                    {"юлия_99", "юлия_99", "юлия_99"},
		"a Japanese name in three scripts":              {"田中さくらエミ", "田中さくらエミ", "田中さくらエミ"},
		"a Korean name":                                 {"김철수", "김철수", "김철수"},
		"an Arabic name":                                {"محمد", "محمد", "محمد"},
		"a Hebrew name":                                 {"דוד", "דוד", "דוד"},
		"a Hindi name with marks":                       {"प्रिया", "प्रिया", "प्रिया"},
		"a Thai name":                                   {"สมชาย", "สมชาย", "สมชาย"},
		"a Vietnamese name":                             {"Nguyễn", "Nguyễn", "nguyễn"},
		"an Azerbaijani name":                           {"Məmməd", "Məmməd", "məmməd"},
		"Cyrillic letters that all look Latin":          {"сосо", "сосо", "coco"},
		"Cyrillic letters that look Latin, and a digit": {"Сара1", "Сара1", "capa1"},
		"Greek letters that all look Latin":             {"ναν", "ναν", "vav"},
		"64 code points":                                {strings.Repeat("\u00e9", 64), strings.Repeat("\u00e9", 64), strings.Repeat("\u00e9", 64)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			display, canonical, err := username.Canonical(tt.name)
			if err != nil || display != tt.display || canonical != tt.canonical {
				t.Errorf("Canonical(%+q): got %+q, %+q, %v, want %+q, %+q", tt.name, display, canonical, err, tt.display, tt.canonical)
			}
		})
	}
}

func TestCanonicalRefuses(t *testing.T) {
	tests := map[string]struct{ name, says string }{
		"nothing":                                {"", "empty"},
		"65 code points":                         {strings.Repeat("a", 65), "too long"},
		"a megabyte":                             {strings.Repeat("a", 1<<20), "too long"},
		"invalid UTF-8":                          {"al\xffice", "UTF-8"},
		"a space at the end":                     {"alice ", "space"},
		"a space inside":                         {"alice b", "space"},
		"a no-break space":                       {"alice\u00a0", "space"},
		"a line break":                           {"alice\r\nx", "space or a line break"},
		"NUL":                                    {"al\x00ice", "control"},
		"delete":                                 {"alice\x7f", "control"},
		"an escape sequence":                     {"\x1b[31mroot", "control"},
		"a zero-width space":                     {"alice\u200b", "cannot be seen"},
		"a zero-width joiner":                    {"ali\u200dce", "cannot be seen"},
		"a right-to-left override":               {"\u202eecila", "cannot be seen"},
		"a soft hyphen":                          {"ali\u00adce", "cannot be seen"},
		"a combining grapheme joiner":            {"ali\u034fce", "cannot be seen"},
		"a Hangul filler":                        {"alice\u3164", "cannot be seen"},
		"a byte order mark":                      {"\ufeffalice", "cannot be seen"},
		"a tag character":                        {"alice\U000e0061", "cannot be seen"},
		"a Cyrillic a in a Latin name":           {"\u0430dmin", "several alphabets"},
		"a Greek o in a Latin name":              {"r\u03bf\u03bft", "several alphabets"},
		"Armenian and Latin":                     {"admi\u0578", "several alphabets"},
		"Latin and Han":                          {"a田", "several alphabets"},
		"Cyrillic and Greek":                     {"жω", "several alphabets"},
		"the Latin alpha of phonetic notation":   {"\u0251dmin", "looks like another"},
		"the script g of phonetic notation":      {"\u0261uest", "looks like another"},
		"a Latin small capital":                  {"\u1d00dmin", "looks like another"},
		"a dotless j":                            {"\u0237im", "looks like another"},
		"a click that looks like l":              {"a\u01c0ice", "looks like another"},
		"a long s":                               {"\u017fam", "not allowed"},
		"a ligature":                             {"\ufb01n", "not allowed"},
		"mathematical letters":                   {"\U0001d41aadmin", "not allowed"},
		"an emoji":                               {"bob\U0001f600", "not allowed"},
		"an unassigned code point":               {"bob\u0378", "not allowed"},
		"a slash":                                {"../etc", "not allowed"},
		"markup":                                 {"<script>", "not allowed"},
		"a quote":                                {"o'neil", "not allowed"},
		"a colon":                                {"a:b", "not allowed"},
		"only punctuation":                       {"..", "at least one letter or digit"},
		"Arabic digits":                          {"user\u0661", "digits"},
		"a mark on nothing":                      {"\u0301alice", "not allowed"},
		"a mark on a digit":                      {"7\u0301x", "not allowed"},
		"a tower of marks":                       {"a\u0316\u0317\u0318\u0319lice", "accents"},
		"letters that run both ways in one name": {"דוד.a", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			display, canonical, err := username.Canonical(tt.name)
			var invalid *username.InvalidError
			if !errors.As(err, &invalid) || !strings.Contains(invalid.Reason, tt.says) {
				t.Errorf("Canonical(%.80q): got error %v, want an InvalidError that says %q", tt.name, err, tt.says)
			}
			if display != "" || canonical != "" {
				t.Errorf("Canonical(%.80q): got %q and %q beside the error, want nothing", tt.name, display, canonical)
			}
		})
	}
}

func FuzzCanonical(f *testing.F) {
	for _, seed := range []string{
		"alice", "ALICE", "\uff21lice", "Rene\u0301", "ADM\u0130N", "adm\u0131n", "\u0130\u0307", "i\u0307\u0307", "\u039f\u0394\u039f\u03a3",
		"\u0430dmin", "сосо", "田中さくら", "\u1e9e", "\u0345a", "\u1f80", "\u03ac\u0345", "a\u0323\u0307", "\u01c5", "\u13a0", "דוד", "é\u0323", "\u0456\u0307", "\u0458\u0307", "J\u0307", "ά\u0301",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		display, canonical, err := username.Canonical(name)
		if err != nil {
			var invalid *username.InvalidError
			if !errors.As(err, &invalid) || invalid.Reason == "" || display != "" || canonical != "" {
				t.Fatalf("Canonical(%+q): got %q, %q, %v, want only an InvalidError with a reason", name, display, canonical, err)
			}
			return
		}
		if n := utf8.RuneCountInString(canonical); n < 1 || n > username.MaxLength {
			t.Fatalf("Canonical(%+q): got %d code points, want 1 to %d", name, n, username.MaxLength)
		}
		if _, again, err := username.Canonical(canonical); err != nil || again != canonical {
			t.Fatalf("Canonical(%+q) of %+q: got %+q, %v, want itself", canonical, name, again, err)
		}
		if _, again, err := username.Canonical(display); err != nil || again != canonical {
			t.Fatalf("Canonical(%+q), the display form of %+q: got %+q, %v, want %+q", display, name, again, err, canonical)
		}
		if upper := strings.ToUpper(canonical); isASCII(canonical) {
			if _, again, err := username.Canonical(upper); err != nil || again != canonical {
				t.Fatalf("Canonical(%+q): got %+q, %v, want %+q", upper, again, err, canonical)
			}
		}
	})
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func TestCanonicalOfEveryLetterIsStable(t *testing.T) {
	accepted := 0
	for r := rune(0); r <= unicode.MaxRune; r++ {
		_, canonical, err := username.Canonical(string(r))
		if err != nil {
			continue
		}
		accepted++
		if _, again, err := username.Canonical(canonical); err != nil || again != canonical {
			t.Errorf("Canonical of %+q, the canonical form of %U: got %+q, %v, want itself", canonical, r, again, err)
		}
	}
	if accepted < 50_000 {
		t.Errorf("letters and digits accepted as names: got %d, want at least 50,000", accepted)
	}
}
