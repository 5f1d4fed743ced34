package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

func jsonValue(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: json PATH VALUE")
	}
	if got := fmt.Sprint(at(ts, args[0])); (got == args[1]) == neg {
		ts.Fatalf("%s is %q, want %q (unless negated)", args[0], got, args[1])
	}
}

func jsonMembers(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: members PATH NAME...")
	}
	object, ok := at(ts, args[0]).(map[string]any)
	if !ok {
		ts.Fatalf("%s is no object", args[0])
	}
	got, want := slices.Sorted(maps.Keys(object)), slices.Sorted(slices.Values(args[1:]))
	if !slices.Equal(got, want) {
		ts.Fatalf("%s has the members %v, want %v", args[0], got, want)
	}
}

func jsonSave(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: save PATH NAME")
	}
	ts.Setenv(args[1], fmt.Sprint(at(ts, args[0])))
}

// at finds a value in the JSON on standard output. The path "." is all of it; "count" is the length of a list.
func at(ts *testscript.TestScript, path string) any {
	var value any
	if err := json.Unmarshal([]byte(ts.ReadFile("stdout")), &value); err != nil {
		ts.Fatalf("standard output is not JSON: %v", err)
	}
	for step := range strings.SplitSeq(strings.Trim(path, "."), ".") {
		switch here := value.(type) {
		case map[string]any:
			next, ok := here[step]
			if !ok && step != "" {
				ts.Fatalf("%s: there is no member %q", path, step)
			}
			if step != "" {
				value = next
			}
		case []any:
			if step == "count" {
				value = len(here)
				continue
			}
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(here) {
				ts.Fatalf("%s: there is no element %q of %d", path, step, len(here))
			}
			value = here[i]
		default:
			ts.Fatalf("%s: there is nothing below %q", path, fmt.Sprint(here))
		}
	}
	return value
}
