package jws_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/durward-auth/durward/internal/jws"
	"github.com/durward-auth/durward/internal/strictjson"
	"github.com/durward-auth/durward/internal/vectors"
)

func TestParseHeaderReads(t *testing.T) {
	long := strings.Repeat("k", 255)
	tests := []struct {
		name   string
		header string
		want   jws.Header
	}{
		{"all three members", `{"alg":"ES256","kid":"a","typ":"at+jwt"}`, jws.Header{Algorithm: "ES256", KeyID: "a", Type: "at+jwt", HasKeyID: true, HasType: true}},
		{"white space of RFC 7515, appendix A.1", "{\"typ\":\"JWT\",\r\n \"alg\":\"HS256\"}", jws.Header{Algorithm: "HS256", Type: "JWT", HasType: true}},
		{"an escaped name and value", `{"\u0061lg":"\u0045S256"}`, jws.Header{Algorithm: "ES256"}},
		{"A15 a name in capitals is another name", `{"ALG":"none","alg":"RS256","KID":1,"CRIT":[]}`, jws.Header{Algorithm: "RS256"}},
		{"A22 names that mean something elsewhere", `{"__proto__":{"alg":"none"},"constructor":1,"":"x","alg":"RS256"}`, jws.Header{Algorithm: "RS256"}},
		{"A26 a content type that is no nested token", `{"alg":"RS256","cty":"example"}`, jws.Header{Algorithm: "RS256"}},
		{"B01 the name of no algorithm is kept as it stands", `{"alg":"nOnE"}`, jws.Header{Algorithm: "nOnE"}},
		{"B01 a NUL in the algorithm is kept", `{"alg":"none\u0000"}`, jws.Header{Algorithm: "none\x00"}},
		{"B01 a Cyrillic letter in the algorithm is kept", `{"alg":"nonе"}`, jws.Header{Algorithm: "nonе"}},
		{"B03 the case of the algorithm is kept", `{"alg":"rs256"}`, jws.Header{Algorithm: "rs256"}},
		{"B03 a space in the algorithm is kept", `{"alg":"HS256 "}`, jws.Header{Algorithm: "HS256 "}},
		{"B11 a key id of 255 bytes", `{"alg":"RS256","kid":"` + long + `"}`, jws.Header{Algorithm: "RS256", KeyID: long, HasKeyID: true}},
		{"B12 a path as key id is text", `{"alg":"RS256","kid":"../../../../dev/null"}`, jws.Header{Algorithm: "RS256", KeyID: "../../../../dev/null", HasKeyID: true}},
		{"B13 SQL as key id is text", `{"alg":"RS256","kid":"' UNION SELECT 'x'--"}`, jws.Header{Algorithm: "RS256", KeyID: "' UNION SELECT 'x'--", HasKeyID: true}},
		{"B14 a command as key id is text", `{"alg":"RS256","kid":"$(id)"}`, jws.Header{Algorithm: "RS256", KeyID: "$(id)", HasKeyID: true}},
		{"D15 the type is kept as it stands", `{"alg":"RS256","typ":"application/AT+JWT"}`, jws.Header{Algorithm: "RS256", Type: "application/AT+JWT", HasType: true}},
		{"D15 no type", `{"alg":"RS256"}`, jws.Header{Algorithm: "RS256"}},
		{"keys and their addresses are passed over", `{"alg":"RS256","jwk":{"kty":"oct","k":"AA"},"jku":"https://example.org","x5u":1,"x5c":["AA"],"x5t":null}`, jws.Header{Algorithm: "RS256"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := jws.ParseHeader(test.header)
			if err != nil || got != test.want {
				t.Errorf("got %+v, %v, want %+v", got, err, test.want)
			}
		})
	}
}

