package jws_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/durward-auth/durward/internal/jws"
)

func TestAHeaderHas32MembersAtMost(t *testing.T) {
	for name, test := range map[string]struct {
		header string
		want   error
	}{
		"32 members":                    {`{"alg":"ES256"` + numbered(31) + `}`, nil},
		"33 members":                    {`{"alg":"ES256"` + numbered(32) + `}`, jws.ErrHeader},
		"a list of 30 beside two":       {`{"alg":"ES256","x5c":[` + strings.Repeat("1,", 29) + `1]}`, nil},
		"a list of 31 beside two":       {`{"alg":"ES256","x5c":[` + strings.Repeat("1,", 30) + `1]}`, jws.ErrHeader},
		"a thousand members, all alike": {`{"alg":"ES256"` + strings.Repeat(`,"x":1`, 1000) + `}`, jws.ErrHeader},
	} {
		if got, err := jws.ParseHeader(test.header); !errors.Is(err, test.want) {
			t.Errorf("%s: got %+v and error %v, want error %v", name, got, err, test.want)
		}
	}
}

func TestAWholeHeaderAllocatesNothing(t *testing.T) {
	header := `{"alg":"ES256","x":"` + strings.Repeat(`\u0041`, 100) + `"` + numbered(30) + `}`
	got := testing.AllocsPerRun(100, func() {
		if _, err := jws.ParseHeader(header); err != nil {
			t.Fatal(err)
		}
	})
	if got != 0 {
		t.Errorf("got %v allocations, want none", got)
	}
}

// numbered returns n members with names of their own.
func numbered(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(`,"` + strings.Repeat("m", i+1) + `":1`)
	}
	return b.String()
}
