package strictjson

import (
	"encoding"
	"fmt"
	"reflect"
	"strconv"
)

func (d decoder) structure(v Value, target reflect.Value) error {
	var room [16]Member
	members, ok := v.AppendMembers(room[:0])
	if !ok {
		return mismatch("an object")
	}
	fields := fieldsOf(target.Type())
	for _, m := range members {
		f, ok := fields[m.Name]
		if !ok {
			if d.strict {
				return &UnknownMemberError{Name: m.Name}
			}
			continue
		}
		inner, err := reach(target, f.index)
		if err != nil {
			return err
		}
		value := m.Value
		if f.quoted && value.kind != Null {
			if value, ok = insideString(value); !ok {
				return within(m.Name, mismatch("a value written inside a string"))
			}
		}
		if err := d.value(value, inner); err != nil {
			return within(m.Name, err)
		}
	}
	return nil
}

// reach returns the field at index, with the embedded pointers on the way set.
func reach(target reflect.Value, index []int) (reflect.Value, error) {
	for i, n := range index {
		if i > 0 && target.Kind() == reflect.Pointer {
			if target.IsNil() {
				if !target.CanSet() {
					return reflect.Value{}, fmt.Errorf("json: embedded pointer to the unexported type %v cannot be set", target.Type().Elem())
				}
				target.Set(reflect.New(target.Type().Elem()))
			}
			target = target.Elem()
		}
		target = target.Field(n)
	}
	return target, nil
}

// insideString returns the scalar that a string holds as JSON text, for ",string".
func insideString(v Value) (Value, bool) {
	text, ok := v.Text()
	if !ok {
		return Value{}, false
	}
	inner, err := parse(text, Limits{})
	if err != nil || inner.kind == Array || inner.kind == Object || len(inner.raw) != len(text) {
		return Value{}, false
	}
	return inner, true
}

func (d decoder) mapping(v Value, target reflect.Value) error {
	members, ok := v.AppendMembers(nil)
	if !ok {
		return mismatch("an object")
	}
	t := target.Type()
	if target.IsNil() {
		target.Set(reflect.MakeMapWithSize(t, len(members)))
	}
	for _, m := range members {
		key := reflect.New(t.Key()).Elem()
		if err := setKey(m.Name, key); err != nil {
			return within(m.Name, err)
		}
		element := reflect.New(t.Elem()).Elem()
		if err := d.value(m.Value, element); err != nil {
			return within(m.Name, err)
		}
		target.SetMapIndex(key, element)
	}
	return nil
}

func setKey(name string, key reflect.Value) error {
	if u, ok := key.Addr().Interface().(encoding.TextUnmarshaler); ok {
		if err := u.UnmarshalText([]byte(name)); err != nil {
			return &methodError{err: err}
		}
		return nil
	}
	switch {
	case key.Kind() == reflect.String:
		key.SetString(name)
		return nil
	case key.CanInt():
		if n, err := strconv.ParseInt(name, 10, key.Type().Bits()); err == nil {
			key.SetInt(n)
			return nil
		}
	case key.CanUint():
		if n, err := strconv.ParseUint(name, 10, key.Type().Bits()); err == nil {
			key.SetUint(n)
			return nil
		}
	}
	return mismatch("under a name that the map can have")
}

func (d decoder) slice(v Value, target reflect.Value) error {
	elements, ok := v.AppendElements(nil)
	if !ok {
		return mismatch("an array")
	}
	// A fresh slice: into the old one, elements would be mixed with what
	// stood there before.
	list := reflect.MakeSlice(target.Type(), len(elements), len(elements))
	for i, element := range elements {
		if err := d.value(element, list.Index(i)); err != nil {
			return err
		}
	}
	target.Set(list)
	return nil
}

// array decodes as encoding/json does: what is too much is dropped, what is too
// little is zero. Decode refuses both.
func (d decoder) array(v Value, target reflect.Value) error {
	elements, ok := v.AppendElements(nil)
	if !ok {
		return mismatch("an array")
	}
	if d.strict && len(elements) != target.Len() {
		return mismatch("an array of the right length")
	}
	target.SetZero()
	for i, element := range elements[:min(len(elements), target.Len())] {
		if err := d.value(element, target.Index(i)); err != nil {
			return err
		}
	}
	return nil
}
