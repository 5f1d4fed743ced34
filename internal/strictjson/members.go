package strictjson

import "math/bits"

// Members reads the members of an object one after the other, so that they need not be kept. It is AppendObject in
// steps: nothing that it returned counts before all of the document has been read and Err is nil.
//
// It allocates nothing if no name has an escape and the objects that are open at one time, the outermost among
// them, have at most 32 names together. It must not be copied once it is in use.
type Members struct {
	scanner scanner
	open    int    // the outermost brace
	at      int    // the brace or comma before the next member, or less than zero
	n       int    // members so far
	seen    uint64 // signatures of their names
}

// Start sets a zero Members to the start of data.
func (m *Members) Start(data string, limits Limits) {
	s := &m.scanner
	s.start(data, limits)
	m.open = s.outermost()
	m.at = m.open
}

// Err returns nil if all of the document was read and is right, and otherwise an *Error.
func (m *Members) Err() error {
	if m.scanner.reason != "" {
		return m.scanner.err()
	}
	return nil
}

// Next returns the next member, its value a slice of the document. It is false at the end and at the first
// thing that is wrong.
func (m *Members) Next() (member Member, ok bool) {
	if m.at < 0 {
		return Member{}, false
	}
	s := &m.scanner
	i := s.space(m.at + 1)
	if m.n == 0 && i < len(s.data) && s.data[i] == '}' {
		s.finish(i + 1)
		m.at = -1
		return Member{}, false
	}
	name, after := s.name(i)
	if after < 0 {
		m.at = -1
		return Member{}, false
	}
	if m.n < fewNames {
		bit := signature(name)
		if m.seen&bit != 0 && contains(s.openSince(0), name) {
			m.at = s.fail(i, reasonDuplicate)
			return Member{}, false
		}
		m.seen |= bit
	}
	s.push(name)
	m.n++
	v, end := s.plainText(after)
	if end < 0 {
		v, end = s.value(after)
	}
	if uint(end) < uint(len(s.data)) && s.data[end] == ',' {
		m.at = end
		return Member{Name: name, Value: v}, true
	}
	if i = s.separator(end, '}'); i < 0 || s.data[i] == ',' {
		m.at = i
		return Member{Name: name, Value: v}, i >= 0
	}
	m.at = -1
	if m.n > fewNames && repeated(s.openSince(0)) {
		s.fail(m.open, reasonDuplicate)
		return Member{}, false
	}
	return Member{Name: name, Value: v}, s.finish(i + 1)
}

// plainText reads the value at i if it is a string without escapes and of ASCII alone, and otherwise returns a
// negative place.
func (s *scanner) plainText(i int) (Value, int) {
	data := s.data
	if i >= len(data) || data[i] != '"' {
		return Value{}, -1
	}
	for j := i + 1; j+8 <= len(data); j += 8 {
		mask := special(load8(data, j))
		if mask == 0 {
			continue
		}
		if j += bits.TrailingZeros64(mask) / 8; data[j] != '"' {
			break
		}
		return Value{raw: data[i : j+1], kind: String}, j + 1
	}
	return Value{}, -1
}
