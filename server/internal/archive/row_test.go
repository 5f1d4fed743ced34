package archive_test

import (
	"math"
	"reflect"
	"testing"

	"github.com/durward-auth/durward/server/internal/archive"
)

// A line is read to the same row whether it needs a whole JSON parser or not, and refused by both or by none.
func TestALineIsReadAsTheJSONThatItIs(t *testing.T) {
	for line, want := range map[string][]any{
		`[7,"ada"]`:                   {int64(7), "ada"},
		`[ 7 , "ada" ]`:               {int64(7), "ada"},
		`[-9223372036854775808,""]`:   {int64(math.MinInt64), ""},
		`[0,"\u003cada\u003e\n"]`:     {int64(0), "<ada>\n"},
		`[1,"é]\","]`:                 {int64(1), `é]",`},
		"[1,\"\xff\"]":                {int64(1), "\uFFFD"},
		`[9223372036854775808,"ada"]`: nil,
		`[07,"ada"]`:                  nil,
		`[-07,"ada"]`:                 nil,
		`[+7,"ada"]`:                  nil,
		`[-,"ada"]`:                   nil,
		`[7-7,"ada"]`:                 nil,
		`[1.5,"ada"]`:                 nil,
		`["7","ada"]`:                 nil,
		`[7,8]`:                       nil,
		`[7,null]`:                    nil,
		`[7,"a` + "\t" + `b"]`:        nil,
		`[7,"ada"`:                    nil,
		`[7,"ada]`:                    nil,
		`[7,"ada"] [7,"ada"]`:         nil,
		`[7,"ada"]]`:                  nil,
		`[7]`:                         nil,
		`[7,"ada",1]`:                 nil,
		`[]`:                          nil,
		``:                            nil,
	} {
		for _, end := range []string{"", "\n"} {
			row := make([]any, 2)
			err := archive.ParseRow(row, line+end, people.Columns)
			if (err != nil) != (want == nil) || err == nil && !reflect.DeepEqual(row, want) {
				t.Errorf("%q: got %v and error %v, want %v", line+end, row, err, want)
			}
		}
	}
}

// FuzzParseRow holds that the short way gives what the long one gives.
func FuzzParseRow(f *testing.F) {
	for _, line := range []string{`[7,"ada"]`, "[-0,\"\"]\n", `[ 7 ,"\u00e9"]`, "[1,\"\xff\"]", `[07,"ada"]`, `[7,"ada"]]`, `[1e2,"x"]`} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		got, want := make([]any, 2), make([]any, 2)
		errGot, errWant := archive.ParseRow(got, line, people.Columns), archive.ParseAnyRow(want, line, people.Columns)
		if (errGot == nil) != (errWant == nil) || errGot == nil && !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %v, %v, want %v, %v", line, got, errGot, want, errWant)
		}
	})
}
