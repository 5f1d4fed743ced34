package password_test

import (
	"testing"

	"golang.org/x/crypto/argon2"

	"github.com/durward-auth/durward/server/internal/password"
)

// The two to compare: the bare hash and the pool, each with four callers at once.

func BenchmarkBareHash(b *testing.B) {
	d := password.DefaultParams()
	salt := make([]byte, 16)
	fourCallers(b, func() {
		argon2.IDKey([]byte("correct horse"), salt, d.Iterations, d.MemoryKiB, d.Parallelism, 32)
	})
}

func BenchmarkVerify(b *testing.B) {
	p := newPool(b, password.PoolConfig{})
	phc := mustHash(b, p, "correct horse")
	fourCallers(b, func() {
		if ok, _, err := p.Verify(b.Context(), phc, "correct horse"); !ok || err != nil {
			b.Errorf("Verify: got %v, %v, want true", ok, err)
		}
	})
}

// What a caller with an unknown name waits: as long as BenchmarkVerify.
func BenchmarkVerifyDummy(b *testing.B) {
	p := newPool(b, password.PoolConfig{})
	fourCallers(b, func() {
		if err := p.VerifyDummy(b.Context(), "correct horse"); err != nil {
			b.Errorf("VerifyDummy: %v", err)
		}
	})
}

func fourCallers(b *testing.B, call func()) {
	b.ReportAllocs()
	b.SetParallelism(2) // times GOMAXPROCS, which is 2 where the figures were taken
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			call()
		}
	})
}

func BenchmarkPolicyCheck(b *testing.B) {
	for b.Loop() {
		if err := (password.Policy{}).Check("several plain words", "alice"); err != nil {
			b.Fatal(err)
		}
	}
}

// What registrations alone reach: as many as BenchmarkBareHash.
func BenchmarkHash(b *testing.B) {
	p := newPool(b, password.PoolConfig{})
	fourCallers(b, func() {
		if _, err := p.Hash(b.Context(), "correct horse"); err != nil {
			b.Errorf("Hash: %v", err)
		}
	})
}
