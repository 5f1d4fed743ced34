package jws

import "strings"

// MatchType reports whether two media types of a "typ" or "cty" member are the
// same (RFC 7515, section 4.1.9): without regard to ASCII case, and with
// "application/" understood where a type has no other slash. An empty one
// matches nothing.
func MatchType(typ, want string) bool {
	typ, want = subtype(typ), subtype(want)
	return typ != "" && len(typ) == len(want) && equalFold(typ, want)
}

func subtype(typ string) string {
	const prefix = "application/"
	if len(typ) < len(prefix) || !equalFold(typ[:len(prefix)], prefix) {
		return typ
	}
	if rest := typ[len(prefix):]; strings.IndexByte(rest, '/') < 0 {
		return rest
	}
	return typ
}

// equalFold compares strings of one length. Unlike strings.EqualFold it folds
// ASCII only, or "ſ" would pass for "s".
func equalFold(a, b string) bool {
	for i := range len(a) {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}
