package password

import (
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// MaxBytes is the longest password that is looked at, in bytes, before and after normalising.
const MaxBytes = 1024

// Normalise returns the form of a password that is hashed: Unicode normal form C, so that
// the same characters typed on different keyboards are the same password. Nothing is trimmed or cut;
// spaces, control characters and NUL stay and count. Hash and Verify call it.
//
// The error is a *WeakError: the password is longer than MaxBytes or not valid UTF-8.
func Normalise(password string) (string, error) {
	if len(password) > MaxBytes {
		return "", tooLong(MaxBytes)
	}
	if !utf8.ValidString(password) {
		return "", &WeakError{Code: CodeNotUTF8, Reason: "The password is not valid UTF-8."}
	}
	normal := norm.NFC.String(password)
	if len(normal) > MaxBytes {
		return "", tooLong(MaxBytes)
	}
	return normal, nil
}
