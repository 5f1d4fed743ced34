package hasher_test

import (
	"log/slog"
	"testing"

	"github.com/durward-auth/durward/server/internal/password"
	"github.com/durward-auth/durward/server/internal/password/hasher"
)

// The two to compare: the same pool here and with a child, and four callers at once.

func BenchmarkHere(b *testing.B) { fourCallers(b, nil) }

func BenchmarkChild(b *testing.B) {
	p := hasher.New(slog.New(slog.DiscardHandler))
	defer p.Rest()
	fourCallers(b, p)
}

func fourCallers(b *testing.B, runner password.Runner) {
	pool, err := password.NewPool(password.PoolConfig{Runner: runner})
	if err != nil {
		b.Fatal(err)
	}
	b.SetParallelism(2) // times GOMAXPROCS, which is 2 where the figures were taken
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := pool.VerifyDummy(b.Context(), "correct horse"); err != nil {
				b.Error(err)
			}
		}
	})
}
