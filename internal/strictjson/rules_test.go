package strictjson_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/durward-auth/durward/internal/strictjson"
)

// every reads data in each of the three ways and returns the reasons why it is refused.
func every(data string, limits strictjson.Limits) (reasons [3]string) {
	_, object := strictjson.AppendObject(nil, data, limits)
	_, steps := inSteps(data, limits)
	for i, err := range []error{strictjson.Check(data, limits), object, steps} {
		if at := (*strictjson.Error)(nil); errors.As(err, &at) {
			reasons[i] = at.Reason
		} else if err != nil {
			reasons[i] = err.Error()
		}
	}
	return reasons
}

func TestTheOutermostObjectIsALevel(t *testing.T) {
	for depth := 1; depth <= 4; depth++ {
		limits := strictjson.Limits{Depth: depth}
		object := strings.Repeat(`{"a":`, depth) + "1" + strings.Repeat("}", depth)
		array := `{"a":` + strings.Repeat("[", depth-1) + strings.Repeat("]", depth-1) + "}"
		if depth == 1 {
			array = "{}"
		}
		for _, data := range []string{object, array} {
			if got := every(data, limits); got != [3]string{} {
				t.Errorf("%s at depth %d: got %q, want none", data, depth, got)
			}
		}
		for _, data := range []string{`{"b":` + object + "}", `{"b":` + array + "}"} {
			if got, want := every(data, limits), "nested too deep"; got != [3]string{want, want, want} {
				t.Errorf("%s at depth %d: got %q, want %q", data, depth, got, want)
			}
		}
	}
}

func TestWhatIsClosedIsNoLevel(t *testing.T) {
	for _, one := range []string{"[]", "[1]", "{}", `{"a":1}`} {
		data := `{"a":[` + strings.Repeat(one+",", 40) + one + "]}"
		for _, depth := range []int{3, 4, 5} {
			if got := every(data, strictjson.Limits{Depth: depth}); got != [3]string{} {
				t.Errorf("41 times %s at depth %d: got %q, want none", one, depth, got)
			}
		}
	}
}

func TestTheFirstFaultIsTheReason(t *testing.T) {
	for data, want := range map[string]string{
		"[1,]": "not the start of a value", "[1": "unexpected end", "01": "not a number", "nul": "not a literal",
		"[] x": "more after the value", `"a"b`: "more after the value", "[]": "not an object", `"\ud800"`: "lone surrogate",
	} {
		if got := every(data, strictjson.Limits{}); got[1] != want || got[2] != want {
			t.Errorf("%s: got %q, want %q", data, got[1:], want)
		}
	}
}

// The scanner looks at eight bytes at a time where it can. A fault in such a group is none the less one.
func TestFaultsInsideAGroupOfBytes(t *testing.T) {
	for data, want := range map[string]string{
		`{"a\:1,"bcdefgh":2}`:        "unknown escape",
		"{\"a\x01:1,\"bcdefgh\":2}":  "control character in a string",
		"{\"a\xff:1,\"bcdefgh\":2}":  "invalid UTF-8",
		`{"a";1234567}`:              "no colon after a name",
		`{"a"91234567}`:              "no colon after a name",
		`{"a"+1234567}`:              "no colon after a name",
		`{"abcdefgh"`:                "unexpected end",
		`{"a":1-"b":2}`:              "neither a comma nor the end of the object or array",
		`{"a":1+"b":2}`:              "neither a comma nor the end of the object or array",
		`{"a":"bcdefgh"-"b":2}`:      "neither a comma nor the end of the object or array",
		`{"a":"bcdefgh"+"b":2}`:      "neither a comma nor the end of the object or array",
		`{"":1,"":2}`:                "duplicate name",
		`{"a":{"":1,"":2}}`:          "duplicate name",
		`{"a":"\u12`:                 "unknown escape",
		`{"a":"bcdefgh\ud83d\ude0"}`: "lone surrogate",
		`{"a":"bcdefgh\ud83d`:        "lone surrogate",
		"{\"a\":\"bcdefg\\\x01ghijk": "unknown escape",
	} {
		if got := every(data, strictjson.Limits{}); got != [3]string{want, want, want} {
			t.Errorf("%q: got %q, want %q", data, got, want)
		}
	}
}

func TestNoBeginningOfADocumentIsOne(t *testing.T) {
	for _, data := range []string{
		`{"abcdefg":"abcdefg","h":"\u00e9\ud83d\ude00"}`, `{"a":{"abcdefgh":[1.5e+3,true,null,"x"]},"b":""}`,
		`{"\u0061":"\\\"\n","abcdefghijklmn":-0.25}`, `{"é":"日本語","abcdef":"😀"}`,
	} {
		if got := every(data, strictjson.Limits{}); got != [3]string{} {
			t.Errorf("%s: got %q, want none", data, got)
		}
		for end := range data {
			if got := every(data[:end], strictjson.Limits{}); got[0] == "" || got[1] == "" || got[2] == "" {
				t.Errorf("%s: got %q, want a refusal in each way of reading", data[:end], got)
			}
		}
	}
}

func TestAppendObjectKeepsWhatWasThere(t *testing.T) {
	before := []strictjson.Member{{Name: "first"}}
	for _, data := range []string{"{}", `{"a":1}`} {
		if got, err := strictjson.AppendObject(before, data, strictjson.Limits{}); err != nil || len(got) == 0 || got[0].Name != "first" {
			t.Errorf("%s: got %v, %v, want the first member kept", data, got, err)
		}
	}
}

