package strictjson_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/durward-auth/durward/internal/strictjson"
)

func TestCheckRefusesWithAPlaceAndAReason(t *testing.T) {
	tests := []struct {
		name   string
		data   string
		offset int
		reason string
	}{
		{"A12 nothing", ``, 0, "unexpected end"},
		{"A12 white space only", " \n\t\r", 4, "unexpected end"},
		{"A12 two objects", `{}{}`, 2, "more after the value"},
		{"A12 more behind the object", `{} x`, 3, "more after the value"},
		{"A12 a NUL behind the object", "{}\x00", 2, "more after the value"},
		{"A12 an object without end", `{`, 1, "unexpected end"},
		{"A12 a member without value", `{"a":`, 5, "unexpected end"},
		{"A12 a member without colon", `{"a"`, 4, "unexpected end"},
		{"A12 an object that ends after a value", `{"a":1`, 6, "unexpected end"},
		{"A12 an array without end", `[1,`, 3, "unexpected end"},
		{"A12 a string without end", `["a`, 1, "unexpected end"},
		{"A12 a string that ends in its escape", `"a\`, 2, "unexpected end"},
		{"a comma before the brace", `{"a":1,}`, 7, "a name must be a string"},
		{"a comma before the bracket", `[1,]`, 3, "not the start of a value"},
		{"a comma alone", `[,]`, 1, "not the start of a value"},
		{"a number as name", `{1:1}`, 1, "a name must be a string"},
		{"a name in single quotes", `{'a':1}`, 1, "a name must be a string"},
		{"no colon", `{"a" 1}`, 5, "no colon after a name"},
		{"no comma in an object", `{"a":1 "b":2}`, 7, "neither a comma nor the end of the object or array"},
		{"no comma in an array", `[1 2]`, 3, "neither a comma nor the end of the object or array"},
		{"a bracket for a brace", `{"a":1]`, 6, "neither a comma nor the end of the object or array"},
		{"a comment", `{/**/}`, 1, "a name must be a string"},
		{"a capital literal", `True`, 0, "not the start of a value"},
		{"half a literal", `tru`, 0, "not a literal"},
		{"half of false", `[fals]`, 1, "not a literal"},
		{"half of null", `nul`, 0, "not a literal"},
		{"a literal with a tail", `nullx`, 4, "more after the value"},
		{"NaN", `NaN`, 0, "not the start of a value"},
		{"minus infinity", `-Infinity`, 0, "not a number"},
		{"a plus sign", `+1`, 0, "not the start of a value"},
		{"a minus sign alone", `-`, 0, "not a number"},
		{"a leading zero", `01`, 0, "not a number"},
		{"a leading zero after the sign", `-01`, 0, "not a number"},
		{"no digit before the point", `.5`, 0, "not the start of a value"},
		{"too large an exponent", `[1e309]`, 1, "a number too large for a float64"},
		{"too large an exponent after the sign", `-1E400`, 0, "a number too large for a float64"},
		{"too large an exponent after many digits", "0.1" + strings.Repeat("0", 400) + "e99999", 0, "a number too large for a float64"},
		{"too many digits", strings.Repeat("1", 310), 0, "a number too large for a float64"},
		{"too many digits before the point", strings.Repeat("9", 309) + ".5", 0, "a number too large for a float64"},
		{"no digit behind the point", `1.`, 0, "not a number"},
		{"no digit in the exponent", `1e`, 0, "not a number"},
		{"no digit behind the sign of the exponent", `1E+`, 0, "not a number"},
		{"a hexadecimal number", `0x1`, 1, "more after the value"},
		{"A13 a duplicate name", `{"a":1,"b":2,"a":3}`, 13, "duplicate name"},
		{"A13 a duplicate name by an escape", `{"alg":1,"\u0061lg":2}`, 9, "duplicate name"},
		{"A13 a duplicate name by two escapes", `{"\/":1,"\u002f":2}`, 8, "duplicate name"},
		{"A13 a duplicate empty name", `{"":1,"":2}`, 6, "duplicate name"},
		{"A14 a nested duplicate name", `{"x":{"a":1,"a":2}}`, 12, "duplicate name"},
		{"A14 a duplicate name in an array", `[[{"a":1,"a":2}]]`, 9, "duplicate name"},
		{"A14 a duplicate after a nested object", `{"a":{"b":1,"c":2},"a":3}`, 19, "duplicate name"},
		{"A14 a duplicate beside nested objects", `[{"x":{"a":1},"y":{"a":1},"x":1}]`, 26, "duplicate name"},
		{"A16 an invalid byte", "\"\xFF\"", 1, "invalid UTF-8"},
		{"A16 an overlong form", "\"a\xC0\x80\"", 2, "invalid UTF-8"},
		{"A16 an encoded surrogate", "\"\xED\xA0\x80\"", 1, "invalid UTF-8"},
		{"A16 beyond Unicode", "\"\xF4\x90\x80\x80\"", 1, "invalid UTF-8"},
		{"A16 half a character at the end", "\"é\xC3\"", 3, "invalid UTF-8"},
		{"A16 an invalid byte in a name", "{\"abcdefgh\xFF\":1}", 10, "invalid UTF-8"},
		{"A16 an invalid byte outside a string", "\xFF", 0, "not the start of a value"},
		{"A16 a lone high surrogate", `"\ud800"`, 1, "lone surrogate"},
		{"A16 a lone low surrogate", `"\udc00"`, 1, "lone surrogate"},
		{"A16 two high surrogates", `"\ud800\ud800"`, 1, "lone surrogate"},
		{"A16 a high surrogate and another escape", `"\ud800\n"`, 1, "lone surrogate"},
		{"A16 a high surrogate before a broken escape", `"\ud83d\udez0"`, 1, "lone surrogate"},
		{"A17 a byte order mark", "\uFEFF{}", 0, "byte order mark"},
		{"A17 a byte order mark inside", "[\uFEFF1]", 1, "not the start of a value"},
		{"A17 UTF-16LE", utf16le(`{"a":1}`), 1, "a name must be a string"},
		{"A21 a raw control character", "\"a\x1f\"", 2, "control character in a string"},
		{"A21 a raw NUL after eight bytes", "\"abcdefgh\x00\"", 9, "control character in a string"},
		{"A21 a raw line feed", "\"a\n\"", 2, "control character in a string"},
		{"an unknown escape", `"\a"`, 1, "unknown escape"},
		{"an escape with a capital U", `"\U0041"`, 1, "unknown escape"},
		{"an escape with too few digits", `"\u004"`, 1, "unknown escape"},
		{"an escape with a wrong digit", `"\u004g"`, 1, "unknown escape"},
		{"other white space", "\v1", 0, "not the start of a value"},
		{"a no-break space", "\u00a01", 0, "not the start of a value"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := strictjson.Check(test.data, strictjson.Limits{})
			var at *strictjson.Error
			if !errors.As(err, &at) || at.Offset != test.offset || at.Reason != test.reason {
				t.Errorf("got %v, want %s at byte %d", err, test.reason, test.offset)
			}
			if members, err := strictjson.AppendObject(nil, test.data, strictjson.Limits{}); err == nil || members != nil {
				t.Errorf("AppendObject: got %v, %v, want nil and an error", members, err)
			}
		})
	}
}

func utf16le(text string) string {
	var out []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		out = append(out, byte(unit), byte(unit>>8))
	}
	return string(out)
}

func TestCheckAccepts(t *testing.T) {
	tests := []struct{ name, data string }{
		{"A15 names that differ in case", `{"SUB":1,"sub":2,"Sub":3,"\u017fub":4}`},
		{"A20 one name of 7 KB", `{"` + strings.Repeat("n", 7<<10) + `":1}`},
		{"A21 escaped control characters", `{"sub":"admin\u0000x","iss":"a\nb"}`},
		{"A22 names that mean something elsewhere", `{"__proto__":1,"constructor":2,"":3}`},
		{"the same name in different objects", `{"a":{"a":{"a":1}},"b":[{"a":1},{"a":2}]}`},
		{"a pair of surrogates", `"\ud83d\ude00\uD83D\uDE00"`},
		{"characters of every length", `"aé€😀` + "\u007f\u2028\ufffd\uffff" + `"`},
		{"white space everywhere", " \t\r\n{ \"a\" : [ 1 , 2 ] , \"b\" : { } , \"c\" : [ ] } \n"},
		{"every number form", `[0,-0,1,-1,10,0.0,1.50,-0.1,1e1,1E+1,1e-1,0e0,123456789012345678901234567890]`},
		{"every simple escape", `"\"\\\/\b\f\n\r\t"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if err := strictjson.Check(test.data, strictjson.Limits{}); err != nil {
				t.Errorf("got %v, want nil", err)
			}
			agrees(t, test.name, test.data)
		})
	}
}

