package strictjson_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/durward-auth/durward/internal/strictjson"
)

type (
	Base struct {
		ID     string `json:"id"`
		Shared string
	}
	inner struct {
		Deep  int `json:"deep"`
		Twice int
	}
	Other struct {
		Twice  int
		Tagged int `json:"Shared2"`
	}
	Recursive struct {
		Name string       `json:"name"`
		Next *Recursive   `json:"next"`
		List []*Recursive `json:"list"`
	}
	Text     string
	embedded struct {
		Base
		inner
		*Other
		Text
		Shared string `json:"Shared"`
		Named  Base   `json:"named"`
		//lint:ignore U1000 encoding/json passes over it, and so must Decode
		hidden int
		Base2  `json:"base2"`
	}
	Base2   Base
	numbers struct {
		I8  int8    `json:"i8"`
		I64 int64   `json:"i64"`
		U   uint    `json:"u"`
		F32 float32 `json:"f32"`
		F64 float64 `json:"f64"`
		N   json.Number
	}
	quoted struct {
		I int     `json:"i,string"`
		F float64 `json:"f,omitempty,string"`
		B bool    `json:"b,string"`
		S string  `json:"s,string"`
		P *int    `json:"p,string"`
		//lint:ignore SA5008 encoding/json ignores the option here, and so must Decode
		L []string `json:"l,string"`
	}
	custom struct {
		When  time.Time
		At    *time.Time
		IP    netip.Addr            `json:"ip"`
		IPs   []netip.Addr          `json:"ips"`
		Big   *big.Int              `json:"big"`
		Raw   json.RawMessage       `json:"raw"`
		Level level                 `json:"level"`
		Map   map[level]*inner      `json:"map"`
		By    map[int8]string       `json:"by"`
		UBy   map[uint16]any        `json:"uby"`
		Addr  map[netip.Addr]string `json:"addr"`
	}
	mixed struct {
		Any   any            `json:"any"`
		Bytes []byte         `json:"bytes"`
		Arr   [2]string      `json:"arr"`
		Ptr   **string       `json:"ptr"`
		Map   map[string]any `json:"map"`
		Err   error          `json:"err"`
		Ch    chan int       `json:"ch"`
		//lint:ignore SA5008 encoding/json refuses such a name, and so must Decode
		Odd   string `json:"o'dd"`
		Space string `json:"a b"`
	}
	stamped struct{ time.Time }
	Left    struct{ Base }
	Right   struct{ *Base }
	diamond struct {
		Left
		Right
		*Loop
	}
	Loop struct {
		*Loop
		Round string
	}
)

