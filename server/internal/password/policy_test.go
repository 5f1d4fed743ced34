package password_test

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/durward-auth/durward/server/internal/password"
)

func TestPolicyAccepts(t *testing.T) {
	for name, tt := range map[string]struct{ password, username string }{
		"eight random characters":           {"kq7vzr2m", "alice"},
		"64 lower-case letters":             {strings.Repeat("a", 64), "alice"},
		"only letters and spaces":           {"several plain words", "alice"},
		"a word that is common, in another": {"dragon tea kettle", "alice"},
		"eight emoji":                       {"\U0001f600\U0001f642\U0001f643\U0001f609\U0001f60a\U0001f60e\U0001f914\U0001f917", "alice"},
		"64 code points of 4 bytes":         {strings.Repeat("\U0001f600", 64), "alice"},
		"NUL inside":                        {"kq7v\x00zr2m", "alice"},
		"1,024 bytes":                       {strings.Repeat("ab", 512), "alice"},
		"a short name by chance":            {"planetarium-voyage", "al"},
		"a short name in just enough":       {"sal-kq7v", "al"},
		"enough beside the user name":       {"correct horse battery alice", "alice"},
		"just enough beside the user name":  {"aliceKq7vzr2m", "alice"},
		"just enough around the user name":  {"kq7vALICEzr2m", "alice"},
		"enough beside the part before @":   {"alice-kq7vzr2m", "alice@example.org"},
		"enough beside a short name":        {"202620262026bob!", "bob"},
		"enough beside the product":         {"Durward-kq7vzr2", "alice"},
		"no name":                           {"kq7vzr2m", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if err := (password.Policy{}).Check(tt.password, tt.username); err != nil {
				t.Errorf("Check: got %v, want none", err)
			}
		})
	}
}

func TestPolicyRefuses(t *testing.T) {
	for name, tt := range map[string]struct{ password, username, code string }{
		"nothing":                              {"", "alice", password.CodeTooShort},
		"seven characters":                     {"kq7vzr2", "alice", password.CodeTooShort},
		"seven characters of four bytes":       {strings.Repeat("\U0001f600", 7), "alice", password.CodeTooShort},
		"seven characters, decomposed":         {strings.Repeat("e\u0301", 7), "alice", password.CodeTooShort},
		"1,025 bytes":                          {strings.Repeat("a", 1025), "alice", password.CodeTooLong},
		"a megabyte":                           {strings.Repeat("a", 1<<20), "alice", password.CodeTooLong},
		"invalid UTF-8":                        {"kq7vzr2m\xff", "alice", password.CodeNotUTF8},
		"a common one":                         {"password", "alice", password.CodeCommon},
		"a common one in capitals":             {"PASSWORD", "alice", password.CodeCommon},
		"a common one in full width":           {"\uff50\uff41\uff53\uff53\uff57\uff4f\uff52\uff44", "alice", password.CodeCommon},
		"a common one with a digit and a sign": {"Password1!", "alice", password.CodeCommon},
		"a common one with a year":             {"Sunshine2026", "alice", password.CodeCommon},
		"the user name":                        {"alice.smith", "Alice.Smith", password.CodeContainsUsername},
		"the user name inside":                 {"x9-ALICE-k3v", "alice", password.CodeContainsUsername},
		"the user name and a year":             {"alice2026!", "alice", password.CodeContainsUsername},
		"the user name again and again":        {"alice alice alice alice", "alice", password.CodeContainsUsername},
		"the user name in full width":          {"\uff41lice-kq7vzr", "alice", password.CodeContainsUsername},
		"the part before the @":                {"alice-kq7vzr", "alice@example.org", password.CodeContainsUsername},
		"a short name and digits":              {"2026bob!", "bob", password.CodeContainsUsername},
		"the product":                          {"MyDurward-kq7", "alice", password.CodeContainsProduct},
		"the product and digits":               {"Durward-1234", "alice", password.CodeContainsProduct},
	} {
		t.Run(name, func(t *testing.T) {
			err := (password.Policy{}).Check(tt.password, tt.username)
			var weak *password.WeakError
			if !errors.As(err, &weak) || weak.Code != tt.code {
				t.Fatalf("Check: got %v, want the code %s", err, tt.code)
			}
			if weak.Reason == "" || (tt.password != "" && len(tt.password) < 100 && tt.code != password.CodeCommon && strings.Contains(weak.Reason, tt.password)) {
				t.Errorf("reason: got %q, want a sentence without the password", weak.Reason)
			}
		})
	}
}

