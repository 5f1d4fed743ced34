package strictjson

import (
	"math/bits"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	reasonEnd       = "unexpected end"
	reasonTrailing  = "more after the value"
	reasonBOM       = "byte order mark"
	reasonValue     = "not the start of a value"
	reasonLiteral   = "not a literal"
	reasonNumber    = "not a number"
	reasonHuge      = "a number too large for a float64"
	reasonName      = "a name must be a string"
	reasonColon     = "no colon after a name"
	reasonComma     = "neither a comma nor the end of the object or array"
	reasonControl   = "control character in a string"
	reasonUTF8      = "invalid UTF-8"
	reasonEscape    = "unknown escape"
	reasonSurrogate = "lone surrogate"
	reasonDuplicate = "duplicate name"
	reasonDepth     = "nested too deep"
	reasonMembers   = "too many members"
	reasonNotObject = "not an object"
)

// openNames is how many names of open objects fit without an allocation.
const openNames = 32

// scanner reads a document once. Its methods take the place to read at and
// return the place after what they read, or -1 once fail has been called.
type scanner struct {
	data   string
	depth  int // levels left
	left   int // members and elements left
	at     int
	reason string

	// The names of the nested objects that are open: in few, or all in many
	// once few has been too small.
	count int
	few   [openNames]string
	many  []string
}

// start must be called on a zero scanner that stays where it is: to copy one
// costs more than to read a small document.
func (s *scanner) start(data string, limits Limits) {
	limits = limits.effective()
	s.data, s.depth, s.left = data, limits.Depth, limits.Members
}

func (s *scanner) push(name string) {
	if s.count < openNames {
		s.few[s.count] = name
	} else {
		if s.count == openNames {
			s.many = append(s.many[:0], s.few[:]...)
		}
		s.many = append(s.many, name)
	}
	s.count++
}

func (s *scanner) pop(count int) {
	if count > openNames {
		s.many = s.many[:count]
	}
	s.count = count
}

// openSince returns the names pushed since there were base of them.
func (s *scanner) openSince(base int) []string {
	if s.count > openNames {
		return s.many[base:]
	}
	return s.few[base:s.count]
}

func (s *scanner) fail(at int, reason string) int {
	s.at, s.reason = at, reason
	return -1
}

func (s *scanner) err() error { return &Error{Offset: s.at, Reason: s.reason} }

// finish reports whether only white space follows.
func (s *scanner) finish(i int) bool {
	if i = s.space(i); i < len(s.data) {
		s.fail(i, reasonTrailing)
		return false
	}
	return true
}

func (s *scanner) space(i int) int {
	for i < len(s.data) && isSpace(s.data[i]) {
		i++
	}
	return i
}

func isSpace(c byte) bool {
	return c <= ' ' && (c == ' ' || c == '\n' || c == '\r' || c == '\t')
}

func (s *scanner) value(i int) (Value, int) {
	if i >= len(s.data) {
		return Value{}, s.fail(i, reasonEnd)
	}
	var kind Kind
	var escaped bool
	end := -1
	switch c := s.data[i]; c {
	case '"':
		kind = String
		end, escaped = s.text(i)
	case '{':
		kind = Object
		end = s.object(i)
	case '[':
		kind = Array
		end = s.array(i)
	case 't':
		kind = Bool
		end = s.literal(i, "true")
	case 'f':
		kind = Bool
		end = s.literal(i, "false")
	case 'n':
		kind = Null
		end = s.literal(i, "null")
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		kind = Number
		end = s.number(i)
	default:
		if i == 0 && strings.HasPrefix(s.data, "\uFEFF") {
			return Value{}, s.fail(i, reasonBOM)
		}
		return Value{}, s.fail(i, reasonValue)
	}
	if end < 0 {
		return Value{}, -1
	}
	return Value{raw: s.data[i:end], kind: kind, escaped: escaped}, end
}

func (s *scanner) literal(i int, word string) int {
	if !strings.HasPrefix(s.data[i:], word) {
		return s.fail(i, reasonLiteral)
	}
	return i + len(word)
}

