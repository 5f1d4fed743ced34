package strictjson_test

import (
	"errors"
	"math"
	"testing"

	"github.com/durward-auth/durward/internal/strictjson"
)

func TestAppendObjectKeepsTheOrderAndTheText(t *testing.T) {
	data := ` { "b" : 1 , "\u0061" : "x\ty" , "c" : [ 1 , { "d" : null } ] , "e" : { } , "f" : true } `
	want := []struct {
		name, raw string
		kind      strictjson.Kind
	}{
		{"first", "", strictjson.Invalid},
		{"b", "1", strictjson.Number},
		{"a", `"x\ty"`, strictjson.String},
		{"c", `[ 1 , { "d" : null } ]`, strictjson.Array},
		{"e", `{ }`, strictjson.Object},
		{"f", "true", strictjson.Bool},
	}
	got, err := strictjson.AppendObject([]strictjson.Member{{Name: "first"}}, data, strictjson.Limits{})
	if err != nil || len(got) != len(want) {
		t.Fatalf("got %d members, %v, want %d", len(got), err, len(want))
	}
	for i, w := range want {
		if m := got[i]; m.Name != w.name || m.Value.Raw() != w.raw || m.Value.Kind() != w.kind {
			t.Errorf("member %d: got %q %q %v, want %+v", i, m.Name, m.Value.Raw(), m.Value.Kind(), w)
		}
	}
}

