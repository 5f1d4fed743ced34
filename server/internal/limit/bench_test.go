package limit_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/durward-auth/durward/server/internal/limit"
)

// A flood of names that are all new, so that each attempt evicts.
func BenchmarkFailUnderFlood(b *testing.B) {
	limits := limit.DefaultLimits()
	limits.Address = 10_000
	l, err := limit.New(limits, secret, time.Now)
	if err != nil {
		b.Fatal(err)
	}
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		i++
		if a, _, ok := l.Reserve(fmt.Sprintf("user%d", i), address("10.%d.%d.%d", i>>16&255, i>>8&255, i&255)); ok {
			a.Fail()
		}
	}
}