func TestADefectIsFoundAtEveryPlaceOfAString(t *testing.T) {
	for size := range 40 {
		for at := range size + 1 {
			front, back := strings.Repeat("x", at), strings.Repeat("y", size-at)
			for bad, reason := range map[string]string{"\x00": "control character in a string", "\x1f": "control character in a string", "\x80": "invalid UTF-8", `\x`: "unknown escape"} {
				want := strictjson.Error{Offset: at + 1, Reason: reason}
				var got *strictjson.Error
				if err := strictjson.Check(`"`+front+bad+back+`"`, strictjson.Limits{}); !errors.As(err, &got) || *got != want {
					t.Fatalf("%q at %d of %d: got %v, want %v", bad, at, size, got, want)
				}
			}
			for _, good := range []string{" ", "!", "#", "[", "]", "\x7f", `\"`, `\\`, "é"} {
				if err := strictjson.Check(`"`+front+good+back+`"`, strictjson.Limits{}); err != nil {
					t.Fatalf("%q at %d of %d: got %v, want nil", good, at, size, err)
				}
			}
		}
	}
}

func TestLimitsHold(t *testing.T) {
	nested := func(open, middle, closing string, n int) string {
		return strings.Repeat(open, n) + middle + strings.Repeat(closing, n)
	}
	list := func(n int) string { return "[1" + strings.Repeat(",1", n-1) + "]" }
	tests := []struct {
		name   string
		data   string
		limits strictjson.Limits
		reason string // empty: accepted
	}{
		{"A18 32 arrays", nested("[", "", "]", 32), strictjson.Limits{}, ""},
		{"A18 33 arrays", nested("[", "", "]", 33), strictjson.Limits{}, "nested too deep"},
		{"A18 10,000 open arrays", strings.Repeat("[", 10_000), strictjson.Limits{}, "nested too deep"},
		{"A18 32 objects", nested(`{"a":`, "1", "}", 32), strictjson.Limits{}, ""},
		{"A18 33 objects", nested(`{"a":`, "1", "}", 33), strictjson.Limits{}, "nested too deep"},
		{"A18 100,000 open objects", strings.Repeat(`{"a":`, 100_000), strictjson.Limits{}, "nested too deep"},
		{"A18 arrays side by side are not deep", "[" + strings.Repeat("[],", 100) + "[]]", strictjson.Limits{}, ""},
		{"A18 objects side by side are not deep", "[" + strings.Repeat(`{"a":{}},`, 100) + "{}]", strictjson.Limits{}, ""},
		{"a depth of one", `{"a":1}`, strictjson.Limits{Depth: 1}, ""},
		{"an object beyond a depth of one", `{"a":{}}`, strictjson.Limits{Depth: 1}, "nested too deep"},
		{"a negative depth means the default", nested("[", "", "]", 33), strictjson.Limits{Depth: -1}, "nested too deep"},
		{"a huge depth is cut to 10,000", nested("[", "", "]", 10_001), strictjson.Limits{Depth: math.MaxInt, Members: 20_000}, "nested too deep"},
		{"10,000 arrays if wanted", nested("[", "", "]", 10_000), strictjson.Limits{Depth: math.MaxInt, Members: 10_000}, ""},
		{"A19 1,024 elements", list(1024), strictjson.Limits{}, ""},
		{"A19 1,025 elements", list(1025), strictjson.Limits{}, "too many members"},
		{"A19 1,024 members", manyNames(1024, "n"), strictjson.Limits{}, ""},
		{"A19 1,025 members", manyNames(1025, "n"), strictjson.Limits{}, "too many members"},
		{"A19 100,000 members", manyNames(100_000, "n"), strictjson.Limits{}, "too many members"},
		{"A19 members and elements count together", `{"a":[1,2],"b":{"c":1}}`, strictjson.Limits{Members: 4}, "too many members"},
		{"A19 members and elements at the limit", `{"a":[1,2],"b":{"c":1}}`, strictjson.Limits{Members: 5}, ""},
		{"A19 100,000 members if wanted", manyNames(100_000, "n"), strictjson.Limits{Members: 100_000}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := strictjson.Check(test.data, test.limits)
			reason := ""
			if at := (*strictjson.Error)(nil); errors.As(err, &at) {
				reason = at.Reason
			}
			if reason != test.reason {
				t.Errorf("got %v, want %q", err, test.reason)
			}
		})
	}
}

