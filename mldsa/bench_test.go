package mldsa_test

import (
	"testing"

	filippo "filippo.io/mldsa"

	"github.com/durward-auth/durward"
)

func BenchmarkSign(b *testing.B) {
	for _, algorithm := range algorithms {
		b.Run(string(algorithm), func(b *testing.B) {
			signer, err := durward.NewSigner(durward.SignerConfig{Issuer: issuer, Audience: audience, Key: keys()[algorithm], Clock: now})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := signer.Sign(b.Context(), durward.Claims{Subject: "ann"}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkVerify(b *testing.B) {
	for _, algorithm := range algorithms {
		b.Run(string(algorithm), func(b *testing.B) {
			verifier, token := newVerifier(b, keys()[algorithm]), sign(b, keys()[algorithm])
			b.ReportAllocs()
			for b.Loop() {
				if _, err := verifier.Verify(b.Context(), token); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkPrimitive is what the signature alone costs.
func BenchmarkPrimitive(b *testing.B) {
	for _, parameters := range []filippo.Parameters{filippo.MLDSA44(), filippo.MLDSA65(), filippo.MLDSA87()} {
		private, err := filippo.GenerateKey(parameters)
		if err != nil {
			b.Fatal(err)
		}
		message := make([]byte, 600)
		signature, err := private.Sign(nil, message, nil)
		if err != nil {
			b.Fatal(err)
		}
		b.Run("Sign/"+parameters.String(), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := private.Sign(nil, message, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("Verify/"+parameters.String(), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := filippo.Verify(private.PublicKey(), message, signature, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
