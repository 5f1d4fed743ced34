package durward_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/durward-auth/durward"
)

func TestPayloadsOfOtherKinds(t *testing.T) {
	m, other := materialOf(t, durward.ES256), materialOf(t, durward.HS256)
	const payload = `{"sub":"https://issuer.test/statuslist/1"}`
	token, err := durward.SignPayload(t.Context(), m.key, "statuslist+jwt", []byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	got, err := durward.VerifyPayload(t.Context(), m.key, "statuslist+jwt", token, len(token))
	if err != nil || string(got) != payload {
		t.Errorf("got %q, %v, want %q", got, err, payload)
	}
	for name, c := range map[string]struct {
		keys  durward.KeySource
		typ   string
		token string
		size  int
		want  error
	}{
		"of another type":       {m.key, "at+jwt", token, len(token), durward.ErrTokenType},
		"of no type":            {m.key, "", token, len(token), durward.ErrTokenMalformed},
		"longer than allowed":   {m.key, "statuslist+jwt", token, len(token) - 1, durward.ErrTokenMalformed},
		"signed by another key": {other.key, "statuslist+jwt", token, len(token), durward.ErrTokenKey},
		"changed":               {m.key, "statuslist+jwt", strings.Replace(token, ".ey", ".eX", 1), len(token), durward.ErrTokenSignature},
		"cut short":             {m.key, "statuslist+jwt", token[:len(token)-1], len(token), durward.ErrTokenMalformed},
		"without a signature":   {m.key, "statuslist+jwt", token[:strings.LastIndexByte(token, '.')+1], len(token), durward.ErrTokenMalformed},
	} {
		if got, err := durward.VerifyPayload(t.Context(), c.keys, c.typ, c.token, c.size); !errors.Is(err, c.want) || got != nil {
			t.Errorf("%s: got %q, %v, want %v", name, got, err, c.want)
		}
	}
	// A token of another kind never passes for an access token.
	refused(t, newVerifier(t, config(m.key)), token, durward.ErrTokenType)
}

func TestPayloadsThatCannotBeSigned(t *testing.T) {
	m := materialOf(t, durward.HS256)
	broken := errors.New("no key")
	for name, c := range map[string]struct {
		keys durward.SigningKeySource
		typ  string
	}{
		"without a type":         {m.key, ""},
		"the name for no type":   {m.key, durward.InsecureNoType},
		"a type that is no UTF8": {m.key, "\xff"},
		"a key id of 256 bytes":  {m.key.WithID(strings.Repeat("k", 256)), "x+jwt"},
		"a source without a key": {keyFunc(func(context.Context) (*durward.SigningKey, error) { return nil, broken }), "x+jwt"},
	} {
		if token, err := durward.SignPayload(t.Context(), c.keys, c.typ, []byte("{}")); err == nil || token != "" {
			t.Errorf("%s: got %q, %v, want an error", name, token, err)
		}
	}
	if token, err := durward.SignPayload(t.Context(), m.key, "x+jwt", nil); err == nil || token != "" {
		t.Errorf("without a payload: got %q, %v, want an error", token, err)
	}
}