func TestParseHeaderRefuses(t *testing.T) {
	tests := []struct {
		name   string
		header string
		want   error
	}{
		{"A11 null", `null`, jws.ErrHeader},
		{"A11 an array", `[]`, jws.ErrHeader},
		{"A11 a string", `"x"`, jws.ErrHeader},
		{"A11 a number", `1`, jws.ErrHeader},
		{"A11 true", `true`, jws.ErrHeader},
		{"A11 an empty object", `{}`, jws.ErrAlgorithm},
		{"A11 nothing", ``, jws.ErrHeader},
		{"A11 white space only", " \t\r\n", jws.ErrHeader},
		{"A12 two objects", `{"alg":"RS256"}{}`, jws.ErrHeader},
		{"A12 more behind the object", `{"alg":"RS256"}x`, jws.ErrHeader},
		{"A13 a duplicate algorithm", `{"alg":"RS256","alg":"none"}`, jws.ErrHeader},
		{"A13 a duplicate key id", `{"alg":"RS256","kid":"a","kid":"a"}`, jws.ErrHeader},
		{"A13 a duplicate type", `{"alg":"RS256","typ":"a","typ":"a"}`, jws.ErrHeader},
		{"A13 a duplicate crit", `{"alg":"RS256","crit":["exp"],"crit":["exp"]}`, jws.ErrHeader},
		{"A13 a duplicate by an escape", `{"alg":"RS256","\u0061lg":"none"}`, jws.ErrHeader},
		{"A15 only a name in capitals", `{"ALG":"RS256"}`, jws.ErrAlgorithm},
		{"A16 an invalid byte", "{\"alg\":\"RS256\",\"kid\":\"\xFF\"}", jws.ErrHeader},
		{"A16 an overlong form", "{\"alg\":\"RS256\",\"kid\":\"\xC0\x80\"}", jws.ErrHeader},
		{"A16 a lone surrogate", `{"alg":"RS256","kid":"\ud800"}`, jws.ErrHeader},
		{"A17 a byte order mark", "\uFEFF" + `{"alg":"RS256"}`, jws.ErrHeader},
		{"A17 UTF-16", "{\x00\"\x00a\x00l\x00g\x00\"\x00:\x00\"\x00a\x00\"\x00}\x00", jws.ErrHeader},
		{"A18 too deep", `{"alg":"RS256","x":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`, jws.ErrHeader},
		{"A19 too many elements", `{"alg":"RS256","x":[1` + strings.Repeat(",1", 2000) + `]}`, jws.ErrHeader},
		{"A23 b64 false with crit", `{"alg":"HS256","b64":false,"crit":["b64"]}`, jws.ErrUnsupported},
		{"A23 b64 false without crit", `{"alg":"HS256","b64":false}`, jws.ErrUnsupported},
		{"A23 b64 true with crit", `{"alg":"HS256","crit":["b64"],"b64":true}`, jws.ErrUnsupported},
		{"A24 a registered claim in crit", `{"alg":"HS256","crit":["exp"],"exp":1}`, jws.ErrUnsupported},
		{"A24 an absent name in crit", `{"alg":"HS256","crit":["x"]}`, jws.ErrUnsupported},
		{"A24 an empty crit", `{"alg":"HS256","crit":[]}`, jws.ErrUnsupported},
		{"A24 a string as crit", `{"alg":"HS256","crit":"exp"}`, jws.ErrUnsupported},
		{"A24 a number in crit", `{"alg":"HS256","crit":[1]}`, jws.ErrUnsupported},
		{"A24 a registered header in crit", `{"alg":"HS256","crit":["alg"]}`, jws.ErrUnsupported},
		{"A24 null as crit", `{"alg":"HS256","crit":null}`, jws.ErrUnsupported},
		{"A26 a nested token", `{"alg":"HS256","cty":"JWT"}`, jws.ErrUnsupported},
		{"A26 a nested token in small letters", `{"alg":"HS256","cty":"application/jwt"}`, jws.ErrUnsupported},
		{"A26 a content type that is no string", `{"alg":"HS256","cty":["JWT"]}`, jws.ErrHeader},
		{"A27 an encrypted token", `{"alg":"RSA-OAEP","enc":"A128GCM"}`, jws.ErrUnsupported},
		{"a compressed token", `{"alg":"HS256","zip":"DEF"}`, jws.ErrUnsupported},
		{"B02 no algorithm", `{"typ":"at+jwt"}`, jws.ErrAlgorithm},
		{"B02 an empty algorithm", `{"alg":""}`, jws.ErrAlgorithm},
		{"B02 null as algorithm", `{"alg":null}`, jws.ErrAlgorithm},
		{"B02 an array as algorithm", `{"alg":["RS256"]}`, jws.ErrAlgorithm},
		{"B02 an object as algorithm", `{"alg":{"x":1}}`, jws.ErrAlgorithm},
		{"B02 a number as algorithm", `{"alg":256}`, jws.ErrAlgorithm},
		{"B11 null as key id", `{"alg":"RS256","kid":null}`, jws.ErrKeyID},
		{"B11 a number as key id", `{"alg":"RS256","kid":1}`, jws.ErrKeyID},
		{"B11 an array as key id", `{"alg":"RS256","kid":[]}`, jws.ErrKeyID},
		{"B11 an object as key id", `{"alg":"RS256","kid":{}}`, jws.ErrKeyID},
		{"B11 an empty key id", `{"alg":"RS256","kid":""}`, jws.ErrKeyID},
		{"B11 a key id of 256 bytes", `{"alg":"RS256","kid":"` + strings.Repeat("k", 256) + `"}`, jws.ErrKeyID},
		{"B11 a key id of 8 KiB", `{"alg":"RS256","kid":"` + strings.Repeat("k", 8192) + `"}`, jws.ErrKeyID},
		{"B16 an embedded key that is not JSON", `{"alg":"RS256","jwk":{"kty":}}`, jws.ErrHeader},
		{"B16 an embedded key with duplicate names", `{"alg":"RS256","jwk":{"kty":"oct","kty":"RSA"}}`, jws.ErrHeader},
		{"D15 null as type", `{"alg":"RS256","typ":null}`, jws.ErrHeader},
		{"D15 an array as type", `{"alg":"RS256","typ":["at+jwt"]}`, jws.ErrHeader},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := jws.ParseHeader(test.header)
			if !errors.Is(err, test.want) || !errors.Is(err, jws.ErrMalformed) {
				t.Errorf("got error %v, want %v", err, test.want)
			}
			if got != (jws.Header{}) {
				t.Errorf("got %+v beside an error, want nothing", got)
			}
		})
	}
}