func TestPolicyIsConfigurable(t *testing.T) {
	p := password.Policy{MinLength: 15, MaxBytes: 64}
	if err := p.Validate(); err != nil {
		t.Fatalf("Validate: %v", err)
	}
	for given, want := range map[string]string{
		"kq7vzr2m kq7vz":         password.CodeTooShort,
		"kq7vzr2m kq7vzr":        "",
		"durward kq7vzr2m kq7v":  password.CodeContainsProduct,
		strings.Repeat("ab", 32): "",
		strings.Repeat("a", 65):  password.CodeTooLong,
	} {
		var weak *password.WeakError
		if errors.As(p.Check(given, ""), &weak); want == "" && weak != nil || want != "" && (weak == nil || weak.Code != want) {
			t.Errorf("Check of %d bytes: got %v, want %q", len(given), weak, want)
		}
	}
	for name, bad := range map[string]password.Policy{
		"fewer than 8 characters":     {MinLength: 7},
		"more than 64 characters":     {MinLength: 65},
		"64 characters could not fit": {MaxBytes: 63},
		"more than is looked at":      {MaxBytes: 1025},
		"a minimum below nought":      {MinLength: -1},
	} {
		if err := bad.Validate(); err == nil {
			t.Errorf("Validate of a policy with %s: got none, want an error", name)
		}
	}
}

// From all over the list, in its own spelling.
var listed = []string{
	"12345678", "qwertyuiop", "1qaz2wsx", "trustno1", "jennifer", "computer", "michelle", "baseball1", "liverpool", "password1",
	"starwars", "iloveyou", "princess", "whatever", "sunshine", "football1", "charlie1", "1234qwer", "11111111", "asdfghjkl",
}

func TestListedPasswordsAreRefused(t *testing.T) {
	for _, word := range listed {
		for _, given := range []string{word, strings.ToUpper(word)} {
			var weak *password.WeakError
			if err := (password.Policy{}).Check(given, "alice"); !errors.As(err, &weak) || weak.Code != password.CodeCommon {
				t.Errorf("Check(%q): got %v, want %s", given, err, password.CodeCommon)
			}
		}
	}
}

func TestRandomPasswordsAreHardlyEverRefused(t *testing.T) {
	const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789"
	random := rand.New(rand.NewPCG(1, 2))
	refused := 0
	const tries = 300_000
	var text [12]byte
	for range tries {
		for i := range text {
			text[i] = alphabet[random.IntN(len(alphabet))]
		}
		if (password.Policy{}).Check(string(text[:]), "alice") != nil {
			refused++
		}
	}
	if refused > 5 {
		t.Errorf("random passwords refused: got %d of %d, want at most 5", refused, tries)
	}
}

func FuzzNormalise(f *testing.F) {
	for _, seed := range []string{"correct horse", "cafe\u0301", "\u0958", "ab\x00cd", "a\xff", "\u1100\u1161\u11a8", "a" + strings.Repeat("\u0301", 60)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, given string) {
		normal, err := password.Normalise(given)
		if err != nil {
			var weak *password.WeakError
			if !errors.As(err, &weak) || normal != "" {
				t.Fatalf("Normalise(%+q): got %+q, %v, want only a WeakError", given, normal, err)
			}
			return
		}
		if again, err := password.Normalise(normal); err != nil || again != normal {
			t.Fatalf("Normalise of %+q, the normal form of %+q: got %+q, %v, want itself", normal, given, again, err)
		}
		if len(normal) > password.MaxBytes || strings.Count(normal, "\x00") != strings.Count(given, "\x00") {
			t.Fatalf("Normalise(%+q): got %+q, want no more than MaxBytes and every NUL kept", given, normal)
		}
	})
}