func TestADuplicateIsFoundAmongAnyNumberOfNames(t *testing.T) {
	for _, count := range []int{2, 3, 15, 16, 17, 18, 40, 1000, 1500} {
		limits := strictjson.Limits{Members: 5000}
		unique := manyNames(count, "name")
		nested := `{"outer":1,"inner":{"deep":` + unique + `,"more":` + unique + `},"last":2}`
		for _, data := range []string{unique, nested} {
			if err := strictjson.Check(data, limits); err != nil {
				t.Errorf("%d names: got %v, want nil", count, err)
			}
			if _, err := strictjson.AppendObject(nil, data, limits); err != nil {
				t.Errorf("%d names: got %v, want nil", count, err)
			}
		}
		for _, twice := range []int{0, (count - 1) / 2, count - 2} {
			duplicate := strings.Replace(unique, fmt.Sprintf(`"name%04d"`, count-1), fmt.Sprintf(`"name%04d"`, twice), 1)
			for _, data := range []string{duplicate, `[` + duplicate + `]`, `{"a":{"b":1,"c":` + duplicate + `}}`, `{"a":[{"x":1,"y":2}],"c":` + duplicate + `}`} {
				err := strictjson.Check(data, limits)
				if at := (*strictjson.Error)(nil); !errors.As(err, &at) || at.Reason != "duplicate name" {
					t.Errorf("%d names, the last equal to number %d: got %v, want a duplicate name", count, twice, err)
				}
				if data[0] == '{' {
					if _, err := strictjson.AppendObject(nil, data, limits); err == nil {
						t.Errorf("%d names, the last equal to number %d: AppendObject got nil, want a duplicate name", count, twice)
					}
				}
			}
		}
	}
}

