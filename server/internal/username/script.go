package username

import (
	"strings"
	"unicode"
)

// A scriptSet holds the scripts of a name's letters, by their Unicode names.
type scriptSet map[string]struct{}

// Scripts that are written together (UTS 39 section 5.2, without Latin).
var together = [...][]string{
	{"Han", "Hiragana", "Katakana"},
	{"Han", "Hangul"},
	{"Han", "Bopomofo"},
}

func (s *scriptSet) add(r rune) {
	script := scriptOf(r)
	if script == "Common" || script == "Inherited" {
		return
	}
	if *s == nil {
		*s = make(scriptSet)
	}
	(*s)[script] = struct{}{}
}

func (s scriptSet) mixed() bool {
	if len(s) <= 1 {
		return false
	}
	for _, group := range together {
		inGroup := 0
		for _, script := range group {
			if _, ok := s[script]; ok {
				inGroup++
			}
		}
		if inGroup == len(s) {
			return false
		}
	}
	return true
}

func scriptOf(r rune) string {
	for _, common := range [...]string{"Latin", "Cyrillic", "Greek", "Han"} {
		if unicode.Is(unicode.Scripts[common], r) {
			return common
		}
	}
	for name, table := range unicode.Scripts {
		if unicode.Is(table, r) {
			return name
		}
	}
	return "Unknown"
}

// lookalike replaces, in decomposed lower case, letters that are the same one to a reader.
var lookalike = strings.NewReplacer("i\u0307", "i", "ı", "i", "ς", "σ")

// Latin letters that are written in living orthographies. The rest of the script is phonetic
// notation, small capitals and the like, much of which imitates a to z.
var livingLatin = []struct{ first, last rune }{
	{'a', 'z'}, {'A', 'Z'}, {0xC0, 0x24F}, {0x1E00, 0x1EFF},
}

// Letters of African and Caucasian alphabets outside those ranges, in lower case.
const furtherLatin = "ɓɔɖɗəɛɠɣɨɲɵʃʉʊʋʒ"

// Letters within those ranges that imitate b, i, l, j and punctuation.
const imitations = "ƄƅƖǀǁǂǃȷ"

// latinImitation says whether a letter is a Latin one that is refused because it looks like
// one of a to z and is no more than notation.
func latinImitation(r rune) bool {
	if !unicode.Is(unicode.Latin, r) && !strings.ContainsRune(imitations, r) {
		return false
	}
	if strings.ContainsRune(imitations, r) {
		return true
	}
	for _, living := range livingLatin {
		if r >= living.first && r <= living.last {
			return false
		}
	}
	return !strings.ContainsRune(furtherLatin, unicode.ToLower(r))
}

// Lower-case letters that look like a Latin one, of the scripts in which whole names can
// (the confusables of UTS 39, those that differ by no more than the typeface).
var latinTwins = map[rune]rune{
	// Cyrillic
	'а': 'a', 'с': 'c', 'ԁ': 'd', 'е': 'e', 'һ': 'h', 'і': 'i', 'ј': 'j', 'ӏ': 'l', 'о': 'o', 'р': 'p',
	'ԛ': 'q', 'г': 'r', 'ѕ': 's', 'у': 'y', 'ү': 'y', 'ѵ': 'v', 'ԝ': 'w', 'ѡ': 'w', 'х': 'x', 'ь': 'b', 'п': 'n',
	'ѐ': 'è', 'ё': 'ë', 'ї': 'ï', 'ӓ': 'ä', 'ӧ': 'ö', 'ҫ': 'ç',
	// Greek
	'α': 'a', 'γ': 'y', 'η': 'n', 'ι': 'i', 'κ': 'k', 'ν': 'v', 'ο': 'o', 'ρ': 'p', 'σ': 'o', 'τ': 't', 'υ': 'u', 'χ': 'x', 'ω': 'w', 'ϲ': 'c', 'ϳ': 'j',
	'ά': 'á', 'ί': 'í', 'ό': 'ó', 'ύ': 'ú', 'ϊ': 'ï', 'ϋ': 'ü',
	// Armenian
	'ց': 'g', 'հ': 'h', 'յ': 'j', 'ո': 'n', 'օ': 'o', 'զ': 'q', 'ս': 'u', 'ք': 'p', 'ա': 'w',
}

// latinTwin returns the Latin name that a name of another script looks like, if each of its
// letters looks like a Latin one, and otherwise the name.
func latinTwin(name string) string {
	twin := strings.Map(func(r rune) rune {
		if t, ok := latinTwins[r]; ok {
			return t
		}
		return r
	}, name)
	for _, r := range twin {
		if unicode.IsLetter(r) && scriptOf(r) != "Latin" {
			return name
		}
	}
	return twin
}
