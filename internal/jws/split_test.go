package jws_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/durward-auth/durward/internal/jws"
)

const limit = 8192

// The token of RFC 7515, appendix A.1.
const (
	exampleHeader    = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
	examplePayload   = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
	exampleSignature = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	exampleToken     = exampleHeader + "." + examplePayload + "." + exampleSignature
)

func TestSplitCutsATokenAtItsTwoDots(t *testing.T) {
	signingInput, header, payload, signature, err := jws.Split(exampleToken, limit)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := signingInput, exampleHeader+"."+examplePayload; got != want {
		t.Errorf("got signing input %q, want %q", got, want)
	}
	if header != exampleHeader || payload != examplePayload || signature != exampleSignature {
		t.Errorf("got %q, %q, %q, want the parts of the example", header, payload, signature)
	}
}

func TestCutIsSplitWhereSplitAccepts(t *testing.T) {
	for _, token := range []string{exampleToken, "a.b.c", sized(limit), sized(limit + 1), "a.b.", ".b.c", "a..c", "a.b", "a", "", "a.b.c.d", "a.b.!"} {
		signingInput, header, payload, signature, err := jws.Split(token, limit)
		cutInput, cutHeader, cutPayload, cutSignature, ok := jws.Cut(token, limit)
		if err == nil && (!ok || cutInput != signingInput || cutHeader != header || cutPayload != payload || cutSignature != signature) {
			t.Errorf("%.20q: got %q, %q, %q, %q, %v, want what Split returns", token, cutInput, cutHeader, cutPayload, cutSignature, ok)
		}
		// A dot too many and a wrong byte are in a part; decoding finds them.
		if _, bad := jws.AppendDecoded(nil, cutPayload+cutSignature); err != nil && ok && bad == nil {
			t.Errorf("%.20q: got true and parts that decode, want what Split refuses to be refused", token)
		}
	}
}

func TestSplitRefuses(t *testing.T) {
	withPayload := func(payload string) string { return exampleHeader + "." + payload + "." + exampleSignature }
	tests := []struct {
		name  string
		token string
		want  error
	}{
		{"A01 an empty token", "", jws.ErrParts},
		{"A01 one part", "a", jws.ErrParts},
		{"A01 two parts", "a.b", jws.ErrParts},
		{"A01 four parts", "a.b.c.d", jws.ErrParts},
		{"A01 three empty parts", "..", jws.ErrParts},
		{"A01 an empty header", ".b.c", jws.ErrParts},
		{"A01 an empty payload", "a..c", jws.ErrParts},
		{"A01 an empty signature", "a.b.", jws.ErrParts},
		{"A01 a dot after a good token", exampleToken + ".", jws.ErrParts},
		{"A01 a part after a good token", exampleToken + ".x", jws.ErrParts},
		{"A02 dots only", strings.Repeat(".", limit), jws.ErrParts},
		{"A02 dots after one byte", "a" + strings.Repeat(".", limit-1), jws.ErrParts},
		{"A02 a million dots", strings.Repeat(".", 1_000_000), jws.ErrTooLarge},
		{"A03 one byte too many", sized(limit + 1), jws.ErrTooLarge},
		{"A03 64 KiB", sized(64 << 10), jws.ErrTooLarge},
		{"A03 1 MiB", sized(1 << 20), jws.ErrTooLarge},
		{"A04 padding on the header", exampleHeader + "=." + examplePayload + "." + exampleSignature, jws.ErrAlphabet},
		{"A04 padding on the payload", withPayload(examplePayload + "=="), jws.ErrAlphabet},
		{"A04 padding on the signature", exampleToken + "=", jws.ErrAlphabet},
		{"A05 a plus sign", strings.Replace(exampleToken, "-", "+", 1), jws.ErrAlphabet},
		{"A05 a slash", strings.Replace(exampleToken, "_", "/", 1), jws.ErrAlphabet},
		{"A07 a line feed in the header", exampleHeader[:4] + "\n" + exampleHeader[4:] + "." + examplePayload + "." + exampleSignature, jws.ErrAlphabet},
		{"A07 a carriage return in the payload", withPayload(examplePayload[:40] + "\r" + examplePayload[40:]), jws.ErrAlphabet},
		{"A07 a line feed at the end", exampleToken + "\n", jws.ErrAlphabet},
		{"A08 a space in front", " " + exampleToken, jws.ErrAlphabet},
		{"A08 a space behind", exampleToken + " ", jws.ErrAlphabet},
		{"A08 a tab", withPayload("\t" + examplePayload), jws.ErrAlphabet},
		{"A08 a NUL", withPayload("\x00" + examplePayload), jws.ErrAlphabet},
		{"A08 a zero-width space", withPayload(examplePayload + "\u200B"), jws.ErrAlphabet},
		{"A08 a byte order mark", "\uFEFF" + exampleToken, jws.ErrAlphabet},
		{"A08 a question mark", withPayload("?" + examplePayload), jws.ErrAlphabet},
		{"A08 an invalid byte", withPayload(examplePayload + "\xFF"), jws.ErrAlphabet},
		{"A10 the flattened JSON form", `{"payload":"a","protected":"b","signature":"c"}`, jws.ErrAlphabet},
		{"A10 the general JSON form split by dots", `{"payload":"` + exampleToken + `"}`, jws.ErrAlphabet},
		{"A25 a detached payload", exampleHeader + ".." + exampleSignature, jws.ErrParts},
		{"A27 five parts", "eyJh.a2V5.aXY.Y2lwaGVy.dGFn", jws.ErrParts},
		{"B01 no signature", exampleHeader + "." + examplePayload + ".", jws.ErrParts},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			signingInput, header, payload, signature, err := jws.Split(test.token, limit)
			if !errors.Is(err, test.want) || !errors.Is(err, jws.ErrMalformed) {
				t.Errorf("got error %v, want %v", err, test.want)
			}
			cutInput, _, cutPayload, cutSignature, ok := jws.Cut(test.token, limit)
			switch {
			case ok && !errors.Is(test.want, jws.ErrAlphabet) && strings.Count(test.token, ".") < 3:
				t.Errorf("Cut: got true, want false")
			case ok && cutInput+"."+cutSignature != test.token, !ok && cutInput+cutPayload+cutSignature != "":
				t.Errorf("Cut: got %q, %q, %q, want parts of the token", cutInput, cutPayload, cutSignature)
			}
			if signingInput+header+payload+signature != "" {
				t.Errorf("got %q, %q, %q, %q beside an error, want nothing", signingInput, header, payload, signature)
			}
		})
	}
}

