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
	header, _ := headerAndPayload(t, access)
	kid, _ := header["kid"].(string)
	return kid
}

// headerAndPayload decodes an access token without a look at its signature.
func headerAndPayload(t *testing.T, access string) (header, payload map[string]any) {
	t.Helper()
	parts := strings.Split(access, ".")
	if len(parts) != 3 {
		t.Fatalf("the token has %d parts, want 3", len(parts))
	}
	for i, into := range []*map[string]any{&header, &payload} {
		text, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err == nil {
			err = json.Unmarshal(text, into)
		}
		if err != nil {
			t.Fatalf("decode part %d of a token: %v", i, err)
		}
	}
	return header, payload
}
