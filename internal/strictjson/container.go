package strictjson

import "math/bits"

// object reads the object whose brace is at i and keeps nothing of it.
func (s *scanner) object(i int) int {
	if s.depth == 0 {
		return s.fail(i, reasonDepth)
	}
	s.depth--
	start, base := i, s.count
	var seen uint64
	for n := 0; ; n++ {
		i = s.space(i + 1)
		if n == 0 && i < len(s.data) && s.data[i] == '}' {
			s.depth++
			return i + 1
		}
		name, after := s.name(i)
		if after < 0 {
			return -1
		}
		if n < fewNames {
			bit := signature(name)
			if seen&bit != 0 && contains(s.openSince(base), name) {
				return s.fail(i, reasonDuplicate)
			}
			seen |= bit
		}
		s.push(name)
		_, end := s.value(after)
		if i = s.separator(end, '}'); i < 0 {
			return -1
		}
		if s.data[i] == ',' {
			continue
		}
		if n >= fewNames && repeated(s.openSince(base)) {
			return s.fail(start, reasonDuplicate)
		}
		s.pop(base)
		s.depth++
		return i + 1
	}
}

// outermost finds the brace of the object that the document is, and goes inside. Where it is another value, the
// reason is the syntax error, if there is one.
func (s *scanner) outermost() int {
	start := s.space(0)
	if start < len(s.data) && s.data[start] == '{' {
		s.depth--
		return start
	}
	if _, end := s.value(start); end >= 0 && s.finish(end) {
		s.fail(start, reasonNotObject)
	}
	return -1
}

// members is object for the outermost object, whose members are kept.
func (s *scanner) members(i int, dst []Member) ([]Member, int) {
	start, base := i, len(dst)
	var seen uint64
	for n := 0; ; n++ {
		i = s.space(i + 1)
		if n == 0 && i < len(s.data) && s.data[i] == '}' {
			return dst, i + 1
		}
		name, after := s.name(i)
		if after < 0 {
			return nil, -1
		}
		if n < fewNames {
			bit := signature(name)
			if seen&bit != 0 && containsMember(dst[base:], name) {
				return nil, s.fail(i, reasonDuplicate)
			}
			seen |= bit
		}
		v, end := s.value(after)
		dst = append(dst, Member{Name: name, Value: v})
		if i = s.separator(end, '}'); i < 0 {
			return nil, -1
		}
		if s.data[i] == ',' {
			continue
		}
		if n >= fewNames && repeatedMember(dst[base:]) {
			return nil, s.fail(start, reasonDuplicate)
		}
		return dst, i + 1
	}
}

// array reads the array whose bracket is at i and keeps nothing of it.
func (s *scanner) array(i int) int {
	if s.depth == 0 {
		return s.fail(i, reasonDepth)
	}
	s.depth--
	for n := 0; ; n++ {
		i = s.space(i + 1)
		if n == 0 && i < len(s.data) && s.data[i] == ']' {
			s.depth++
			return i + 1
		}
		if s.left--; s.left < 0 {
			return s.fail(i, reasonMembers)
		}
		_, end := s.value(i)
		if i = s.separator(end, ']'); i < 0 {
			return -1
		}
		if s.data[i] == ']' {
			s.depth++
			return i + 1
		}
	}
}

// name reads a member's name and colon, and returns the name unescaped and the
// place of the value.
func (s *scanner) name(i int) (string, int) {
	if s.left--; s.left < 0 {
		return "", s.fail(i, reasonMembers)
	}
	if i >= len(s.data) {
		return "", s.fail(i, reasonEnd)
	}
	if s.data[i] != '"' {
		return "", s.fail(i, reasonName)
	}
	for j := i + 1; j+8 <= len(s.data); j += 8 {
		mask := special(load8(s.data, j))
		if mask == 0 {
			continue
		}
		// Nearly every name is plain and has its colon at once.
		j += bits.TrailingZeros64(mask) / 8
		if j+1 < len(s.data) && s.data[j] == '"' && s.data[j+1] == ':' {
			return s.data[i+1 : j], s.space(j + 2)
		}
		break
	}
	end, escaped := s.text(i)
	if end < 0 {
		return "", -1
	}
	colon := s.space(end)
	if colon >= len(s.data) {
		return "", s.fail(colon, reasonEnd)
	}
	if s.data[colon] != ':' {
		return "", s.fail(colon, reasonColon)
	}
	name := s.data[i+1 : end-1]
	if escaped {
		name = unescape(name)
	}
	return name, s.space(colon + 1)
}

// separator finds the comma or the closing byte that follows a value which
// ended at end; a negative end is passed on.
func (s *scanner) separator(end int, closing byte) int {
	if end < 0 {
		return -1
	}
	i := s.space(end)
	if i >= len(s.data) {
		return s.fail(i, reasonEnd)
	}
	if c := s.data[i]; c != ',' && c != closing {
		return s.fail(i, reasonComma)
	}
	return i
}
