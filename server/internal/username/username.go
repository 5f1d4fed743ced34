package username

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/secure/precis"
	"golang.org/x/text/unicode/norm"
)

// MaxLength is the longest user name, in code points.
const MaxLength = 64

const (
	punctuation = "._-@+"
	maxBytes    = 1024 // of input; a name that is not yet composed may take more than 4·MaxLength
	maxMarks    = 3    // combining marks in a row
)

// InvalidError says why a user name or an e-mail address is refused.
type InvalidError struct {
	Reason string // one sentence for the person who typed it: what to change
}

func (e *InvalidError) Error() string { return e.Reason }

// Canonical returns the two forms of a user name: the one to display, in the case in which it was
// typed, and the one that is compared, stored as unique and counted. The error is an
// *InvalidError.
//
// A name has 1 to MaxLength code points: letters of one script with their marks, the digits 0 to 9, and
// . _ - @ +. The canonical form is that of the PRECIS profile UsernameCaseMapped (RFC 8265
// section 3.3), in which moreover the Turkish ı and İ are i, a final ς is σ, and a name all of whose
// Cyrillic, Greek or Armenian letters look like Latin ones is written in Latin, so that no
// two users have names that look alike in this way (UTS 39 section 4). Scripts that are not
// written together are refused in one name. The canonical form of a canonical
// form is itself.
func Canonical(name string) (display, canonical string, err error) {
	if err := checkText(name); err != nil {
		return "", "", err
	}
	display, err = precis.UsernameCasePreserved.String(name)
	if err != nil {
		return "", "", refuse("The user name has characters that are not allowed: use letters, digits and . _ - @ +.")
	}
	if err := checkCharacters(display); err != nil {
		return "", "", err
	}
	canonical, err = mapped(display)
	if err != nil {
		return "", "", err
	}
	if utf8.RuneCountInString(display) > MaxLength || utf8.RuneCountInString(canonical) > MaxLength {
		return "", "", errTooLong()
	}
	return display, canonical, nil
}

// mapped returns the canonical form of a name, which a second mapping would not change.
func mapped(name string) (string, error) {
	for range 4 {
		lower, err := precis.UsernameCaseMapped.String(name)
		if err != nil {
			break
		}
		next := norm.NFC.String(lookalike.Replace(norm.NFD.String(lower)))
		if err := checkCharacters(next); err != nil {
			return "", err
		}
		if next = latinTwin(next); next == name {
			return name, nil
		}
		name = next
	}
	return "", refuse("The user name has letters that have no one lower-case form: choose others.")
}

// checkText refuses what no mapping may hide: too much, broken text, spaces and what cannot be seen.
func checkText(name string) error {
	if name == "" {
		return refuse("The user name is empty: give one of 1 to 64 characters.")
	}
	if len(name) > maxBytes {
		return errTooLong()
	}
	if !utf8.ValidString(name) {
		return refuse("The user name is not valid UTF-8.")
	}
	for _, r := range name {
		switch {
		case unicode.IsSpace(r) || unicode.Is(unicode.Z, r):
			return refuse("The user name has a space or a line break: remove it.")
		case unicode.IsControl(r):
			return refuse("The user name has a control character: remove it.")
		case unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r) || unicode.Is(unicode.Variation_Selector, r):
			return refuse("The user name has a character that cannot be seen: remove it.")
		}
	}
	return nil
}

// checkCharacters holds a name to letters of one script, marks after letters, digits and punctuation.
func checkCharacters(name string) error {
	var scripts scriptSet
	marks, afterLetter, visible := 0, false, false
	for _, r := range name {
		switch {
		case r < utf8.RuneSelf && unicode.IsDigit(r):
			marks, afterLetter, visible = 0, false, true
		case strings.ContainsRune(punctuation, r):
			marks, afterLetter = 0, false
		case unicode.IsLetter(r):
			marks, afterLetter, visible = 0, true, true
			if latinImitation(r) {
				return refuse("The user name has the letter " + string(r) + ", which looks like another: use the common one.")
			}
			scripts.add(r)
		case unicode.IsMark(r):
			if marks++; !afterLetter || marks > maxMarks {
				return refuse("The user name has accents that stand on no letter, or more than three on one: remove them.")
			}
			scripts.add(r)
		case unicode.IsDigit(r):
			return refuse("The user name has digits other than 0 to 9: use those.")
		default:
			return refuse("The user name has a character that is not allowed: use letters, digits and . _ - @ +.")
		}
	}
	if !visible {
		return refuse("The user name needs at least one letter or digit.")
	}
	if scripts.mixed() {
		return refuse("The user name mixes letters of several alphabets, some of which may look alike: use one alphabet.")
	}
	return nil
}

func refuse(reason string) *InvalidError { return &InvalidError{Reason: reason} }

func errTooLong() *InvalidError {
	return refuse("The user name is too long: use at most 64 characters.")
}