func TestParseHeaderSaysWhereTheJSONIsWrong(t *testing.T) {
	_, err := jws.ParseHeader(`{"alg":"RS256","alg":"none"}`)
	var syntax *strictjson.Error
	if !errors.As(err, &syntax) || syntax.Offset != 15 || syntax.Reason != "duplicate name" {
		t.Errorf("got %v, want a duplicate name at byte 15", err)
	}
}

func TestParseHeaderAllocatesNothing(t *testing.T) {
	const header = `{"alg":"ES256","typ":"at+jwt","kid":"2026-11"}`
	if got := testing.AllocsPerRun(100, func() { jws.ParseHeader(header) }); got != 0 {
		t.Errorf("got %v allocations, want 0", got)
	}
}

func TestPublishedTokensAreReadAndWrittenBack(t *testing.T) {
	var examples struct {
		JWS []struct{ Source, Alg, Token string }
	}
	if err := json.Unmarshal(vectors.Read(t, "rfc-examples", "rfc-examples.json"), &examples); err != nil {
		t.Fatal(err)
	}
	read := 0
	for _, example := range examples.JWS {
		t.Run(example.Source, func(t *testing.T) {
			_, header, payload, signature, err := jws.Split(example.Token, limit)
			if strings.HasSuffix(example.Token, ".") {
				if !errors.Is(err, jws.ErrParts) {
					t.Errorf("an unsecured token: got %v, want %v", err, jws.ErrParts)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, part := range []string{header, payload, signature} {
				decoded, err := jws.AppendDecoded(nil, part)
				if err != nil {
					t.Fatal(err)
				}
				if got := string(jws.AppendEncoded(nil, decoded)); got != part {
					t.Errorf("got %q, want %q", got, part)
				}
			}
			decoded, _ := jws.AppendDecoded(nil, header)
			h, err := jws.ParseHeader(string(decoded))
			if err != nil || h.Algorithm != example.Alg {
				t.Errorf("got %+v, %v, want algorithm %s", h, err, example.Alg)
			}
			read++
		})
	}
	if read < 5 {
		t.Errorf("got %d tokens read, want the 5 signed ones of RFC 7515 at least", read)
	}
}
