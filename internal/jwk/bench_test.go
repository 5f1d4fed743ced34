package jwk_test

import (
	"testing"

	"github.com/durward-auth/durward/internal/jwk"
)

func BenchmarkParse(b *testing.B) {
	large := doc{"kty": "RSA", "e": "AQAB", "n": b64(oddNumber(8192).Bytes())}
	for name, data := range map[string][]byte{
		"RSA":         rsaDoc().json(),
		"RSA private": of(private(rsaKey())).json(),
		"RSA 8192":    large.json(),
		"P-256":       ecDoc().json(),
		"Ed25519":     edDoc().json(),
		"secret":      octDoc().json(),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := jwk.Parse(data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
