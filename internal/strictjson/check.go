package strictjson

import "fmt"

// DefaultLimits hold for the fields of a Limits that are zero.
var DefaultLimits = Limits{Depth: 32, Members: 1024}

// maxDepth bounds the recursion whatever the caller asks for.
const maxDepth = 10_000

// Limits bound what a document may cost. A field that is not positive means
// the one of DefaultLimits.
type Limits struct {
	Depth   int // arrays and objects inside one another, at most 10,000
	Members int // members and elements in the whole document
}

func (l Limits) effective() Limits {
	if l.Depth <= 0 {
		l.Depth = DefaultLimits.Depth
	}
	if l.Members <= 0 {
		l.Members = DefaultLimits.Members
	}
	l.Depth = min(l.Depth, maxDepth)
	return l
}

// Error says where a document is not strict JSON and why.
type Error struct {
	Offset int    // in bytes, from the start of the document
	Reason string // a fixed sentence, never text of the document
}

func (e *Error) Error() string {
	return fmt.Sprintf("json: %s at byte %d", e.Reason, e.Offset)
}

// Check returns nil if data is one JSON value and nothing else, or an *Error.
func Check(data string, limits Limits) error {
	_, err := parse(data, limits)
	return err
}

func parse(data string, limits Limits) (Value, error) {
	var s scanner
	s.start(data, limits)
	v, end := s.value(s.space(0))
	if end < 0 || !s.finish(end) {
		return Value{}, s.err()
	}
	return v, nil
}

// AppendObject appends the members of the object that data is, in their order,
// to dst. The error is an *Error, and then the returned slice is nil.
//
// It allocates nothing if dst has room, no name has an escape and the nested
// objects that are open at one time have at most 16 names together. The values
// are slices of data.
func AppendObject(dst []Member, data string, limits Limits) ([]Member, error) {
	var s scanner
	s.start(data, limits)
	start := s.outermost()
	if start < 0 {
		return nil, s.err()
	}
	dst, end := s.members(start, dst)
	if end < 0 || !s.finish(end) {
		return nil, s.err()
	}
	return dst, nil
}
