package measure_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/durward-auth/durward/bench/measure"
)

// bench is a machine on which every call takes as long as it says.
type bench struct{ spent time.Duration }

func (b *bench) clock() time.Duration { return b.spent }

func (b *bench) taking(group, name string, d time.Duration) measure.Case {
	return measure.Case{Group: group, Name: name, Do: func() error {
		b.spent += d
		return nil
	}}
}

func TestRowsAreMediansAndRatiosToTheFirstOfTheGroup(t *testing.T) {
	var b bench
	calls := 0
	unsteady := measure.Case{Group: "verify", Name: "unsteady", Do: func() error {
		calls++
		b.spent += 30 * time.Microsecond
		if calls%1000 == 0 {
			b.spent += time.Second
		}
		return nil
	}}
	rows, err := measure.Run([]measure.Case{
		b.taking("verify", "bare", 10*time.Microsecond), b.taking("verify", "wrapped", 15*time.Microsecond), unsteady,
		b.taking("sign", "bare", time.Millisecond), b.taking("sign", "wrapped", 3*time.Millisecond),
	}, measure.Options{Rounds: 9, Batch: time.Millisecond, Clock: b.clock})
	if err != nil {
		t.Fatal(err)
	}
	want := []struct {
		time  time.Duration
		ratio float64
	}{{10 * time.Microsecond, 1}, {15 * time.Microsecond, 1.5}, {30 * time.Microsecond, 3}, {time.Millisecond, 1}, {3 * time.Millisecond, 3}}
	for i, row := range rows {
		if row.Time != want[i].time || row.Ratio != want[i].ratio {
			t.Errorf("%s %s: got %v and ratio %v, want %v and %v", row.Group, row.Name, row.Time, row.Ratio, want[i].time, want[i].ratio)
		}
	}
}

var kept []byte

func TestAllocationsAreCounted(t *testing.T) {
	var b bench
	c := b.taking("g", "allocates", time.Millisecond)
	do := c.Do
	c.Do = func() error {
		kept = make([]byte, 1024)
		return do()
	}
	rows, err := measure.Run([]measure.Case{c}, measure.Options{Rounds: 1, Batch: time.Millisecond, Clock: b.clock})
	if err != nil {
		t.Fatal(err)
	}
	if got := rows[0]; got.Allocs < 1 || got.Allocs > 1.5 || got.Bytes < 1024 || got.Bytes > 1100 {
		t.Errorf("got %v bytes in %v objects, want 1024 in 1", got.Bytes, got.Allocs)
	}
}

func TestAFailingCaseEndsTheRun(t *testing.T) {
	broken := errors.New("broken")
	_, err := measure.Run([]measure.Case{{Group: "g", Name: "n", Do: func() error { return broken }}}, measure.Options{Rounds: 1, Batch: 1})
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), "g, n") {
		t.Errorf("got error %v, want %v of case g, n", err, broken)
	}
}

func TestCPUTimeAdvancesWithWork(t *testing.T) {
	before := measure.CPUTime()
	deadline := time.Now().Add(10 * time.Second)
	for measure.CPUTime() == before {
		if time.Now().After(deadline) {
			t.Fatal("got no CPU time in ten seconds of work, want some")
		}
	}
}

func TestMarkdownHasALineForEveryRow(t *testing.T) {
	got := measure.Markdown([]measure.Row{
		{Case: measure.Case{Name: "bare"}, Time: 645 * time.Nanosecond, Ratio: 1},
		{Case: measure.Case{Name: "wrapped"}, Time: 22_345 * time.Nanosecond, Ratio: 34.64, Bytes: 4816, Allocs: 75},
	})
	for _, line := range []string{"| bare | 645 ns | 1.00 | 0 | 0 |\n", "| wrapped | 22.3 µs | 34.64 | 4816 | 75 |\n"} {
		if !strings.Contains(got, line) {
			t.Errorf("got %q, want the line %q in it", got, line)
		}
	}
}

func TestShortHasThreeDigits(t *testing.T) {
	for d, want := range map[time.Duration]string{
		93 * time.Nanosecond: "93 ns", 2490 * time.Nanosecond: "2.49 µs", 22_300 * time.Nanosecond: "22.3 µs",
		112_400 * time.Nanosecond: "112 µs", 1_640 * time.Microsecond: "1.64 ms",
	} {
		if got := measure.Short(d); got != want {
			t.Errorf("%v: got %q, want %q", d, got, want)
		}
	}
}
