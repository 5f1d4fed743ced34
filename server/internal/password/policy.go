package password

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/durward-auth/durward/server/internal/password/wordset"
)

// Policy says which passwords are good enough. There are no composition rules, as NIST
// SP 800-63B-4 section 3.1.1.2 asks.
type Policy struct {
	// MinLength is in code points; 0 means 8. NIST asks for 15 where a password is the only
	// factor.
	MinLength int
	// MaxBytes is 64 to the constant MaxBytes; 0 means that constant.
	MaxBytes int
}

// Codes of a WeakError.
const (
	CodeTooShort         = "too_short"
	CodeTooLong          = "too_long"
	CodeNotUTF8          = "not_utf8"
	CodeCommon           = "common"
	CodeContainsUsername = "contains_username"
	CodeContainsProduct  = "contains_product"
)

// WeakError says why a password is refused. It never contains the password.
type WeakError struct {
	Code   string // one of the constants above, stable
	Reason string // one sentence for the person who chose the password
}

func (e *WeakError) Error() string { return e.Reason }

const (
	defaultMinLength = 8
	lowestMinLength  = 8
	highestMinLength = 64 // NIST: 64 characters must pass
	lowestMaxBytes   = 64
	product          = "durward"
	// A name this short may be part of a good password by chance.
	shortName = 3
	// So many signs around a common word do not make it a good password.
	decoration = 4
)

// Validate reports what is wrong with the policy itself.
func (p Policy) Validate() error {
	if p.MinLength != 0 && (p.MinLength < lowestMinLength || p.MinLength > highestMinLength) {
		return fmt.Errorf("the minimum length of a password must be %d to %d, not %d", lowestMinLength, highestMinLength, p.MinLength)
	}
	if p.MaxBytes != 0 && (p.MaxBytes < max(lowestMaxBytes, p.MinLength) || p.MaxBytes > MaxBytes) {
		return fmt.Errorf("the maximum size of a password must be %d to %d bytes, not %d", lowestMaxBytes, MaxBytes, p.MaxBytes)
	}
	return nil
}

// Check returns a *WeakError when a password is too short or too long, is a common one, or would
// be too short without the user's name or this product's. Case makes no difference, nor do up to
// four digits or signs around a common word. A name of up to three characters counts only when
// there is nothing else in the password but digits and signs.
func (p Policy) Check(password, username string) error {
	maxBytes, minLength := p.MaxBytes, p.MinLength
	if maxBytes <= 0 || maxBytes > MaxBytes {
		maxBytes = MaxBytes
	}
	if minLength <= 0 {
		minLength = defaultMinLength
	}
	if len(password) > maxBytes {
		return tooLong(maxBytes)
	}
	normal, err := Normalise(password)
	if err != nil {
		return err
	}
	if utf8.RuneCountInString(normal) < minLength {
		return &WeakError{Code: CodeTooShort, Reason: fmt.Sprintf("The password is too short: use at least %d characters.", minLength)}
	}
	folded := wordset.Fold(normal)
	if leansOn(folded, wordset.Fold(username), minLength) {
		return &WeakError{Code: CodeContainsUsername, Reason: fmt.Sprintf("The password contains the user name: use at least %d characters beside it.", minLength)}
	}
	if leansOn(folded, product, minLength) {
		return &WeakError{Code: CodeContainsProduct, Reason: fmt.Sprintf("The password contains the name of this service: use at least %d characters beside it.", minLength)}
	}
	if isCommon(folded) || isCommon(undecorated(folded)) {
		return &WeakError{Code: CodeCommon, Reason: "The password is one of those that are guessed first: choose another, for instance several words."}
	}
	return nil
}

// leansOn says that fewer than minLength code points are left of a password without a name, or without the
// part of one before the @.
func leansOn(password, name string, minLength int) bool {
	local, _, _ := strings.Cut(name, "@")
	for _, n := range []string{name, local} {
		if n == "" || utf8.RuneCountInString(n) <= shortName && core(password) != n {
			continue
		}
		rest := strings.ReplaceAll(password, n, "")
		if rest != password && utf8.RuneCountInString(rest) < minLength {
			return true
		}
	}
	return false
}

// undecorated strips digits and signs around a password, if they are up to four.
func undecorated(password string) string {
	bare := core(password)
	if utf8.RuneCountInString(password)-utf8.RuneCountInString(bare) > decoration {
		return password
	}
	return bare
}

// core returns a password from its first letter to its last.
func core(password string) string {
	return strings.TrimFunc(password, func(r rune) bool { return !unicode.IsLetter(r) })
}

func tooLong(maxBytes int) *WeakError {
	return &WeakError{Code: CodeTooLong, Reason: fmt.Sprintf("The password is too long: use at most %d bytes.", maxBytes)}
}
