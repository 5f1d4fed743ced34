package strictjson

import "strconv"

// Kind says which of the JSON types a value has.
type Kind uint8

// The kinds of JSON values. Invalid is that of the zero Value.
const (
	Invalid Kind = iota
	Null
	Bool
	Number
	String
	Array
	Object
)

// String returns the name of the kind as in "object".
func (k Kind) String() string {
	switch k {
	case Null:
		return "null"
	case Bool:
		return "boolean"
	case Number:
		return "number"
	case String:
		return "string"
	case Array:
		return "array"
	case Object:
		return "object"
	}
	return "invalid"
}

// Value is a JSON value that has been checked. It is a slice of the document
// and keeps the document in memory.
type Value struct {
	raw     string
	kind    Kind
	escaped bool
}

// Member is a member of an object.
type Member struct {
	Name  string // unescaped
	Value Value
}

// Kind returns the type of the value.
func (v Value) Kind() Kind { return v.kind }

// Raw returns the text of the value exactly as it stands in the document,
// without white space around it.
func (v Value) Raw() string { return v.raw }

// Text returns the string that the value is, unescaped; false if it is not a
// string. Without an escape it is a slice of the document.
func (v Value) Text() (string, bool) {
	if v.kind != String {
		return "", false
	}
	inside := v.raw[1 : len(v.raw)-1]
	if v.escaped {
		return unescape(inside), true
	}
	return inside, true
}

// Bool returns the truth value that the value is; ok is false if it is none.
func (v Value) Bool() (value, ok bool) {
	return v.raw == "true", v.kind == Bool
}

// Int64 returns the integer that the value is; false if it is not a number,
// has a fraction or an exponent, or does not fit.
func (v Value) Int64() (int64, bool) {
	if v.kind != Number {
		return 0, false
	}
	n, err := strconv.ParseInt(v.raw, 10, 64)
	if err != nil {
		return 0, false
	}
	return n, true
}

// Float64 returns the nearest number to the one that the value is; false if it
// is not a number.
func (v Value) Float64() (float64, bool) {
	if v.kind != Number {
		return 0, false
	}
	f, err := strconv.ParseFloat(v.raw, 64)
	return f, err == nil
}

// AppendElements appends the elements of the array that the value is to dst;
// if it is not an array it returns nil and false.
func (v Value) AppendElements(dst []Value) ([]Value, bool) {
	if v.kind != Array {
		return nil, false
	}
	for i := next(v.raw, 0); v.raw[i] != ']'; {
		element, end := skip(v.raw, i)
		dst = append(dst, element)
		i = next(v.raw, end-1)
		if v.raw[i] == ',' {
			i = next(v.raw, i)
		}
	}
	return dst, true
}

// AppendTexts appends the strings that the elements of an array are to dst, unescaped; if the value is not an array of
// strings alone, or of more than most of them, it returns nil and false.
func (v Value) AppendTexts(dst []string, most int) ([]string, bool) {
	if v.kind != Array {
		return nil, false
	}
	for i := next(v.raw, 0); v.raw[i] != ']'; most-- {
		element, end := skip(v.raw, i)
		text, ok := element.Text()
		if !ok || most <= 0 {
			return nil, false
		}
		dst = append(dst, text)
		i = next(v.raw, end-1)
		if v.raw[i] == ',' {
			i = next(v.raw, i)
		}
	}
	return dst, true
}

// AppendMembers appends the members of the object that the value is to dst, in
// their order; if it is not an object it returns nil and false.
func (v Value) AppendMembers(dst []Member) ([]Member, bool) {
	if v.kind != Object {
		return nil, false
	}
	for i := next(v.raw, 0); v.raw[i] != '}'; {
		key, end := skip(v.raw, i)
		name, _ := key.Text()
		value, end := skip(v.raw, next(v.raw, next(v.raw, end-1)))
		dst = append(dst, Member{Name: name, Value: value})
		i = next(v.raw, end-1)
		if v.raw[i] == ',' {
			i = next(v.raw, i)
		}
	}
	return dst, true
}