// TestDecodeKnownReadsAsEncodingJSON holds for documents whose names are
// spelled as the tags say.
func TestDecodeKnownReadsAsEncodingJSON(t *testing.T) {
	into := func(example any) func() any {
		return func() any { return reflect.New(reflect.TypeOf(example)).Interface() }
	}
	tests := []struct {
		name string
		make func() any
		data []string
	}{
		{"embedded structs", into(embedded{}), []string{
			`{"id":"a","Shared":"b","deep":1,"Twice":2,"Shared2":3,"Text":"t","named":{"id":"c"},"hidden":1,"base2":{"id":"d"}}`,
			`{"Base":{"id":"a"},"inner":{"deep":1},"Other":1}`, `{"deep":"x"}`, `{"Shared2":null}`, `{}`,
		}},
		{"numbers", into(numbers{}), []string{
			`{"i8":-128,"i64":9223372036854775807,"u":1,"f32":1.5,"f64":-1e300,"N":1.50}`, `{"i8":128}`, `{"i64":9223372036854775808}`,
			`{"i64":1.0}`, `{"u":-1}`, `{"f32":1e39}`, `{"f64":1e400}`, `{"N":"12"}`, `{"N":"x"}`, `{"N":"1 "}`, `{"N":true}`, `{"i8":null,"f64":null,"N":null}`, `{"f64":"1"}`, `{"f64":1e-400}`,
		}},
		{"values inside strings", into(quoted{}), []string{
			`{"i":"12","f":"1.5","b":"true","s":"\"x\\n\"","p":"7","l":["a"]}`, `{"i":12}`, `{"i":"x"}`, `{"i":"\"1\""}`, `{"i":null,"p":null}`,
			`{"i":""}`, `{"s":"x"}`, `{"b":"1"}`, `{"b":true}`, `{"p":"null"}`, `{"i":"[1]"}`, `{"i":" 1"}`, `{"s":"null"}`,
		}},
		{"types with methods", into(custom{}), []string{
			`{"When":"2026-01-02T03:04:05Z","At":"2026-01-02T03:04:05.5+01:00","ip":"127.0.0.1","ips":["::1","10.0.0.1"],"big":123456789012345678901234567890,"raw":{"a": [1]},"level":"low","map":{"high":{"deep":4}}}`,
			`{"When":null,"At":null,"ip":null,"big":null,"raw":null,"level":null,"map":null}`, `{"When":"x"}`, `{"ip":1}`, `{"level":"none"}`, `{"level":{}}`,
			`{"map":{"none":null}}`, `{"by":{"-128":"a","127":"b"}}`, `{"by":{"128":"a"}}`, `{"by":{"x":"a"}}`, `{"uby":{"65535":[1]}}`, `{"uby":{"-1":1}}`, `{"addr":{"::1":"a"}}`, `{"ips":[]}`, `{"ips":null}`,
		}},
		{"everything else", into(mixed{}), []string{
			`{"any":{"a":[1,"x",true,null,{"b":{}}]},"bytes":"AQID","arr":["a","b"],"ptr":"p","map":{"a":1},"o'dd":"x","a b":"y"}`,
			`{"arr":["a"]}`, `{"arr":["a","b","c"]}`, `{"arr":null,"bytes":null,"ptr":null,"map":null,"any":null,"err":null,"ch":null}`, `{"bytes":"*"}`, `{"bytes":[1,2]}`, `{"bytes":[256]}`,
			`{"err":"x"}`, `{"ch":1}`, `{"any":1e400}`, `{"map":{"a":1e400}}`, `{"map":[]}`, `{"arr":{}}`, `{"arr":[1]}`, `{"bytes":{}}`, `{"Odd":"x"}`,
		}},
		{"a recursive type", into(Recursive{}), []string{`{"name":"a","next":{"name":"b","next":null,"list":[{"name":"c"},null]}}`, `{"list":[{"list":[{"list":[1]}]}]}`}},
		{"one struct embedded in two ways", into(diamond{}), []string{`{"id":"a","Shared":"b","Round":"c"}`, `{"Round":1}`}},
		{"a promoted method", into(stamped{}), []string{`"2026-01-02T03:04:05Z"`, `{}`, `null`}},
		{"a slice", into([]int{}), []string{`[1,2]`, `[]`, `null`, `{}`, `[1,"2"]`}},
		{"a map of structs", into(map[string]Base{}), []string{`{"a":{"id":"x"},"b":null}`, `null`, `{"a":1}`, `[]`}},
		{"a map with other keys", into(map[float64]int{}), []string{`{"1":1}`}},
		{"a map", into(map[string]any(nil)), []string{`{"a":{"b":[]}}`, `{}`}},
		{"a pointer to a pointer", into((**int)(nil)), []string{`1`, `null`, `"x"`}},
		{"a string", into(""), []string{`"x"`, `null`, `1`}},
		{"an any that holds a pointer", func() any { var a any = new(Base); return &a }, []string{`{"id":"x"}`, `null`, `1`}},
		{"an any that holds a value", func() any { var a any = Base{ID: "y"}; return &a }, []string{`{"id":"x"}`, `null`}},
		{"a struct that is not empty", func() any { return &Recursive{Name: "before", Next: &Recursive{Name: "inner"}} }, []string{`{"next":{"list":[]}}`, `{"name":"after"}`}},
		{"a map that is not empty", func() any { return &map[string]Base{"a": {ID: "before"}} }, []string{`{"a":{"Shared":"x"},"b":{}}`}},
	}
	for _, test := range tests {
		for _, data := range test.data {
			t.Run(test.name+" "+data, func(t *testing.T) {
				got, want := test.make(), test.make()
				gotErr := strictjson.DecodeKnown(data, strictjson.Limits{}, got)
				wantErr := json.Unmarshal([]byte(data), want)
				if (gotErr == nil) != (wantErr == nil) {
					t.Fatalf("got error %v, want as encoding/json: %v", gotErr, wantErr)
				}
				if gotErr != nil {
					if !reflect.ValueOf(got).Elem().IsZero() {
						t.Errorf("got %+v beside an error, want nothing", got)
					}
					return
				}
				if !reflect.DeepEqual(got, want) {
					t.Errorf("got %s, want %s", show(got), show(want))
				}
			})
		}
	}
}

