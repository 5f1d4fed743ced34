package jwe_test

import (
	"testing"

	"github.com/durward-auth/durward/jwe"
)

func BenchmarkEncrypt(b *testing.B) {
	token := sign(b)
	for _, p := range pairs {
		b.Run(p.String(), func(b *testing.B) {
			e, err := jwe.NewEncrypter(keys()[p].Public())
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := e.Encrypt(token); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDecrypt(b *testing.B) {
	token := sign(b)
	for _, p := range pairs {
		b.Run(p.String(), func(b *testing.B) {
			d, encrypted := decrypter(b, keys()[p]), encrypt(b, keys()[p], token)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := d.Decrypt(encrypted); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
