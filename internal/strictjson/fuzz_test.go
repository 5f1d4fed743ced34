package strictjson_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/durward-auth/durward/internal/strictjson"
	"github.com/durward-auth/durward/internal/vectors"
)

func FuzzCheck(f *testing.F) {
	if dir, ok := vectors.Find("jsontestsuite", "test_parsing"); ok {
		files, _ := filepath.Glob(filepath.Join(dir, "*.json"))
		for _, file := range files {
			if data, err := os.ReadFile(file); err == nil && len(data) < 4096 {
				f.Add(string(data))
			}
		}
	}
	for _, seed := range []string{payload, `{"a":[1,2,{"b":"\ud83d\ude00"}]}`, `{"a":1,"\u0061":2}`, "[\"\xFF\"]", `[1e400,-0.0]`, manyNames(20, "n")} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data string) {
		err := strictjson.Check(data, strictjson.Limits{})
		sameInSteps(t, data, strictjson.Limits{})
		members, objectErr := strictjson.AppendObject(nil, data, strictjson.Limits{})
		if err != nil {
			var at *strictjson.Error
			if !errors.As(err, &at) || at.Offset < 0 || at.Offset > len(data) || at.Reason == "" {
				t.Fatalf("got %v, want an *Error inside the document", err)
			}
			if objectErr == nil || members != nil {
				t.Fatalf("Check refuses with %v, AppendObject accepts", err)
			}
			return
		}
		if !utf8.ValidString(data) {
			t.Fatal("accepted with invalid UTF-8")
		}
		agrees(t, "accepted", data)
		isObject := strings.TrimLeft(data, " \t\r\n")[0] == '{'
		if isObject != (objectErr == nil) {
			t.Fatalf("AppendObject: got %v, want accepted %v", objectErr, isObject)
		}
		if !isObject {
			return
		}
		var raw map[string]json.RawMessage
		if err := json.Unmarshal([]byte(data), &raw); err != nil {
			t.Fatal(err)
		}
		if len(raw) != len(members) {
			t.Fatalf("got %d members, want %d different names", len(members), len(raw))
		}
		for _, m := range members {
			if string(raw[m.Name]) != m.Value.Raw() {
				t.Fatalf("member %q: got %q, want %q", m.Name, m.Value.Raw(), raw[m.Name])
			}
		}
	})
}

func FuzzDecodeKnown(f *testing.F) {
	type leaf struct {
		Sub string `json:"sub"`
		Exp *int64 `json:"exp"`
	}
	type document struct {
		leaf
		Aud    []string           `json:"aud"`
		Nested leaf               `json:"nested"`
		Rates  map[string]float64 `json:"rates"`
		Any    any                `json:"any"`
	}
	for _, seed := range []string{
		`{"sub":"a","exp":1,"aud":["b"],"nested":{"sub":"c"},"rates":{"x":1.5},"any":[{}]}`, `{"SUB":"a","sub":"b"}`,
		`{"\u017fub":"a"}`, `{"nested":{"Sub":"x","EXP":1}}`, `{"nested":null,"exp":null}`, `{"exp":1.5}`, `{"sub":1}`, `null`, `[]`, `{"a":1,"a":2}`,
	} {
		f.Add(seed)
	}
	// exactly drops the members that encoding/json would fold onto a field.
	exactly := func(data []byte, names ...string) (map[string]json.RawMessage, []byte) {
		var all map[string]json.RawMessage
		if json.Unmarshal(data, &all) != nil || all == nil {
			return nil, data
		}
		kept := map[string]json.RawMessage{}
		for _, name := range names {
			if value, ok := all[name]; ok {
				kept[name] = value
			}
		}
		text, _ := json.Marshal(kept)
		return kept, text
	}
	f.Fuzz(func(t *testing.T, data string) {
		var got, want document
		gotErr := strictjson.DecodeKnown(data, strictjson.Limits{}, &got)
		if strictjson.Check(data, strictjson.Limits{}) != nil {
			if gotErr == nil {
				t.Fatal("accepted what Check refuses")
			}
			return
		}
		members, text := exactly([]byte(data), "sub", "exp", "aud", "nested", "rates", "any")
		if nested, ok := members["nested"]; ok {
			_, members["nested"] = exactly(nested, "sub", "exp")
			text, _ = json.Marshal(members)
		}
		wantErr := json.Unmarshal(text, &want)
		if (gotErr == nil) != (wantErr == nil) {
			t.Fatalf("got error %v, want as encoding/json: %v", gotErr, wantErr)
		}
		if gotErr != nil {
			want = document{}
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v, want %+v", got, want)
		}
	})
}
