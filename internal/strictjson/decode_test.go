package strictjson_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/durward-auth/durward/internal/strictjson"
)

type address struct {
	Street string `json:"street"`
}

type registration struct {
	Username string    `json:"username"`
	Age      uint8     `json:"age"`
	Admin    bool      `json:"admin"`
	Email    *string   `json:"email"`
	Tags     []string  `json:"tags"`
	Home     address   `json:"home"`
	Others   []address `json:"others"`
	Pair     [2]int    `json:"pair"`
	Extra    any       `json:"extra"`
	Raw      json.RawMessage
	Born     time.Time         `json:"born"`
	Rates    map[string]int8   `json:"rates"`
	Exact    json.Number       `json:"exact"`
	Hidden   string            `json:"-"`
	Levels   map[level]float32 `json:"levels"`
}

// level reads only "low" and "high".
type level int

func (l *level) UnmarshalText(text []byte) error {
	switch string(text) {
	case "low":
		*l = 1
	case "high":
		*l = 2
	default:
		return errNoLevel
	}
	return nil
}

var errNoLevel = errors.New("no such level")

func TestDecodeReadsAnObjectIntoAStruct(t *testing.T) {
	const data = `{"username":"m\u00e9","age":255,"admin":true,"email":"m@example.org","tags":["a","b"],"home":{"street":"x"},` +
		`"others":[{"street":"y"},{}],"pair":[1,2],"extra":{"a":[1,null]},"Raw":null,"born":"2026-11-22T16:00:00Z","rates":{"a":-128},` +
		`"exact":1.50,"levels":{"low":0.5}}`
	email := "m@example.org"
	want := registration{
		Username: "mé", Age: 255, Admin: true, Email: &email, Tags: []string{"a", "b"}, Home: address{"x"}, Others: []address{{"y"}, {}},
		Pair: [2]int{1, 2}, Extra: map[string]any{"a": []any{1.0, nil}}, Raw: json.RawMessage("null"), Born: time.Date(2026, 11, 22, 16, 0, 0, 0, time.UTC),
		Rates: map[string]int8{"a": -128}, Exact: "1.50", Levels: map[level]float32{1: 0.5},
	}
	var got registration
	if err := strictjson.Decode(data, strictjson.Limits{}, &got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}

func TestDecodeLeavesAbsentMembersAlone(t *testing.T) {
	got := registration{Username: "before", Age: 7}
	if err := strictjson.Decode(`{"age":8,"email":null,"extra":null}`, strictjson.Limits{}, &got); err != nil || got.Username != "before" || got.Age != 8 || got.Email != nil {
		t.Errorf("got %+v, %v, want only the age changed", got, err)
	}
}

func TestDecodeRefuses(t *testing.T) {
	typeError := func(name, want string) error { return &strictjson.TypeError{Name: name, Want: want} }
	unknown := func(name string) error { return &strictjson.UnknownMemberError{Name: name} }
	tests := []struct {
		name string
		data string
		want error
	}{
		{"an unknown member", `{"username":"a","role":"admin"}`, unknown("role")},
		{"a name in capitals", `{"Username":"a"}`, unknown("Username")},
		{"A15 a long s", `{"u\u017fername":"a"}`, unknown("uſername")},
		{"the name of an excluded field", `{"Hidden":"a"}`, unknown("Hidden")},
		{"an unknown member further in", `{"home":{"street":"x","Street":"y"}}`, unknown("home.Street")},
		{"an unknown member in an array", `{"others":[{},{"door":1}]}`, unknown("others.door")},
		{"an array for the object", `[]`, typeError("", "an object")},
		{"null for the object", `null`, typeError("", "an object")},
		{"null for a string", `{"username":null}`, typeError("username", "a string")},
		{"null for an array", `{"tags":null}`, typeError("tags", "an array")},
		{"null for a map", `{"rates":null}`, typeError("rates", "an object")},
		{"null for a struct", `{"home":null}`, typeError("home", "an object")},
		{"null for a time", `{"born":null}`, typeError("born", "a value other than null")},
		{"null for a number", `{"exact":null}`, typeError("exact", "a number")},
		{"null in an array", `{"tags":[null]}`, typeError("tags", "a string")},
		{"a number for a string", `{"username":1}`, typeError("username", "a string")},
		{"a string for a boolean", `{"admin":"true"}`, typeError("admin", "true or false")},
		{"a string for an integer", `{"age":"1"}`, typeError("age", "an integer in range")},
		{"an integer that does not fit", `{"age":256}`, typeError("age", "an integer in range")},
		{"a negative integer", `{"age":-1}`, typeError("age", "an integer in range")},
		{"a fraction", `{"age":1.0}`, typeError("age", "an integer in range")},
		{"an exponent", `{"age":1e1}`, typeError("age", "an integer in range")},
		{"an integer in a map that does not fit", `{"rates":{"a":128}}`, typeError("rates.a", "an integer in range")},
		{"an infinite number", `{"levels":{"low":1e39}}`, typeError("levels.low", "a number in range")},
		{"a string for a number", `{"exact":"1"}`, typeError("exact", "a number")},
		{"an object for an array", `{"tags":{}}`, typeError("tags", "an array")},
		{"an object for a fixed array", `{"pair":{}}`, typeError("pair", "an array")},
		{"an array for an object", `{"home":[]}`, typeError("home", "an object")},
		{"an array for a map", `{"rates":[]}`, typeError("rates", "an object")},
		{"too few elements", `{"pair":[1]}`, typeError("pair", "an array of the right length")},
		{"too many elements", `{"pair":[1,2,3]}`, typeError("pair", "an array of the right length")},
		{"a wrong element of a fixed array", `{"pair":[1,"2"]}`, typeError("pair", "an integer in range")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := registration{Username: "before"}
			err := strictjson.Decode(test.data, strictjson.Limits{}, &got)
			if !reflect.DeepEqual(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
			if !reflect.DeepEqual(got, registration{}) {
				t.Errorf("got %+v beside an error, want nothing", got)
			}
		})
	}
}

func TestDecodeErrorsNameTheMember(t *testing.T) {
	long := strings.Repeat("n", 100)
	for data, want := range map[string]string{
		`{"role":1}`:                `json: unknown member "role"`,
		`{"` + long + `":1}`:        `json: unknown member "` + long[:64] + `"…`,
		`{"a\nb":1}`:                `json: unknown member "a\nb"`,
		`{"age":"x"}`:               `json: member "age" is not an integer in range`,
		`[]`:                        `json: not an object`,
		`{"levels":{"middle":1}}`:   `json: member "levels.middle": no such level`,
		`{"username":"a","age":1,}`: `json: a name must be a string at byte 24`,
		`{"born":1}`:                `json: member "born": Time.UnmarshalJSON: input is not a JSON string`,
		`{"age":1,"age":2}`:         `json: duplicate name at byte 9`,
	} {
		if err := strictjson.Decode(data, strictjson.Limits{}, new(registration)); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", data, err, want)
		}
	}
	if err := strictjson.Decode(`{"levels":{"middle":1}}`, strictjson.Limits{}, new(registration)); !errors.Is(err, errNoLevel) {
		t.Errorf("got %v, want %v in the chain", err, errNoLevel)
	}
	var none level
	if err := strictjson.DecodeKnown(`"middle"`, strictjson.Limits{}, &none); err == nil || err.Error() != "json: no such level" {
		t.Errorf("got %v, want the method's error alone", err)
	}
}

func TestDecodeWantsAPointerToAStruct(t *testing.T) {
	for _, into := range []any{nil, registration{}, (*registration)(nil), new(int), new(map[string]any), new(*registration)} {
		if err := strictjson.Decode(`{}`, strictjson.Limits{}, into); err == nil {
			t.Errorf("%T: got nil, want an error", into)
		}
	}
	for _, into := range []any{nil, registration{}, (*registration)(nil), map[string]any{}} {
		if err := strictjson.DecodeKnown(`{}`, strictjson.Limits{}, into); err == nil {
			t.Errorf("%T: got nil, want an error", into)
		}
	}
}
