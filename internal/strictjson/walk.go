package strictjson

import (
	"encoding"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
)

// decoder walks a checked value and a Go value together.
type decoder struct {
	strict bool // refuse unknown members, and null where there is no nil
}

func mismatch(want string) error { return &TypeError{Want: want} }

// maxPointers bounds the pointers to pointers that are followed for one value:
// a type such as "type P *P" has no end.
const maxPointers = 16

var numberType = reflect.TypeFor[json.Number]()

func (d decoder) value(v Value, target reflect.Value) error {
	for range maxPointers {
		if done, err := d.custom(v, target); done {
			return err
		}
		switch target.Kind() {
		case reflect.Pointer:
			if v.kind == Null || target.IsNil() {
				if !target.CanSet() {
					return fmt.Errorf("json: embedded pointer to the unexported type %v cannot be set", target.Type().Elem())
				}
				if v.kind == Null {
					target.SetZero()
					return nil
				}
				target.Set(reflect.New(target.Type().Elem()))
			}
			target = target.Elem()
			continue
		case reflect.Interface:
			if inner := target.Elem(); inner.Kind() == reflect.Pointer && !inner.IsNil() && v.kind != Null {
				target = inner
				continue
			}
		}
		return d.plain(v, target)
	}
	return mismatch("within reach: too many pointers")
}

// custom hands the value to the target's own UnmarshalJSON or UnmarshalText.
func (d decoder) custom(v Value, target reflect.Value) (done bool, err error) {
	if target.Kind() == reflect.Pointer || target.Kind() == reflect.Interface || !target.CanAddr() {
		return false, nil
	}
	address := target.Addr()
	if address.Type().NumMethod() == 0 || !address.CanInterface() {
		return false, nil
	}
	switch u := address.Interface().(type) {
	case json.Unmarshaler:
		if _, verbatim := u.(*json.RawMessage); d.strict && v.kind == Null && !verbatim {
			return true, mismatch("a value other than null")
		}
		if err := u.UnmarshalJSON([]byte(v.raw)); err != nil {
			return true, &methodError{err: err}
		}
		return true, nil
	case encoding.TextUnmarshaler:
		if v.kind == Null && !d.strict {
			return true, nil
		}
		text, ok := v.Text()
		if !ok {
			return true, mismatch("a string")
		}
		if err := u.UnmarshalText([]byte(text)); err != nil {
			return true, &methodError{err: err}
		}
		return true, nil
	}
	return false, nil
}

// plain decodes into a value that is no pointer and has no method of its own.
func (d decoder) plain(v Value, target reflect.Value) error {
	if v.kind == Null && target.Kind() != reflect.Interface {
		if d.strict {
			return mismatch(want(target))
		}
		if k := target.Kind(); k == reflect.Map || k == reflect.Slice {
			target.SetZero()
		}
		return nil
	}
	switch target.Kind() {
	case reflect.Interface:
		return setAny(v, target)
	case reflect.Struct:
		return d.structure(v, target)
	case reflect.Map:
		return d.mapping(v, target)
	case reflect.Slice:
		if v.kind == String && target.Type().Elem().Kind() == reflect.Uint8 {
			return setBytes(v, target)
		}
		return d.slice(v, target)
	case reflect.Array:
		return d.array(v, target)
	}
	if target.Type() == numberType && v.kind == String && !d.strict {
		// encoding/json takes a number inside a string here.
		v, _ = insideString(v)
	}
	if !setScalar(v, target) {
		return mismatch(want(target))
	}
	return nil
}

// want names in a TypeError what a Go value can take.
func want(target reflect.Value) string {
	switch target.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		if target.Type() == numberType {
			return "a number"
		}
		return "a string"
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Slice, reflect.Array:
		return "an array"
	case reflect.Float32, reflect.Float64:
		return "a number in range"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return "an integer in range"
	}
	return "of a type that JSON has"
}

// setScalar sets a boolean, number or string; false if the value does not fit.
func setScalar(v Value, target reflect.Value) bool {
	switch kind := target.Kind(); {
	case kind == reflect.Bool && v.kind == Bool:
		target.SetBool(v.raw == "true")
		return true
	case kind == reflect.String && target.Type() == numberType:
		if v.kind == Number {
			target.SetString(v.raw)
		}
		return v.kind == Number
	case kind == reflect.String && v.kind == String:
		text, _ := v.Text()
		target.SetString(text)
		return true
	case v.kind != Number:
		return false
	case target.CanInt():
		n, err := strconv.ParseInt(v.raw, 10, target.Type().Bits())
		if err == nil {
			target.SetInt(n)
		}
		return err == nil
	case target.CanUint():
		n, err := strconv.ParseUint(v.raw, 10, target.Type().Bits())
		if err == nil {
			target.SetUint(n)
		}
		return err == nil
	case target.CanFloat():
		f, err := strconv.ParseFloat(v.raw, target.Type().Bits())
		if err == nil {
			target.SetFloat(f)
		}
		return err == nil
	}
	return false
}

func setBytes(v Value, target reflect.Value) error {
	text, _ := v.Text()
	decoded, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return mismatch("a base64 string")
	}
	target.SetBytes(decoded)
	return nil
}

func setAny(v Value, target reflect.Value) error {
	if target.NumMethod() > 0 {
		if v.kind == Null {
			target.SetZero()
			return nil
		}
		return mismatch(want(target))
	}
	a := v.any()
	if a == nil {
		target.SetZero()
	} else {
		target.Set(reflect.ValueOf(a))
	}
	return nil
}

// any returns the value in the types that encoding/json chooses for an any.
func (v Value) any() any {
	switch v.kind {
	case Bool:
		return v.raw == "true"
	case Number:
		f, _ := v.Float64()
		return f
	case String:
		text, _ := v.Text()
		return text
	case Array:
		elements, _ := v.AppendElements(nil)
		list := make([]any, len(elements))
		for i, element := range elements {
			list[i] = element.any()
		}
		return list
	case Object:
		members, _ := v.AppendMembers(nil)
		object := make(map[string]any, len(members))
		for _, m := range members {
			object[m.Name] = m.Value.any()
		}
		return object
	}
	return nil
}
