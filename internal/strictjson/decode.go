package strictjson

import (
	"errors"
	"fmt"
	"reflect"
)

// UnknownMemberError says that an object has a member with no place in the Go
// value. Name is the member's own, with the names of the objects around it in
// front: "address.street".
type UnknownMemberError struct{ Name string }

func (e *UnknownMemberError) Error() string {
	return fmt.Sprintf("json: unknown member %s", quote(e.Name))
}

// TypeError says that a member has a value of the wrong type or range. Name is
// as in UnknownMemberError, and empty for the document itself. Want is a JSON
// type or a range in words.
type TypeError struct{ Name, Want string }

func (e *TypeError) Error() string {
	if e.Name == "" {
		return "json: not " + e.Want
	}
	return fmt.Sprintf("json: member %s is not %s", quote(e.Name), e.Want)
}

// methodError is the error of a type's own UnmarshalJSON or UnmarshalText.
type methodError struct {
	name string
	err  error
}

func (e *methodError) Error() string {
	if e.name == "" {
		return fmt.Sprintf("json: %v", e.err)
	}
	return fmt.Sprintf("json: member %s: %v", quote(e.name), e.err)
}

func (e *methodError) Unwrap() error { return e.err }

// within adds the name of the member in which err came up.
func within(name string, err error) error {
	switch e := err.(type) {
	case *UnknownMemberError:
		e.Name = name + "." + e.Name
	case *TypeError:
		e.Name = join(name, e.Name)
	case *methodError:
		e.name = join(name, e.name)
	}
	return err
}

func join(outer, inner string) string {
	if inner == "" {
		return outer
	}
	return outer + "." + inner
}

// quote keeps text of the document harmless and short in an error.
func quote(name string) string {
	const longest = 64
	if len(name) > longest {
		return fmt.Sprintf("%q…", name[:longest])
	}
	return fmt.Sprintf("%q", name)
}

// Decode reads the object that data is into the struct that into points at.
//
// The json tags and types of encoding/json hold, but names match exactly, an
// unknown member at any depth is an *UnknownMemberError, a wrong type or a
// value that does not fit is a *TypeError, and null is a *TypeError where the
// Go type is not a pointer, an interface or a json.RawMessage. A member that is absent leaves
// its field alone. Text that is not strict JSON is an *Error. With an error,
// what into points at is zero.
//
// A type with an UnmarshalJSON method of its own gets its value's text, checked,
// and reads it as it pleases.
func Decode(data string, limits Limits, into any) error {
	target := reflect.ValueOf(into)
	if target.Kind() != reflect.Pointer || target.Elem().Kind() != reflect.Struct {
		return errors.New("json: decode into something other than a pointer to a struct")
	}
	return decode(data, limits, target.Elem(), decoder{strict: true})
}

// DecodeKnown reads data into what into points at, of any type that
// encoding/json can read into. It is as Decode, except that unknown members are
// ignored at every depth and null is read as encoding/json reads it: nil where
// there is a nil, nothing elsewhere.
func DecodeKnown(data string, limits Limits, into any) error {
	target := reflect.ValueOf(into)
	if target.Kind() != reflect.Pointer || target.IsNil() {
		return errors.New("json: decode into something other than a pointer")
	}
	return decode(data, limits, target.Elem(), decoder{})
}

func decode(data string, limits Limits, target reflect.Value, d decoder) error {
	v, err := parse(data, limits)
	if err == nil {
		if d.strict && v.kind != Object {
			err = &TypeError{Want: "an object"}
		} else {
			err = d.value(v, target)
		}
	}
	if err != nil {
		target.SetZero()
		return err
	}
	return nil
}
