package timing_test

import (
	"math"
	"testing"

	"github.com/durward-auth/durward/bench/timing"
)

func TestWelch(t *testing.T) {
	for name, c := range map[string]struct {
		a, b []float64
		want float64
	}{
		"equal means":           {[]float64{1, 2, 3}, []float64{3, 2, 1}, 0},
		"a known difference":    {[]float64{1, 2, 3, 4, 5}, []float64{2, 4, 6, 8, 10}, -1.8973665961010275},
		"too few":               {[]float64{1}, []float64{2, 3}, 0},
		"nothing that varies":   {[]float64{1, 1}, []float64{1, 1}, 0},
		"one that varies alone": {[]float64{5, 5}, []float64{1, 3}, 3},
	} {
		if got := timing.Welch(c.a, c.b); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

func TestAFewSlowOnesDoNotHideADifference(t *testing.T) {
	var a, b []float64
	for i := range 1000 {
		a, b = append(a, float64(100+i%7)), append(b, float64(103+i%7))
	}
	a, b = append(a, 1e7), append(b, 2e3)
	if got := timing.Welch(a, b); math.Abs(got) > 4.5 {
		t.Fatalf("got %v as it is, want the noise to hide it", got)
	}
	if got := timing.Greatest(a, b); got > -4.5 {
		t.Errorf("got %v, want less than -4.5", got)
	}
}

// C11: whether the refusals differ is measured by cmd/timing, since no shared machine is quiet enough for a test.
func TestC11BothKindsAreRefusedAndMeasured(t *testing.T) {
	for name, make := range map[string]func() (*timing.Refusal, error){"HS256": timing.HS256, "leaky": timing.Leaky} {
		r, err := make()
		if err != nil {
			t.Fatal(err)
		}
		first, last, err := r.Measure(400)
		if err != nil || len(first)+len(last) != 400 || len(first) < 100 || len(last) < 100 {
			t.Errorf("%s: got %d and %d measurements, %v, want 400 in two kinds", name, len(first), len(last), err)
		}
	}
}
