package fastkeys_test

import (
	"testing"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/fastkeys"
)

func BenchmarkVerify(b *testing.B) {
	for _, algorithm := range algorithms {
		k := newKey(b, algorithm)
		message := make([]byte, 600)
		signature := k.sign(b, message)
		for name, verify := range map[string]func(message, signature []byte) bool{"fastkeys": k.fast, "standard": k.standard} {
			b.Run(string(algorithm)+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if !verify(message, signature) {
						b.Fatal("the signature is refused")
					}
				}
			})
		}
	}
}

// BenchmarkSpeed is what preparing a key takes.
func BenchmarkSpeed(b *testing.B) {
	for _, algorithm := range algorithms {
		key, err := durward.GenerateKey(algorithm)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(string(algorithm), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := fastkeys.Speed(key.Public()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
