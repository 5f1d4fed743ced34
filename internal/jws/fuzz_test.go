package jws_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/durward-auth/durward/internal/jws"
)

func FuzzSplit(f *testing.F) {
	for _, seed := range []string{exampleToken, "", "..", "a.b.c", "a.b.c.d", "a..c", "a.b.c\n", "abcdefgh.ijklmnop.qrstuvwx"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, token string) {
		signingInput, header, payload, signature, err := jws.Split(token, limit)
		parts := strings.Split(token, ".")
		want := len(token) <= limit && len(parts) == 3
		for _, part := range parts {
			want = want && part != "" && strings.Trim(part, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == ""
		}
		if (err == nil) != want {
			t.Fatalf("got %v, want accepted %v", err, want)
		}
		if err != nil {
			if !errors.Is(err, jws.ErrMalformed) {
				t.Fatalf("got %v, want it under %v", err, jws.ErrMalformed)
			}
			return
		}
		if signingInput != header+"."+payload || signingInput+"."+signature != token {
			t.Fatalf("got %q, %q, %q, %q, want the parts of the token", signingInput, header, payload, signature)
		}
	})
}

func FuzzAppendDecoded(f *testing.F) {
	for _, seed := range []string{"", "QQ", "QR", "QUI", "QUJD", "QUJDQUJDQUJD", "Q\nQ", "QQ==", "-_-_", "+/+/", exampleHeader} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, segment string) {
		decoded, err := jws.AppendDecoded(nil, segment)
		lenient, lenientErr := base64.RawURLEncoding.DecodeString(segment)
		spelled := lenientErr == nil && base64.RawURLEncoding.EncodeToString(lenient) == segment
		if (err == nil) != spelled {
			t.Fatalf("got %v, want accepted %v", err, spelled)
		}
		if err != nil {
			return
		}
		if string(decoded) != string(lenient) {
			t.Fatalf("got %x, want %x", decoded, lenient)
		}
		if got := string(jws.AppendEncoded(nil, decoded)); got != segment {
			t.Fatalf("got %q written back, want %q", got, segment)
		}
	})
}

func FuzzParseHeader(f *testing.F) {
	for _, seed := range []string{
		`{"alg":"ES256","kid":"a","typ":"at+jwt"}`, `{"alg":"HS256","crit":["exp"]}`, `{"alg":"a","alg":"b"}`,
		`{"ALG":"none"}`, `{"alg":"RS256","jwk":{"kty":"oct"}}`, `null`, ``, `{"alg":"A","cty":"jwt"}`, `{"\u0061lg":"\ud83d\ude00"}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		got, err := jws.ParseHeader(header)
		if err != nil {
			if !errors.Is(err, jws.ErrMalformed) || got != (jws.Header{}) {
				t.Fatalf("got %+v, %v, want nothing and an error under %v", got, err, jws.ErrMalformed)
			}
			return
		}
		var members map[string]any
		if err := json.Unmarshal([]byte(header), &members); err != nil {
			t.Fatalf("accepted, but encoding/json says %v", err)
		}
		for _, name := range []string{"crit", "b64", "zip", "enc"} {
			if _, ok := members[name]; ok {
				t.Fatalf("accepted with %q", name)
			}
		}
		kid, hasKeyID := members["kid"].(string)
		typ, hasType := members["typ"].(string)
		want := jws.Header{Algorithm: members["alg"].(string), KeyID: kid, Type: typ, HasKeyID: hasKeyID, HasType: hasType}
		if got != want || got.Algorithm == "" || hasKeyID && (kid == "" || len(kid) > 255) {
			t.Fatalf("got %+v, want %+v", got, want)
		}
	})
}
