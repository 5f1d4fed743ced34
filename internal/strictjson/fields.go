package strictjson

import (
	"reflect"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// field is a struct field that has a JSON name, perhaps inside embedded structs.
type field struct {
	name   string
	index  []int
	tagged bool
	quoted bool // ",string"
}

// known remembers the fields of the struct types seen so far. They follow from
// the type alone, so that it is never stale.
var known sync.Map // reflect.Type to map[string]field

func fieldsOf(t reflect.Type) map[string]field {
	if found, ok := known.Load(t); ok {
		return found.(map[string]field)
	}
	found, _ := known.LoadOrStore(t, findFields(t))
	return found.(map[string]field)
}

// findFields applies the rules by which Go promotes the fields of embedded
// structs, as encoding/json changes them: of the fields that share a name the
// shallowest wins, at equal depth the only one with a tag, and otherwise none.
func findFields(root reflect.Type) map[string]field {
	type level struct {
		typ   reflect.Type
		index []int
	}
	found := map[string]field{}
	visited := map[reflect.Type]bool{}
	for current := []level{{typ: root}}; len(current) > 0; {
		times := map[reflect.Type]int{} // embedded more than once: its fields collide
		for _, l := range current {
			times[l.typ]++
		}
		var next []level
		var here []field
		for _, l := range current {
			if visited[l.typ] {
				continue
			}
			visited[l.typ] = true
			for i := range l.typ.NumField() {
				f, embedded, ok := describe(l.typ.Field(i))
				if !ok {
					continue
				}
				f.index = append(slices.Clone(l.index), i)
				if embedded != nil {
					next = append(next, level{embedded, f.index})
					continue
				}
				for range min(times[l.typ], 2) {
					here = append(here, f)
				}
			}
		}
		keepDominant(found, here)
		current = next
	}
	for name, f := range found {
		if f.index == nil {
			delete(found, name)
		}
	}
	return found
}

// keepDominant adds the fields of one depth. A name that nobody wins is kept
// without an index, so that deeper fields do not get it.
func keepDominant(found map[string]field, here []field) {
	byName := map[string][]field{}
	for _, f := range here {
		byName[f.name] = append(byName[f.name], f)
	}
	for name, candidates := range byName {
		if _, taken := found[name]; taken {
			continue
		}
		if tagged := slices.DeleteFunc(slices.Clone(candidates), func(f field) bool { return !f.tagged }); len(tagged) > 0 {
			candidates = tagged
		}
		if len(candidates) == 1 {
			found[name] = candidates[0]
		} else {
			found[name] = field{name: name}
		}
	}
}

// describe reads the tag of a field. embedded is the struct type whose fields
// are to be promoted, if the field is such; ok is false if it is to be ignored.
func describe(sf reflect.StructField) (f field, embedded reflect.Type, ok bool) {
	inner := sf.Type
	if inner.Name() == "" && inner.Kind() == reflect.Pointer {
		inner = inner.Elem()
	}
	if !sf.IsExported() && !(sf.Anonymous && inner.Kind() == reflect.Struct) {
		return field{}, nil, false
	}
	tag := sf.Tag.Get("json")
	if tag == "-" {
		return field{}, nil, false
	}
	name, options, _ := strings.Cut(tag, ",")
	if !validName(name) {
		name = ""
	}
	if name == "" && sf.Anonymous && inner.Kind() == reflect.Struct {
		return field{}, inner, true
	}
	f = field{name: name, tagged: name != ""}
	if name == "" {
		f.name = sf.Name
	}
	f.quoted = slices.Contains(strings.Split(options, ","), "string") && quotable(inner.Kind())
	return f, nil, true
}

// quotable reports whether ",string" means something for a kind.
func quotable(kind reflect.Kind) bool {
	return kind == reflect.String || kind == reflect.Bool ||
		kind >= reflect.Int && kind <= reflect.Uintptr ||
		kind == reflect.Float32 || kind == reflect.Float64
}

// validName reports whether encoding/json takes a tag's name; it ignores others.
func validName(name string) bool {
	for _, r := range name {
		if !strings.ContainsRune("!#$%&()*+-./:;<=>?@[]^_{|}~ ", r) && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return false
		}
	}
	return name != ""
}
