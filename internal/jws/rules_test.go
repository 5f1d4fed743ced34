package jws_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/durward-auth/durward/internal/jws"
)

func TestMatchTypeTakesThePrefixAndNothingElseAway(t *testing.T) { // D15
	for _, test := range []struct {
		typ, want string
		match     bool
	}{
		{strings.Repeat("x", len("application/")) + "jwt", "jwt", false},
		{"application/", "application/", false},
		{"application//jwt", "/jwt", false},
		{"application/a/b", "application/a/b", true},
		{"APPLICATION/a/b", "application/A/B", true},
	} {
		if got := jws.MatchType(test.typ, test.want); got != test.match {
			t.Errorf("MatchType(%q, %q): got %v, want %v", test.typ, test.want, got, test.match)
		}
		if got := jws.MatchType(test.want, test.typ); got != test.match {
			t.Errorf("MatchType(%q, %q): got %v, want %v", test.want, test.typ, got, test.match)
		}
	}
}

func TestMatchTypeFoldsTheLettersOfASCIIAlone(t *testing.T) { // D15
	for a := range byte(128) {
		for b := range byte(128) {
			x, y := "jwt"+string(rune(a)), "jwt"+string(rune(b))
			want := strings.EqualFold(x, y) // which agrees below U+0080
			if got := jws.MatchType(x, y); got != want && a != '/' && b != '/' {
				t.Errorf("MatchType(%q, %q): got %v, want %v", x, y, got, want)
			}
		}
	}
}

func TestParseHeaderNamesTheFirstWrongMember(t *testing.T) {
	for header, want := range map[string]error{
		`{"alg":7,"kid":""}`:              jws.ErrAlgorithm,
		`{"alg":null,"crit":["exp"]}`:     jws.ErrAlgorithm,
		`{"kid":7,"alg":7}`:               jws.ErrKeyID,
		`{"crit":["exp"],"alg":7}`:        jws.ErrUnsupported,
		`{"typ":7,"zip":"DEF","alg":"x"}`: jws.ErrHeader,
	} {
		if got, err := jws.ParseHeader(header); !errors.Is(err, want) || got != (jws.Header{}) {
			t.Errorf("%s: got %+v and error %v, want %v alone", header, got, err, want)
		}
	}
}
