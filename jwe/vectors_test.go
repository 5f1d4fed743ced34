package jwe_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/durward-auth/durward/internal/vectors"
	"github.com/durward-auth/durward/jwe"
)

// cookbook is an example of RFC 7520.
type cookbook struct {
	Title string
	Input struct {
		Plaintext string
		Key       json.RawMessage // a list for several recipients
		Alg, Enc  any
	}
	Output struct {
		Compact  string
		JSON     json.RawMessage `json:"json"`
		JSONFlat json.RawMessage `json:"json_flat"`
	}
}

func readCookbook(t *testing.T, elem ...string) cookbook {
	t.Helper()
	var c cookbook
	if err := json.Unmarshal(vectors.Read(t, elem...), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

const agreed = "5_5.key_agreement_using_ecdh-es_with_aes-cbc-hmac-sha2.json"

func TestTheSupportedExampleOfRFC7520Decrypts(t *testing.T) {
	c := readCookbook(t, "rfc7520-cookbook", "jwe", agreed)
	key, err := jwe.ParsePrivateJWK(jwe.ECDHES, jwe.A128CBCHS256, c.Input.Key)
	if err != nil {
		t.Fatal(err)
	}
	d := decrypter(t, key)
	content, err := d.Open(c.Output.Compact)
	if err != nil || string(content) != c.Input.Plaintext {
		t.Errorf("got %q and error %v, want %q", content, err, c.Input.Plaintext)
	}
	refused(t, d, c.Output.Compact, "as a token, which it is not")
	refused(t, d, string(c.Output.JSON), "in JSON")
	refused(t, d, string(c.Output.JSONFlat), "in flattened JSON")
}

func TestTheOtherExamplesOfRFC7520AreRefused(t *testing.T) {
	folder := vectors.Path(t, "rfc7520-cookbook", "jwe")
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	files := []string{filepath.Join("..", "curve25519", "ecdh-es.json")}
	for _, entry := range entries {
		if entry.Name() != agreed {
			files = append(files, entry.Name())
		}
	}
	if len(files) != 13 {
		t.Fatalf("got %d files, want 13", len(files))
	}
	for _, file := range files {
		c := readCookbook(t, "rfc7520-cookbook", "jwe", file)
		t.Run(c.Title, func(t *testing.T) {
			refuseEverywhere(t, c.Input.Key, c.Output.Compact, string(c.Output.JSON), string(c.Output.JSONFlat))
		})
	}
}

func TestTheNestedExampleOfRFC7520IsRefused(t *testing.T) {
	var c struct{ Encrypt cookbook }
	if err := json.Unmarshal(vectors.Read(t, "rfc7520-cookbook", "6.nesting_signatures_and_encryption.json"), &c); err != nil {
		t.Fatal(err)
	}
	// RSA-OAEP with SHA-1, and A128GCM.
	refuseEverywhere(t, c.Encrypt.Input.Key, c.Encrypt.Output.Compact, string(c.Encrypt.Output.JSON), string(c.Encrypt.Output.JSONFlat))
}

// refuseEverywhere binds the example's own key to each pair that takes its material, whatever it says it is for, and tries all forms.
func refuseEverywhere(t *testing.T, key []byte, forms ...string) {
	t.Helper()
	var members map[string]any
	_ = json.Unmarshal(key, &members) // nil for a list and for a password
	id, _ := members["kid"].(string)
	delete(members, "alg")
	for _, p := range pairs {
		bound, err := jwe.ParsePrivateJWK(p.alg, p.enc, []byte(marshal(t, members)))
		if err != nil {
			bound = keys()[p].WithID(id)
		}
		for _, form := range forms {
			if form != "" {
				refused(t, decrypter(t, bound), form, p.String())
			}
		}
	}
	if strings.Join(forms, "") == "" {
		t.Error("the example holds nothing")
	}
}
