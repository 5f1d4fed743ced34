package strictjson

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// codeUnit reads the \uXXXX at the start of text.
func codeUnit(text string) (rune, bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	var unit rune
	for i := 2; i < 6; i++ {
		c := text[i]
		switch {
		case c-'0' <= 9:
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		unit = unit<<4 | rune(c)
	}
	return unit, true
}

// unescape resolves the escapes of a string's inside that has been checked.
func unescape(inside string) string {
	out := make([]byte, 0, len(inside))
	for {
		i := strings.IndexByte(inside, '\\')
		if i < 0 {
			return string(append(out, inside...))
		}
		out = append(out, inside[:i]...)
		inside = inside[i:]
		size := 2
		switch c := inside[1]; c {
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			size = 6
			r, _ := codeUnit(inside)
			if utf16.IsSurrogate(r) {
				size = 12
				second, _ := codeUnit(inside[6:])
				r = utf16.DecodeRune(r, second)
			}
			out = utf8.AppendRune(out, r)
		default: // a quote, a backslash or a slash
			out = append(out, c)
		}
		inside = inside[size:]
	}
}