// The goal is a millisecond at most for each.
func BenchmarkA20ManyOrHugeNames(b *testing.B) {
	for _, c := range []struct{ name, data string }{
		{"1000 names with a common prefix", manyNames(1000, "a_common_prefix_of_some_length_")},
		{"1000 names with a long common prefix", manyNames(1000, strings.Repeat("p", 200))},
		{"one name of 64 KiB", `{"` + strings.Repeat("n", 64<<10) + `":1}`},
		{"16 names of one length with a common prefix", manyNames(16, strings.Repeat("p", 4<<10))},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				if err := strictjson.Check(c.data, strictjson.Limits{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestA20TenTimesTheNamesAreFarFromAHundredTimesTheWork(t *testing.T) {
	few, many := manyNames(100, "a_common_prefix"), manyNames(1000, "a_common_prefix")
	if one, ten := fastest(t, few), fastest(t, many); ten > 40*one {
		t.Errorf("got %v for 100 names and %v for 1,000, want at most 40 times as long", one, ten)
	}
}

// fastest returns the shortest of many times to check data, so that what else
// the machine does is not measured.
func fastest(t *testing.T, data string) time.Duration {
	t.Helper()
	best := time.Hour
	for range 50 {
		start := time.Now()
		if err := strictjson.Check(data, strictjson.Limits{}); err != nil {
			t.Fatal(err)
		}
		best = min(best, time.Since(start))
	}
	return best
}
