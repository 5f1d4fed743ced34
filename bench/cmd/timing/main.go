// Command timing measures whether the time of a refusal tells where an HMAC is wrong, beside a comparison that does:
//
//	go run ./bench/cmd/timing [-n 1000000]
//
// It ends with status 1 if the library's |t| is 4.5 or more, or if the leak that it makes on purpose is not seen.
package main

import (
	"flag"
	"fmt"
	"math"
	"os"
	"runtime"

	"github.com/durward-auth/durward/bench/timing"
)

// significant is the |t| from which dudect calls a difference one.
const significant = 4.5

func main() {
	n := flag.Int("n", 1_000_000, "how many measurements of each verifier")
	flag.Parse()
	runtime.GOMAXPROCS(1)
	leaky, err := report("byte by byte, on purpose", timing.Leaky, *n)
	if err == nil {
		var own float64
		own, err = report("durward, HS256", timing.HS256, *n)
		if err == nil && (own >= significant || leaky < significant) {
			err = fmt.Errorf("want durward below %v, and the leak above", significant)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "timing:", err)
		os.Exit(1)
	}
}

func report(name string, start func() (*timing.Refusal, error), n int) (t float64, err error) {
	r, err := start()
	if err != nil {
		return 0, err
	}
	if _, _, err := r.Measure(n / 20); err != nil { // to warm up
		return 0, err
	}
	first, last, err := r.Measure(n)
	if err != nil {
		return 0, err
	}
	t = timing.Greatest(first, last)
	fmt.Printf("%-26s %d wrong in the first byte, %d in the last: t = %+.2f\n", name, len(first), len(last), t)
	return math.Abs(t), nil
}
