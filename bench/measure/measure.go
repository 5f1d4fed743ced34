package measure

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"time"
)

// A Case is a function under measurement. The first case of a group is what the others are compared to.
type Case struct {
	Group string
	Name  string
	Do    func() error
}

// A Row is what one call of a case costs.
type Row struct {
	Case
	Time   time.Duration // median
	Ratio  float64       // median of the ratios to the group's first case within a round
	Bytes  float64       // allocated
	Allocs float64
}

// Options say how long to measure.
type Options struct {
	Rounds int           // every case runs once a round
	Batch  time.Duration // about how long it runs then
	// Clock tells the time that the process has used. The default is CPUTime.
	Clock func() time.Duration
}

// Run measures all cases together and returns a row for each, in order. A case that returns an error ends it.
func Run(cases []Case, o Options) ([]Row, error) {
	if o.Clock == nil {
		o.Clock = CPUTime
	}
	rows := make([]Row, len(cases))
	counts := make([]int, len(cases))
	for i, c := range cases {
		rows[i].Case = c
		count, err := calibrate(c, o)
		if err != nil {
			return nil, err
		}
		counts[i] = count
		if rows[i].Bytes, rows[i].Allocs, err = allocations(c); err != nil {
			return nil, err
		}
	}
	samples := make([][]float64, len(cases)) // nanoseconds, by case and round
	order := make([]int, len(cases))
	for i := range order {
		order[i] = i
	}
	for range o.Rounds {
		rand.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for _, i := range order {
			spent, err := timed(cases[i], counts[i], o)
			if err != nil {
				return nil, err
			}
			samples[i] = append(samples[i], float64(spent)/float64(counts[i]))
		}
	}
	base := map[string]int{}
	for i := range rows {
		group := rows[i].Group
		if _, ok := base[group]; !ok {
			base[group] = i
		}
		rows[i].Time = time.Duration(median(samples[i]))
		rows[i].Ratio = median(ratios(samples[i], samples[base[group]]))
	}
	return rows, nil
}

// calibrate returns how many calls fill a batch.
func calibrate(c Case, o Options) (int, error) {
	for count := 1; ; count *= 2 {
		spent, err := timed(c, count, o)
		if err != nil {
			return 0, err
		}
		if spent >= o.Batch/4 || count >= 1<<24 {
			return max(1, int(float64(count)*float64(o.Batch)/float64(max(spent, 1)))), nil
		}
	}
}

func timed(c Case, count int, o Options) (time.Duration, error) {
	start := o.Clock()
	for range count {
		if err := c.Do(); err != nil {
			return 0, fmt.Errorf("%s, %s: %w", c.Group, c.Name, err)
		}
	}
	return o.Clock() - start, nil
}

// allocations returns the bytes and objects that one call allocates, on average.
func allocations(c Case) (bytes, objects float64, err error) {
	const calls = 200
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range calls {
		if err := c.Do(); err != nil {
			return 0, 0, fmt.Errorf("%s, %s: %w", c.Group, c.Name, err)
		}
	}
	runtime.ReadMemStats(&after)
	return float64(after.TotalAlloc-before.TotalAlloc) / calls, float64(after.Mallocs-before.Mallocs) / calls, nil
}

func ratios(of, to []float64) []float64 {
	all := make([]float64, 0, len(of))
	for i := range of {
		if to[i] > 0 {
			all = append(all, of[i]/to[i])
		}
	}
	return all
}

func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}