func TestAppendObjectTakesNamesThatDstHasAlready(t *testing.T) {
	first, err := strictjson.AppendObject(nil, `{"a":1}`, strictjson.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	both, err := strictjson.AppendObject(first, `{"a":2}`, strictjson.Limits{})
	if err != nil || len(both) != 2 {
		t.Errorf("got %v, %v, want two members", both, err)
	}
}

func TestA12AppendObjectRefusesAnotherValue(t *testing.T) {
	for _, data := range []string{`null`, `[]`, `"x"`, `1`, `true`, ` []`} {
		members, err := strictjson.AppendObject(nil, data, strictjson.Limits{})
		if at := (*strictjson.Error)(nil); !errors.As(err, &at) || at.Reason != "not an object" || members != nil {
			t.Errorf("%s: got %v, %v, want not an object", data, members, err)
		}
	}
}

func TestReadingAllocatesNothing(t *testing.T) {
	var room [1100]strictjson.Member
	for name, data := range map[string]string{"a payload": payload, "1,024 names": manyNames(1024, "name")} {
		if got := testing.AllocsPerRun(50, func() {
			if _, err := strictjson.AppendObject(room[:0], data, strictjson.Limits{}); err != nil {
				t.Error(err)
			}
		}); got != 0 {
			t.Errorf("%s: got %v allocations, want 0", name, got)
		}
	}
	if got := testing.AllocsPerRun(50, func() { strictjson.Check(payload, strictjson.Limits{}) }); got != 0 {
		t.Errorf("Check: got %v allocations, want 0", got)
	}
}

// only reads data as the value of a member.
func only(t *testing.T, data string) strictjson.Value {
	t.Helper()
	members, err := strictjson.AppendObject(nil, `{"v":`+data+`}`, strictjson.Limits{})
	if err != nil {
		t.Fatalf("%s: %v", data, err)
	}
	return members[0].Value
}

func TestNumbersAreReadIfTheyFit(t *testing.T) {
	tests := []struct {
		data    string
		integer any // nil: refused
		float   any
	}{
		{`0`, int64(0), 0.0},
		{`-0`, int64(0), math.Copysign(0, -1)},
		{`1700000000`, int64(1700000000), 1700000000.0},
		{`9223372036854775807`, int64(math.MaxInt64), 9223372036854775807.0},
		{`-9223372036854775808`, int64(math.MinInt64), -9223372036854775808.0},
		{`9223372036854775808`, nil, 9223372036854775808.0},
		{`1700000000.5`, nil, 1700000000.5},
		{`1700000000.0`, nil, 1700000000.0},
		{`1.7e9`, nil, 1.7e9},
		{`1E2`, nil, 100.0},
		{`1e-400`, nil, 0.0},
		{`"1"`, nil, nil},
		{`true`, nil, nil},
		{`null`, nil, nil},
		{`[1]`, nil, nil},
	}
	for _, test := range tests {
		v := only(t, test.data)
		n, ok := v.Int64()
		if want, isInt := test.integer.(int64); ok != isInt || n != want {
			t.Errorf("%s: got integer %d, %v, want %v", test.data, n, ok, test.integer)
		}
		f, ok := v.Float64()
		if want, isFloat := test.float.(float64); ok != isFloat || f != want {
			t.Errorf("%s: got number %v, %v, want %v", test.data, f, ok, test.float)
		}
	}
}

func TestTextAndBoolAreReadFromTheirKindOnly(t *testing.T) {
	for data, want := range map[string]string{
		`""`: "", `"plain"`: "plain", `"admin\u0000x"`: "admin\x00x", `"\"\\\/\b\f\n\r\tz"`: "\"\\/\b\f\n\r\tz",
		`"\ud83d\ude00!"`: "😀!", `"\u00E9\u20aC"`: "é€", `"\ufffd"`: "\ufffd",
	} {
		if got, ok := only(t, data).Text(); !ok || got != want {
			t.Errorf("%s: got %q, %v, want %q", data, got, ok, want)
		}
	}
	for _, data := range []string{`null`, `1`, `{}`, `[]`, `true`} {
		if got, ok := only(t, data).Text(); ok || got != "" {
			t.Errorf("%s: got text %q, want none", data, got)
		}
	}
	for data, want := range map[string][2]bool{`true`: {true, true}, `false`: {false, true}, `"true"`: {}, `1`: {}, `null`: {}} {
		if value, ok := only(t, data).Bool(); [2]bool{value, ok} != want {
			t.Errorf("%s: got %v, %v, want %v", data, value, ok, want)
		}
	}
}

func TestContainersGiveTheirParts(t *testing.T) {
	v := only(t, `[ 1 ,"a]\"," , [ "]" , [ ] ] ,{"x":"}"}, -1.5e3 ,true,false,null]`)
	want := []string{`1`, `"a]\","`, `[ "]" , [ ] ]`, `{"x":"}"}`, `-1.5e3`, `true`, `false`, `null`}
	kinds := []strictjson.Kind{strictjson.Number, strictjson.String, strictjson.Array, strictjson.Object, strictjson.Number, strictjson.Bool, strictjson.Bool, strictjson.Null}
	elements, ok := v.AppendElements(nil)
	if !ok || len(elements) != len(want) {
		t.Fatalf("got %d elements, %v, want %d", len(elements), ok, len(want))
	}
	for i, e := range elements {
		if e.Raw() != want[i] || e.Kind() != kinds[i] {
			t.Errorf("element %d: got %q of kind %v, want %q of kind %v", i, e.Raw(), e.Kind(), want[i], kinds[i])
		}
	}
	if text, _ := elements[1].Text(); text != `a]",` {
		t.Errorf("got %q, want the escape resolved", text)
	}
	members, ok := only(t, `{ "a" : 1 ,"\u0062":{"c":[1]} , "d":"" }`).AppendMembers(nil)
	if !ok || len(members) != 3 || members[1].Name != "b" || members[1].Value.Raw() != `{"c":[1]}` || members[2].Value.Raw() != `""` {
		t.Errorf("got %+v, %v, want a, b and d", members, ok)
	}
	for _, data := range []string{`{}`, `{ }`} {
		if members, ok := only(t, data).AppendMembers(nil); !ok || len(members) != 0 {
			t.Errorf("%s: got %v, %v, want no members", data, members, ok)
		}
		if elements, ok := only(t, data).AppendElements(nil); ok || elements != nil {
			t.Errorf("%s: got %v, want no array", data, elements)
		}
	}
	for _, data := range []string{`[]`, `[ ]`} {
		if elements, ok := only(t, data).AppendElements(nil); !ok || len(elements) != 0 {
			t.Errorf("%s: got %v, %v, want no elements", data, elements, ok)
		}
		if members, ok := only(t, data).AppendMembers(nil); ok || members != nil {
			t.Errorf("%s: got %v, want no object", data, members)
		}
	}
}

func TestTheZeroValueIsNothing(t *testing.T) {
	var v strictjson.Value
	_, text := v.Text()
	_, truth := v.Bool()
	_, integer := v.Int64()
	_, float := v.Float64()
	_, array := v.AppendElements(nil)
	_, object := v.AppendMembers(nil)
	if v.Kind() != strictjson.Invalid || v.Raw() != "" || text || truth || integer || float || array || object {
		t.Errorf("got %v %q, want nothing readable", v.Kind(), v.Raw())
	}
	names := ""
	for kind := strictjson.Invalid; kind <= strictjson.Object; kind++ {
		names += kind.String() + " "
	}
	if want := "invalid null boolean number string array object "; names != want {
		t.Errorf("got kinds %q, want %q", names, want)
	}
}
