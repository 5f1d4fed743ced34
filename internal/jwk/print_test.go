package jwk_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/big"
	"strings"
	"testing"

	"github.com/durward-auth/durward/internal/jwk"
)

func TestAKeyPrintsWithoutItsSecret(t *testing.T) {
	secret := random(64)
	ecScalar := new(big.Int).SetBytes(must(p256().Bytes()))
	for _, c := range []struct {
		key  jwk.Key
		want string
		gems [][]byte
	}{
		{jwk.Key{Material: jwk.Material{Secret: secret}, KeyID: "k1", HasKeyID: true}, `oct [secret] "k1"`, [][]byte{secret}},
		{jwk.Key{Material: private(rsaKey())}, `RSA private key [secret]`, [][]byte{rsaKey().D.Bytes(), rsaKey().Primes[0].Bytes()}},
		{jwk.Key{Material: private(p256()), KeyID: "a\nb\u2028"}, `EC P-256 private key [secret] "a\nb\u2028"`, [][]byte{ecScalar.Bytes()}},
		{jwk.Key{Material: private(edKey())}, `Ed25519 private key [secret]`, [][]byte{edKey().Seed()}},
		{jwk.Key{Material: public(p521().Public())}, `EC P-521 public key`, nil},
		{jwk.Key{Material: jwk.Material{Secret: secret, Public: 1}}, `unusable key [secret]`, [][]byte{secret}},
	} {
		t.Run(c.want, func(t *testing.T) {
			if got := c.key.String(); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			material := strings.SplitAfter(c.want, "[secret]")[0]
			var log bytes.Buffer
			for _, handler := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
				slog.New(handler).Info("key", "key", c.key, "material", c.key.Material, "pointer", &c.key)
			}
			if !strings.Contains(log.String(), material) {
				t.Errorf("got log %q, want it to name the %s", log.String(), material)
			}
			printed := []string{log.String()}
			for _, v := range []any{c.key, &c.key, []jwk.Key{c.key}, struct{ K jwk.Key }{c.key}, map[string]jwk.Key{"": c.key},
				c.key.Material, &c.key.Material, []jwk.Material{c.key.Material}} {
				for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%o", "%b", "%8.3v"} {
					text := fmt.Sprintf(verb, v)
					if !strings.Contains(text, material) {
						t.Errorf("%s of %T: got %q, want it to name the %s", verb, v, text, material)
					}
					printed = append(printed, text)
				}
				printed = append(printed, string(must(json.Marshal(v))), fmt.Sprint(v))
			}
			printed = append(printed, c.key.GoString(), c.key.Material.GoString())
			for _, gem := range c.gems {
				number := new(big.Int).SetBytes(gem)
				for _, form := range []string{string(gem[:8]), hex.EncodeToString(gem[:8]), b64(gem[:6]), number.String()[:12],
					strings.Trim(fmt.Sprint(gem[:6]), "[]"), strings.ToUpper(hex.EncodeToString(gem[:8]))} {
					for _, text := range printed {
						if strings.Contains(text, form) {
							t.Errorf("%q contains the secret as %q", text, form)
						}
					}
				}
			}
			var got string
			if err := json.Unmarshal(must(json.Marshal(c.key)), &got); err != nil || got != c.want {
				t.Errorf("as JSON: got %q, error %v, want %q", got, err, c.want)
			}
		})
	}
}