func TestMembersEndsAtTheFirstFaultAndStaysThere(t *testing.T) {
	for data, want := range map[string]int{
		"{}": 0, "[]": 0, "{": 0, `{"a":1,"b"`: 1, `{"a":1,2}`: 1, `{"a":1,"a":2}`: 1, `{"a":1,"b":x}`: 1, `{"a":1}`: 1, `{"a":1,"b":"c"}`: 2, `{"a":1,"b":"c" "d":1}`: 1,
		manyNames(17, "n")[:len(manyNames(17, "n"))-1] + `,"n0000":1}`: 17, // found at the end, with the last member
	} {
		var in strictjson.Members
		in.Start(data, strictjson.Limits{})
		got := 0
		for m, ok := in.Next(); ok; m, ok = in.Next() {
			if m.Value.Kind() == strictjson.Invalid {
				t.Errorf("%.60s: got a member that is none", data)
			}
			got++
		}
		if got != want {
			t.Errorf("%.60s: got %d members before the end, want %d", data, got, want)
		}
		err := in.Err()
		for range 3 {
			if m, ok := in.Next(); ok {
				t.Errorf("%.60s: got %q behind the end, want nothing", data, m.Name)
			}
		}
		if again := in.Err(); !reflect.DeepEqual(again, err) {
			t.Errorf("%.60s: got %v after more steps, want still %v", data, again, err)
		}
	}
}

type (
	fieldA   struct{ F int }
	fieldB   struct{ G int }
	holdsA   struct{ fieldA }
	holdsToo struct{ fieldA }
	holdsB   struct{ fieldB }
	twice    struct {
		holdsA
		holdsToo
		holdsB
	}
	untagged struct{ N int }
	tagged   struct {
		Other int `json:"N"`
	}
	untagged2 struct{ N int }
	deepest   struct{ untagged2 }
	wins      struct {
		untagged
		tagged
	}
	nobody struct {
		untagged
		untagged2
		deep
	}
	deep  struct{ deepN }
	deepN struct{ N int }
	//lint:ignore U1000 encoding/json passes over it where it is embedded, and so must Decode
	hiddenInt int
	odd       struct {
		//lint:ignore U1000 encoding/json passes over it, and so must Decode
		hidden struct{ X int }
		//lint:ignore U1000 encoding/json passes over it, and so must Decode
		hiddenInt
		Minus int `json:"-"`
		//lint:ignore SA5008 encoding/json takes it for the name "-", and so must Decode
		Dash    int  `json:"-,"`
		X       int  `json:"x"`
		Pointer *int `json:",string"`
		Named   named
		NamedAs named   `json:",string"`
		Big     uintptr `json:",string"`
		Float   float32 `json:",string"`
		Double  float64 `json:",string"`
		First   int     `json:",string"`
	}
	named *int
)

func TestFieldsAreThoseOfEncodingJSON(t *testing.T) {
	for _, into := range []func() any{
		func() any { return new(twice) }, func() any { return new(wins) }, func() any { return new(nobody) }, func() any { return new(odd) }, func() any { return new(deepest) },
	} {
		for _, data := range []string{
			`{"F":1,"G":2}`, `{"N":1}`, `{"Other":1}`, `{"":1}`, `{"":{}}`, `{"":{"N":1}}`, `{"hidden":{"X":1}}`, `{"hiddenInt":1}`, `{"-":1}`, `{"Minus":1}`, `{"Dash":1}`, `{"x":1}`,
			`{"Pointer":"1"}`, `{"Pointer":1}`, `{"Named":1}`, `{"Named":"1"}`, `{"NamedAs":1}`, `{"NamedAs":"1"}`, `{"Big":"1"}`, `{"Big":1}`, `{"Float":"1.5"}`, `{"Float":1}`, `{"Double":"1.5"}`,
			`{"Double":1}`, `{"First":"1"}`, `{"First":1}`, `{"untagged":{"N":1}}`,
		} {
			got, want := into(), into()
			gotErr, wantErr := strictjson.DecodeKnown(data, strictjson.Limits{}, got), json.Unmarshal([]byte(data), want)
			if (gotErr == nil) != (wantErr == nil) {
				t.Errorf("%T from %s: got %v, want as encoding/json %v", got, data, gotErr, wantErr)
			} else if wantErr == nil && !reflect.DeepEqual(got, want) {
				t.Errorf("%T from %s: got %+v, want as encoding/json %+v", got, data, got, want)
			}
		}
	}
}

// methodical takes anything.
type methodical struct{ text string }

func (m *methodical) UnmarshalJSON(text []byte) error { m.text = string(text); return nil }

func TestDecodeTakesObjectsWhateverTheTypeTakes(t *testing.T) {
	for _, data := range []string{"[1]", `"x"`, "1", "null", "true"} {
		var into methodical
		if err := strictjson.Decode(data, strictjson.Limits{}, &into); err == nil || into.text != "" {
			t.Errorf("%s: got %q, %v, want an error alone", data, into.text, err)
		}
	}
	var nothing *methodical
	for _, into := range []any{nil, nothing, methodical{}, new(int)} {
		if err := strictjson.Decode("{}", strictjson.Limits{}, into); err == nil {
			t.Errorf("into %T: got no error", into)
		}
	}
}

func TestALongNameIsCutInAnError(t *testing.T) {
	for n, cut := range map[int]bool{63: false, 64: false, 65: true} {
		err := strictjson.Decode(`{"`+strings.Repeat("n", n)+`":1}`, strictjson.Limits{}, new(untagged))
		if err == nil || strings.Contains(err.Error(), "…") != cut || !strings.Contains(err.Error(), strings.Repeat("n", min(n, 64))) {
			t.Errorf("%d bytes: got %v, want it cut: %t", n, err, cut)
		}
	}
}