func TestSplitFindsAWrongByteAtEveryPlace(t *testing.T) {
	for i := range exampleToken {
		token := exampleToken[:i] + "!" + exampleToken[i+1:]
		if _, _, _, _, err := jws.Split(token, limit); !errors.Is(err, jws.ErrAlphabet) {
			t.Errorf("place %d: got %v, want %v", i, err, jws.ErrAlphabet)
		}
	}
}

func TestSplitTakesTheAlphabetOnly(t *testing.T) {
	for c := range 256 {
		part := string([]byte{byte(c)})
		_, _, _, _, err := jws.Split(strings.Repeat(part, 9)+".b.c", limit)
		want := strings.Contains("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", part)
		if (err == nil) != want {
			t.Errorf("byte %#x: got %v, want accepted %v", c, err, want)
		}
	}
}

func TestSplitTakesATokenOfTheWholeSize(t *testing.T) {
	if _, _, _, _, err := jws.Split(sized(limit), limit); err != nil {
		t.Errorf("got %v, want nil", err)
	}
	if _, _, _, _, err := jws.Split("a.b.c", 0); !errors.Is(err, jws.ErrTooLarge) {
		t.Errorf("a limit of zero: got %v, want %v", err, jws.ErrTooLarge)
	}
}

func TestSplitAllocatesNothing(t *testing.T) {
	for _, token := range []string{exampleToken, strings.Repeat(".", limit), strings.Repeat("a.", limit/2), sized(limit + 1)} {
		if got := testing.AllocsPerRun(100, func() { jws.Split(token, limit) }); got != 0 {
			t.Errorf("%.20q: got %v allocations, want 0", token, got)
		}
	}
}

// sized returns a token of n bytes.
func sized(n int) string { return "a.b." + strings.Repeat("c", n-4) }

func TestMatchTypeComparesMediaTypes(t *testing.T) {
	tests := []struct {
		name      string
		typ, want string
		match     bool
	}{
		{"D15 the same", "at+jwt", "at+jwt", true},
		{"D15 with the prefix", "application/at+jwt", "at+jwt", true},
		{"D15 with the prefix on the other side", "at+jwt", "application/at+jwt", true},
		{"D15 in capitals", "AT+JWT", "at+jwt", true},
		{"D15 with the prefix in capitals", "APPLICATION/AT+JWT", "at+jwt", true},
		{"D15 another type", "JWT", "at+jwt", false},
		{"D15 missing", "", "at+jwt", false},
		{"D15 missing and nothing wanted", "", "", false},
		{"D15 the prefix alone", "application/", "", false},
		{"D15 longer", "at+jwt2", "at+jwt", false},
		{"D15 with a space", "at+jwt ", "at+jwt", false},
		{"another slash keeps the prefix", "application/at+jwt/x", "at+jwt/x", false},
		{"a parameter with a slash keeps the prefix", `application/example;part="1/2"`, `example;part="1/2"`, false},
		{"another top-level type", "text/at+jwt", "at+jwt", false},
		{"a Kelvin sign for a k", "to\u212Aen", "token", false},
		{"a long s for an s", "\u017Fecevent+jwt", "secevent+jwt", false},
		{"a byte that differs in the case bit only", "at\x0bjwt", "at+jwt", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := jws.MatchType(test.typ, test.want); got != test.match {
				t.Errorf("got %v, want %v", got, test.match)
			}
		})
	}
}
