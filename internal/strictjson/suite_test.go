package strictjson_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/durward-auth/durward/internal/strictjson"
	"github.com/durward-auth/durward/internal/vectors"
)

// refusedOnPurpose are the documents of the suite that any parser must accept
// by the grammar alone and that this one refuses.
var refusedOnPurpose = map[string]string{
	"y_object_duplicated_key.json":           "duplicate name",
	"y_object_duplicated_key_and_value.json": "duplicate name",
}

// acceptedOfChoice are the documents of the suite that a parser may treat as it
// likes and that this one accepts: numbers that have a nearest float64. All
// others are refused.
var acceptedOfChoice = map[string]bool{
	"i_number_double_huge_neg_exp.json":   true,
	"i_number_real_underflow.json":        true,
	"i_number_too_big_neg_int.json":       true,
	"i_number_too_big_pos_int.json":       true,
	"i_number_very_big_negative_int.json": true,
}

func TestSuiteIsDecidedAsListed(t *testing.T) {
	dir := vectors.Path(t, "jsontestsuite", "test_parsing")
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	count := map[byte]int{}
	listed := 0
	for _, file := range files {
		name := filepath.Base(file)
		count[name[0]]++
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		reason, onPurpose := refusedOnPurpose[name]
		if onPurpose || acceptedOfChoice[name] {
			listed++
		}
		accept := name[0] == 'y' && !onPurpose || acceptedOfChoice[name]
		err = strictjson.Check(string(data), strictjson.Limits{})
		if (err == nil) != accept {
			t.Errorf("%s: got %v, want accepted %v", name, err, accept)
			continue
		}
		if onPurpose && !strings.Contains(err.Error(), reason) {
			t.Errorf("%s: got %v, want %s", name, err, reason)
		}
		if accept {
			agrees(t, name, string(data))
		}
	}
	if count['y'] != 95 || count['n'] != 188 || count['i'] != 35 {
		t.Errorf("got %d y_, %d n_ and %d i_ files, want 95, 188 and 35", count['y'], count['n'], count['i'])
	}
	if want := len(refusedOnPurpose) + len(acceptedOfChoice); listed != want {
		t.Errorf("got %d files of the lists, want %d", listed, want)
	}
}

// agrees fails the test unless encoding/json reads the same from an accepted
// document. Where a number is out of range, neither may read it.
func agrees(t testing.TB, name, data string) {
	t.Helper()
	if !json.Valid([]byte(data)) {
		t.Errorf("%s: accepted, but encoding/json says it is not valid", name)
		return
	}
	var got, want any
	gotErr := strictjson.DecodeKnown(data, strictjson.Limits{}, &got)
	wantErr := json.Unmarshal([]byte(data), &want)
	if (gotErr == nil) != (wantErr == nil) {
		t.Errorf("%s: got error %v, want as encoding/json: %v", name, gotErr, wantErr)
		return
	}
	if wantErr == nil && !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got %#v, want %#v", name, got, want)
	}
}
