package account

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxNames bounds the roles and the scopes of one user: they stand in every token.
const maxNames = 32

// checkNames holds for lists of role or scope names: at most 32, each of 1 to 64 of the bytes A-Z a-z 0-9 . _ : -
// and "/", so that every name is also a scope token (RFC 6749 §3.3).
func checkNames(kind string, names []string) error {
	if len(names) > maxNames {
		return &InputError{"invalid_" + kind, fmt.Sprintf("A user may have at most %d %ss.", maxNames, kind)}
	}
	for _, name := range names {
		if len(name) < 1 || len(name) > 64 || strings.ContainsFunc(name, notNameRune) {
			return &InputError{"invalid_" + kind, fmt.Sprintf("The %s %q must be 1 to 64 of the characters A-Z, a-z, 0-9 and . _ : - /", kind, name)}
		}
	}
	return nil
}

func notNameRune(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("._:-/", r)
}

// sortedSet returns the names once each, in order; never nil, so that JSON shows a list.
func sortedSet(names []string) []string {
	set := slices.Clone(names)
	slices.Sort(set)
	return nonNil(slices.Compact(set))
}

// sentence is an error's text in the form in which a person reads it.
func sentence(err error) string {
	text := err.Error()
	first, size := utf8.DecodeRuneInString(text)
	text = string(unicode.ToUpper(first)) + text[size:]
	if !strings.HasSuffix(text, ".") {
		text += "."
	}
	return text
}