func show(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprintf("%+v", v)
	}
	return string(text)
}

func TestA15DecodeKnownMatchesNamesExactlyAtEveryDepth(t *testing.T) {
	type leaf struct {
		Sub string `json:"sub"`
		KID string `json:"kid"`
	}
	type document struct {
		leaf
		Nested  leaf            `json:"nested"`
		List    []leaf          `json:"list"`
		Map     map[string]leaf `json:"map"`
		Pointer *leaf           `json:"pointer"`
		Held    any             `json:"held"`
	}
	const wrong = `"SUB":"admin","\u017fub":"admin","Sub":"admin","\u212aid":"admin","KID":"admin"`
	data := `{` + wrong + `,"nested":{` + wrong + `},"list":[{` + wrong + `}],"map":{"a":{` + wrong + `}},"pointer":{` + wrong + `},"held":{` + wrong + `},"NESTED":{"sub":"admin"}}`
	held := new(leaf)
	got := document{Held: held}
	want := document{List: []leaf{{}}, Map: map[string]leaf{"a": {}}, Pointer: &leaf{}, Held: &leaf{}}
	if err := strictjson.DecodeKnown(data, strictjson.Limits{}, &got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %s, %v, want nothing filled", show(got), err)
	}
}

func TestA16DecodeKnownRefusesWhatIsNotStrict(t *testing.T) {
	for _, data := range []string{`{"a":1,"a":2}`, "{\"a\":\"\xFF\"}", `{"a":"\ud800"}`, `{} {}`, "\uFEFF{}", ``} {
		got := map[string]any{"before": true}
		err := strictjson.DecodeKnown(data, strictjson.Limits{}, &got)
		if at := (*strictjson.Error)(nil); !errors.As(err, &at) || got != nil {
			t.Errorf("%q: got %v, %v, want nil and a *strictjson.Error", data, got, err)
		}
	}
}

func TestDecodeKnownSurvivesTypesWithoutEnd(t *testing.T) {
	type endless *endless
	var pointer endless
	if err := strictjson.DecodeKnown(`1`, strictjson.Limits{}, &pointer); err == nil {
		t.Error("a pointer to its own type: got nil, want an error")
	}
	var loop any
	loop = &loop
	if err := strictjson.DecodeKnown(`1`, strictjson.Limits{}, &loop); err == nil {
		t.Error("an any that points at itself: got nil, want an error")
	}
}

func TestDecodeKnownCannotSetAnEmbeddedPointerToAnUnexportedType(t *testing.T) {
	type holder struct{ *inner }
	type tagged struct {
		*inner `json:"inner"`
	}
	for _, into := range []any{new(holder), new(tagged)} {
		if err := strictjson.DecodeKnown(`{"deep":1,"inner":{"deep":1}}`, strictjson.Limits{}, into); err == nil {
			t.Errorf("%T: got nil, want an error", into)
		}
	}
	set := holder{inner: new(inner)}
	if err := strictjson.DecodeKnown(`{"deep":1}`, strictjson.Limits{}, &set); err != nil || set.Deep != 1 {
		t.Errorf("a pointer that is set: got %v, %v, want 1", set.inner, err)
	}
}
