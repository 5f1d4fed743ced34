package durward_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/durward-auth/durward"
)

// swapped is a source whose keys can be exchanged.
type swapped struct{ durward.KeySource }

func keySetOf(t testing.TB, from ...*material) *durward.KeySet {
	t.Helper()
	var keys []*durward.VerificationKey
	for _, m := range from {
		keys = append(keys, m.key.Public())
	}
	set, err := durward.NewKeySet(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func revocationOf(revoked map[string]bool) func(context.Context, durward.Claims) error {
	return func(_ context.Context, c durward.Claims) error {
		if revoked[c.ID] {
			return durward.ErrTokenRevoked
		}
		return nil
	}
}

// FuzzClaims puts whatever value it is given behind whatever name, beside good claims, and holds that what is accepted
// is what encoding/json reads.
func FuzzClaims(f *testing.F) {
	for _, seed := range [][2]string{
		{"aud", `["test","x"]`}, {"exp", "1800000900.5"}, {"exp", "18e8"}, {"nbf", "null"}, {"scope", `"a b"`}, {"roles", `["a"]`},
		{"sub", `"a\u0000"`}, {"iss", `["x"]`}, {"x", `{"a":[{}]}`}, {"auth_time", "1"}, {"cnf", "{}"}, {"jti", `""`}, {"sub", ""}, {"status", `{"status_list":{"idx":7,"uri":"u"}}`}, {"\u017fub", `"root"`}, {"1", "1E1000000"},
	} {
		f.Add(seed[0], seed[1])
	}
	m := materialOf(f, durward.HS256)
	v := newVerifier(f, config(m.key))
	f.Fuzz(func(t *testing.T, name, value string) {
		if strings.ContainsRune(name, ':') {
			return
		}
		text := payload(name + ":" + value)
		claims, err := v.Verify(t.Context(), m.forge(t, m.header(), text))
		if err != nil {
			if !errors.Is(err, durward.ErrToken) || !reflect.DeepEqual(claims, durward.Claims{}) {
				t.Fatalf("got %+v and %v, want a refusal alone", claims, err)
			}
			return
		}
		var read map[string]any
		if err := json.Unmarshal([]byte(text), &read); err != nil {
			t.Fatalf("accepted a payload that encoding/json refuses: %v: %q", err, text)
		}
		subject, named := read["sub"].(string)
		same := read["iss"] == issuerURL && claims.Issuer == issuerURL && subject == claims.Subject && named == (claims.Subject != "")
		if !same || !claims.ExpiresAt.After(now) {
			t.Fatalf("got %+v, want what encoding/json reads: %v", claims, read)
		}
		status, _ := read["status"].(map[string]any)
		if list, ok := status["status_list"].(map[string]any); ok != (claims.Status.URI != "") ||
			ok && (list["uri"] != claims.Status.URI || list["idx"] != float64(claims.Status.Index)) {
			t.Fatalf("got the status %+v, want what encoding/json reads: %v", claims.Status, read)
		}
		switch aud := read["aud"].(type) {
		case string:
			same = aud == audience
		case []any:
			same = slices.Contains(aud, any(audience))
		default:
			same = false
		}
		if _, bound := read["cnf"]; !same || bound {
			t.Fatalf("accepted %q", text)
		}
	})
}

// FuzzCritical holds that a token with a "crit" of any form is refused (RFC 7515 §4.1.11), wherever in the header it
// stands and however its name is spelt in JSON.
func FuzzCritical(f *testing.F) {
	for _, value := range []string{"[]", `["exp"]`, `["b64"]`, `"exp"`, "null", "[1]", `["alg"]`, `["x","x"]`, "{}", "0", "true", `["x"],"x":1`} {
		f.Add(value, false, false)
		f.Add(value, true, true)
	}
	m := materialOf(f, durward.HS256)
	v := newVerifier(f, config(m.key))
	f.Fuzz(func(t *testing.T, value string, first, escaped bool) {
		name := "crit"
		if escaped {
			name = `\u0063rit`
		}
		member := fmt.Sprintf(`"%s":%s`, name, value)
		good := strings.Trim(m.header(), "{}")
		header := "{" + good + "," + member + "}"
		if first {
			header = "{" + member + "," + good + "}"
		}
		claims, err := v.Verify(t.Context(), m.forge(t, header, payload()))
		if !errors.Is(err, durward.ErrTokenHeader) && !errors.Is(err, durward.ErrTokenMalformed) || claims.Subject != "" {
			t.Fatalf("got %+v and %v, want %v or, for a token too large, %v: %s", claims, err, durward.ErrTokenHeader, durward.ErrTokenMalformed, header)
		}
	})
}
