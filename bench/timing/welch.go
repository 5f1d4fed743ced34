package timing

import (
	"math"
	"slices"
)

// Welch returns Welch's t of two samples: how many standard errors their means are apart. It is 0 if either has
// fewer than two values, or if neither varies.
func Welch(a, b []float64) float64 {
	if len(a) < 2 || len(b) < 2 {
		return 0
	}
	meanA, varianceA := moments(a)
	meanB, varianceB := moments(b)
	errors := varianceA/float64(len(a)) + varianceB/float64(len(b))
	if errors == 0 {
		return 0
	}
	return (meanA - meanB) / math.Sqrt(errors)
}

func moments(sample []float64) (mean, variance float64) {
	var squares float64
	for i, x := range sample {
		delta := x - mean
		mean += delta / float64(i+1)
		squares += delta * (x - mean)
	}
	return mean, squares / float64(len(sample)-1)
}

// crops are the shares of the fastest measurements that are compared: what is slower was interrupted.
var crops = []float64{0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1}

// Greatest compares two samples as dudect does (Reparaz, Balasch, Verbauwhede 2017): as they are, and without what is
// slower than a quantile of both together. It returns the t whose absolute value is the greatest.
func Greatest(a, b []float64) float64 {
	pooled := slices.Sorted(slices.Values(slices.Concat(a, b)))
	greatest := 0.0
	for _, share := range crops {
		limit := pooled[int(share*float64(len(pooled)-1))]
		if t := Welch(below(a, limit), below(b, limit)); math.Abs(t) > math.Abs(greatest) {
			greatest = t
		}
	}
	return greatest
}

func below(sample []float64, limit float64) []float64 {
	kept := make([]float64, 0, len(sample))
	for _, x := range sample {
		if x <= limit {
			kept = append(kept, x)
		}
	}
	return kept
}
