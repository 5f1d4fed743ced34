package strictness_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/durward-auth/durward/bench/oracle"
)

// FuzzAgainstGolangJWT holds that golang-jwt accepts whatever we accept, and reads the same claims.
func FuzzAgainstGolangJWT(f *testing.F) { against(f, oracle.GolangJWT()) }

// FuzzAgainstGoJose holds the same of go-jose.
func FuzzAgainstGoJose(f *testing.F) { against(f, oracle.GoJose()) }

// FuzzAgainstJWX holds the same of jwx.
func FuzzAgainstJWX(f *testing.F) { against(f, oracle.JWX()) }

// against mutates header and payload under a right signature, or else the text of the token.
func against(f *testing.F, o oracle.Oracle) {
	f.Add(goodHeader, goodPayload, "")
	for _, c := range cases {
		parts := strings.Split(strings.TrimSpace(c.token), ".")
		f.Add(decode(parts[0]), decode(parts[1]), "")
		f.Add("", "", c.token)
	}
	for _, payload := range accepted {
		f.Add(goodHeader, payload, "")
	}
	f.Add("", "", signed(goodHeader, goodPayload))
	verify, check := ours(f), theirs(o, secret)
	f.Fuzz(func(t *testing.T, header, payload, token string) {
		if token == "" {
			token = signed(header, payload)
		}
		claims, err := verify(token)
		if err != nil {
			return
		}
		parts := strings.Split(token, ".")
		header, payload = decode(parts[0]), decode(parts[1])
		theirs, err := check(token)
		if err != nil {
			if !excused(header, payload) {
				t.Fatalf("%s refuses what we accept: %v\nheader %q\npayload %q", o.Name, err, header, payload)
			}
			return
		}
		for name, got := range claims {
			if want, ok := theirs[name]; !ok || !same(name, got, want) {
				t.Errorf("%s, claim %q: got %#v, want %#v\npayload %q", o.Name, name, got, want, payload)
			}
		}
	})
}

// excused says whether others may refuse what we accept: a key in the header, an address of one or a nonce, which we
// pass over and others read; an "iat" ahead of the clock, for which we allow a minute.
func excused(header, payload string) bool {
	var h, p map[string]any
	if json.Unmarshal([]byte(header), &h) != nil || json.Unmarshal([]byte(payload), &p) != nil {
		return false
	}
	for _, name := range []string{"jku", "nonce", "jwk", "x5u", "x5c", "x5t", "x5t#S256"} {
		if _, ok := h[name]; ok {
			return true
		}
	}
	issued, _ := p["iat"].(float64)
	return issued > float64(now.Unix())
}

// accepted are payloads that pass, beyond the plain ones.
var accepted = []string{
	`{"iss":"https://id.example.org","aud":["a","orders"],"sub":"ü","exp":1750000600,"iat":1749999990,"nbf":1749999990.0}`,
	`{"iss":"https://id.example.org","aud":"orders","exp":1750000600.5,"roles":["admin"],"scope":"a b"}`,
	`{"iss":"https:\/\/id.example.org","aud":"orders","exp":1750000600,"SUB":"admin","sub":"u\u00e9","x":{"y":[1,null,true]}}`,
	` {"exp" : 1750000600 , "aud" : [ "orders" ] , "iss" : "https://id.example.org", "":"", "__proto__":{} } `,
}

func decode(segment string) string {
	text, err := oracle.Decode(segment)
	if err != nil {
		return segment
	}
	return string(text)
}

// same compares dates up to the second, to which implementations round in different ways, and other numbers as
// float64, which is what some keep of them.
func same(name string, got, want any) bool {
	got, want = loose(got), loose(want)
	if name == "exp" || name == "nbf" || name == "iat" {
		a, ok := got.(float64)
		b, also := want.(float64)
		return ok && also && a-b <= 1 && b-a <= 1
	}
	return reflect.DeepEqual(got, want)
}

func loose(v any) any {
	switch v := v.(type) {
	case json.Number:
		f, err := v.Float64()
		if err != nil {
			return v
		}
		return f
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = loose(v[i])
		}
		return list
	case map[string]any:
		object := make(map[string]any, len(v))
		for name := range v {
			object[name] = loose(v[name])
		}
		return object
	}
	return v
}
