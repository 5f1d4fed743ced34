package strictjson_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/durward-auth/durward/internal/strictjson"
)

// inSteps reads data with Members, and returns what AppendObject would.
func inSteps(data string, limits strictjson.Limits) ([]strictjson.Member, error) {
	var in strictjson.Members
	in.Start(data, limits)
	var members []strictjson.Member
	for m, ok := in.Next(); ok; m, ok = in.Next() {
		members = append(members, m)
	}
	if err := in.Err(); err != nil {
		return nil, err
	}
	return members, nil
}

// sameInSteps reports a difference between Members and AppendObject.
func sameInSteps(t *testing.T, data string, limits strictjson.Limits) {
	t.Helper()
	want, wantErr := strictjson.AppendObject(nil, data, limits)
	got, gotErr := inSteps(data, limits)
	if !reflect.DeepEqual(got, want) || !reflect.DeepEqual(gotErr, wantErr) {
		t.Errorf("%.200q: Members got %v, %v, want as AppendObject %v, %v", data, got, gotErr, want, wantErr)
	}
}

func TestMembersReadsAsAppendObject(t *testing.T) {
	documents := []string{
		"", " ", "{", "{}", " { } ", "{}x", "{} {}", `[]`, `"x"`, `x`, `{"a":1}`, ` { "a" : 1 , "b" : "c" } `, `{"a":1}x`, `{"a":"b"}x`,
		`{"a":1,}`, `{"a":1,"a":2}`, `{"a":1,"b":2,"\u0061":3}`, `{"a":1 "b":2}`, `{"a"}`, `{"a":}`, `{"a":"b`, `{"a":"bcdefghijklmno`, `{"a":"b"`,
		`{"name_of_more_than_8":"a text that takes several steps of eight"}`, `{"name_of_more_than_8" :"a","b":"x\n","ü":"ö"}`, "{\"a\":\"b\x01cdefghijk\"}",
		"{\"a\":\"bc\xffdefghijk\"}", `{"name\tname":"x"}`, `{"a":[1,{"b":2,"b":3}]}`, payload, manyNames(15, "n"), manyNames(16, "n"), manyNames(17, "n"), manyNames(33, "n"), manyNames(1024, "n"),
		manyNames(1025, "n"), "\uFEFF{}",
	}
	for _, data := range documents {
		sameInSteps(t, data, strictjson.Limits{})
		sameInSteps(t, data, strictjson.Limits{Depth: 1, Members: 16})
	}
	for end := range payload {
		sameInSteps(t, payload[:end], strictjson.Limits{})
		for _, c := range []string{"\"", "\\", ",", ":", "}", " ", "\x00", "\x80"} {
			sameInSteps(t, payload[:end]+c+payload[end+1:], strictjson.Limits{})
		}
	}
}

func TestMembersFindsEveryRepeatedName(t *testing.T) {
	for _, count := range []int{2, 16, 17, 32, 33, 100} {
		for twice := range count {
			data := strings.TrimSuffix(manyNames(count, "n"), "}") + fmt.Sprintf(`,"n%04d":0}`, twice)
			sameInSteps(t, data, strictjson.Limits{})
			if _, err := inSteps(data, strictjson.Limits{}); err == nil {
				t.Errorf("%d names and again number %d: got nil, want a duplicate name", count, twice)
			}
		}
	}
}

func TestMembersStaysAtItsEnd(t *testing.T) {
	for _, data := range []string{`{}`, `{"a":1}`, `{"a":1}x`, `{"a":`, `[]`} {
		var in strictjson.Members
		in.Start(data, strictjson.Limits{})
		for range 3 {
			in.Next()
		}
		if m, ok := in.Next(); ok || m != (strictjson.Member{}) {
			t.Errorf("%s: got %v, %v after the end, want none", data, m, ok)
		}
	}
}

func TestMembersAllocatesNothing(t *testing.T) {
	if raced {
		t.Skip("allocations cannot be counted under the race detector")
	}
	for name, data := range map[string]string{"a payload": payload, "32 names": manyNames(32, "name")} {
		if got := testing.AllocsPerRun(50, func() {
			var in strictjson.Members
			in.Start(data, strictjson.Limits{})
			for _, ok := in.Next(); ok; _, ok = in.Next() {
			}
			if err := in.Err(); err != nil {
				t.Error(err)
			}
		}); got != 0 {
			t.Errorf("%s: got %v allocations, want 0", name, got)
		}
	}
}

func TestTextsOfAnArray(t *testing.T) {
	for data, want := range map[string][]string{`[]`: {"x"}, `[ ]`: {"x"}, `["a"]`: {"x", "a"}, ` [ "a" , "\u0062","" ] `: {"x", "a", "b", ""}} {
		if got, ok := only(t, data).AppendTexts([]string{"x"}, 3); !ok || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %q, %v, want %q", data, got, ok, want)
		}
	}
	for _, data := range []string{`"a"`, `{}`, `null`, `[1]`, `["a",null]`, `[["a"]]`, `["a","b","c","d"]`} {
		if got, ok := only(t, data).AppendTexts([]string{"x"}, 3); ok || got != nil {
			t.Errorf("%s: got %q, %v, want none", data, got, ok)
		}
	}
}

func BenchmarkMembers(b *testing.B) {
	b.SetBytes(int64(len(payload)))
	b.ReportAllocs()
	for b.Loop() {
		var in strictjson.Members
		in.Start(payload, strictjson.Limits{})
		for _, ok := in.Next(); ok; _, ok = in.Next() {
		}
		if err := in.Err(); err != nil {
			b.Fatal(err)
		}
	}
}
