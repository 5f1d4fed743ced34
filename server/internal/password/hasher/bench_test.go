package hasher_test

import (
	"log/slog"
	"testing"

	"github.com/durward-auth/durward/server/internal/password"
	"github.com/durward-auth/durward/server/internal/password/hasher"
)

// The two to compare: the same hashes here and in a child, with four callers at once.

func BenchmarkHere(b *testing.B) { fourCallers(b, password.Task.Do) }

func BenchmarkChild(b *testing.B) {
	p := hasher.New(slog.New(slog.DiscardHandler))
	defer p.Rest()
	fourCallers(b, func(t password.Task) (password.Outcome, error) { return p.Do(t) })
}

func fourCallers(b *testing.B, do func(password.Task) (password.Outcome, error)) {
	task := password.Task{Password: "correct horse", Params: password.DefaultParams()}
	b.SetParallelism(2) // times GOMAXPROCS, which is 2 where the figures were taken
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := do(task); err != nil {
				b.Error(err)
			}
		}
	})
}
