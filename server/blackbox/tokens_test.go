package blackbox_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
)

// activeKey is the id of the key that signs.
func activeKey(t *testing.T, data string) string {
	t.Helper()
	for _, key := range operate[struct{ Keys []struct{ Kid, State string } }](t, data, "", "key", "list").Keys {
		if key.State == "active" {
			return key.Kid
		}
	}
	t.Fatal("no key is active")
	return ""
}

// keyOf is the id of the key that signed an access token.
func keyOf(t *testing.T, access string) string {
	t.Helper()
	encoded, _, _ := strings.Cut(access, ".")
	return part[struct{ Kid string }](t, encoded).Kid
}

// part decodes a part of a token.
func part[T any](t *testing.T, encoded string) T {
	t.Helper()
	var value T
	text, err := base64.RawURLEncoding.DecodeString(encoded)
	if err == nil {
		err = json.Unmarshal(text, &value)
	}
	if err != nil {
		t.Fatalf("decode a part of a token: %v", err)
	}
	return value
}