func (s *scanner) number(i int) int {
	start := i
	if s.data[i] == '-' {
		i++
	}
	whole := i
	if i = s.digits(i); i == whole || s.data[whole] == '0' && i > whole+1 {
		return s.fail(start, reasonNumber)
	}
	if i < len(s.data) && s.data[i] == '.' {
		fraction := i + 1
		if i = s.digits(fraction); i == fraction {
			return s.fail(start, reasonNumber)
		}
	}
	if i < len(s.data) && s.data[i]|0x20 == 'e' {
		i++
		if i < len(s.data) && (s.data[i] == '+' || s.data[i] == '-') {
			i++
		}
		exponent := i
		if i = s.digits(exponent); i == exponent {
			return s.fail(start, reasonNumber)
		}
	}
	if i-start > surelyFinite && !finite(s.data[start:i]) {
		return s.fail(start, reasonHuge)
	}
	return i
}

// surelyFinite is the longest number that no exponent can make infinite: 9e99.
const surelyFinite = 4

// finite reports whether a number has a nearest float64 (RFC 7493 §2.2): others do not read it alike.
func finite(number string) bool {
	if len(number) <= 300 && strings.IndexByte(number, 'e') < 0 && strings.IndexByte(number, 'E') < 0 {
		return true
	}
	_, err := strconv.ParseFloat(number, 64)
	return err == nil
}

func (s *scanner) digits(i int) int {
	for i < len(s.data) && s.data[i]-'0' <= 9 {
		i++
	}
	return i
}

// text reads the string whose opening quote is at i, and reports whether it
// has an escape.
func (s *scanner) text(i int) (end int, escaped bool) {
	data := s.data
	start := i
	i++
	for {
		for i+8 <= len(data) {
			mask := special(load8(data, i))
			if mask != 0 {
				i += bits.TrailingZeros64(mask) / 8
				break
			}
			i += 8
		}
		for i < len(data) && isPlain(data[i]) {
			i++
		}
		if i >= len(data) {
			return s.fail(start, reasonEnd), false
		}
		switch c := data[i]; {
		case c == '"':
			return i + 1, escaped
		case c == '\\':
			escaped = true
			if i = s.escape(i); i < 0 {
				return -1, false
			}
		case c < ' ':
			return s.fail(i, reasonControl), false
		default:
			r, size := utf8.DecodeRuneInString(data[i:])
			if r == utf8.RuneError && size <= 1 {
				return s.fail(i, reasonUTF8), false
			}
			i += size
		}
	}
}

// isPlain reports whether c stands for itself inside a string and is ASCII.
func isPlain(c byte) bool {
	return c >= ' ' && c < utf8.RuneSelf && c != '"' && c != '\\'
}

const (
	low  = 0x0101010101010101
	high = 0x8080808080808080
)

// special marks, in the high bit of its byte, the first of eight bytes that is
// not plain; the marks above the first are not to be relied on.
func special(x uint64) uint64 {
	return (((x ^ low*'"') - low) | ((x ^ low*'\\') - low) | (x - low*' ') | x) & high
}

func load8(s string, i int) uint64 {
	b := s[i : i+8]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}

// escape reads the escape whose backslash is at i.
func (s *scanner) escape(i int) int {
	if i+1 >= len(s.data) {
		return s.fail(i, reasonEnd)
	}
	switch s.data[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 2
	case 'u':
	default:
		return s.fail(i, reasonEscape)
	}
	unit, ok := codeUnit(s.data[i:])
	switch {
	case !ok:
		return s.fail(i, reasonEscape)
	case unit < 0xD800 || unit > 0xDFFF:
		return i + 6
	case unit > 0xDBFF:
		return s.fail(i, reasonSurrogate)
	}
	if second, ok := codeUnit(s.data[i+6:]); !ok || second < 0xDC00 || second > 0xDFFF {
		return s.fail(i, reasonSurrogate)
	}
	return i + 12
}
