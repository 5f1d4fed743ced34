// Command table measures durward beside other libraries and prints Markdown tables:
//
//	go run ./bench/cmd/table [-rounds 40] [-batch 3ms] [-only WORD]
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/bench/contender"
	"github.com/durward-auth/durward/bench/measure"
)

var algorithms = []durward.Algorithm{durward.HS256, durward.RS256, durward.PS256, durward.ES256, durward.EdDSA}

func main() {
	options := measure.Options{}
	flag.IntVar(&options.Rounds, "rounds", 40, "how often every case is measured")
	flag.DurationVar(&options.Batch, "batch", 3*time.Millisecond, "how long each time")
	only := flag.String("only", "", "measure only groups with this word in their name, such as \"HS256\"")
	flag.Parse()
	runtime.GOMAXPROCS(1)
	if err := run(os.Stdout, options, *only); err != nil {
		fmt.Fprintln(os.Stderr, "table:", err)
		os.Exit(1)
	}
}

func run(w io.Writer, o measure.Options, only string) error {
	cases, err := gather()
	if err != nil {
		return err
	}
	cases = slices.DeleteFunc(cases, func(c measure.Case) bool { return !strings.Contains(c.Group, only) })
	if len(cases) == 0 {
		return fmt.Errorf("no group has %q in its name", only)
	}
	rows, err := measure.Run(cases, o)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%s, %s/%s, one core, %d rounds of %v in shuffled order\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, o.Rounds, o.Batch)
	for len(rows) > 0 {
		end := slices.IndexFunc(rows, func(r measure.Row) bool { return r.Group != rows[0].Group })
		if end < 0 {
			end = len(rows)
		}
		if strings.HasPrefix(rows[0].Group, malformed) {
			break
		}
		fmt.Fprintf(w, "\n### %s\n\n%s", rows[0].Group, measure.Markdown(rows[:end]))
		rows = rows[end:]
	}
	if len(rows) > 0 {
		fmt.Fprintf(w, "\n### Malformed tokens of 16 KiB, refused\n\n%s", pairs(rows))
	}
	return nil
}

const malformed = "Malformed: "

// pairs writes a line for each kind of malformed token: golang-jwt is the first of a kind, durward the second.
func pairs(rows []measure.Row) string {
	var b strings.Builder
	b.WriteString("| | durward | B/op | allocs/op | golang-jwt v5 | B/op | allocs/op |\n|---|--:|--:|--:|--:|--:|--:|\n")
	for ; len(rows) >= 2; rows = rows[2:] {
		theirs, ours := rows[0], rows[1]
		fmt.Fprintf(&b, "| %s | %s | %.0f | %.0f | %s | %.0f | %.0f |\n", strings.TrimPrefix(ours.Group, malformed),
			measure.Short(ours.Time), ours.Bytes, ours.Allocs, measure.Short(theirs.Time), theirs.Bytes, theirs.Allocs)
	}
	return b.String()
}

// gather returns every case, group by group.
func gather() ([]measure.Case, error) {
	var cases []measure.Case
	add := func(group string, contenders []contender.Contender, err error) error {
		for _, c := range contenders {
			cases = append(cases, measure.Case{Group: group, Name: c.Name, Do: c.Do})
		}
		return err
	}
	fixtures := map[durward.Algorithm]*contender.Fixture{}
	for _, algorithm := range algorithms {
		f, err := contender.NewFixture(algorithm)
		if err != nil {
			return nil, err
		}
		fixtures[algorithm] = f
		contenders, err := contender.Checkers(f)
		if err := add("Verify "+string(algorithm), contenders, err); err != nil {
			return nil, err
		}
	}
	for _, algorithm := range algorithms {
		contenders, err := contender.Signers(fixtures[algorithm])
		if err := add("Sign "+string(algorithm), contenders, err); err != nil {
			return nil, err
		}
	}
	for _, algorithm := range []durward.Algorithm{durward.RS256, durward.ES256, durward.EdDSA} {
		contenders, err := contender.FastKeys(fixtures[algorithm])
		if err := add("Prepared key, "+string(algorithm), contenders, err); err != nil {
			return nil, err
		}
	}
	contenders, err := contender.Guards(fixtures[durward.HS256])
	if err := add("Guard around an empty handler, HS256", contenders, err); err != nil {
		return nil, err
	}
	kinds, err := contender.Malformed(fixtures[durward.HS256])
	if err != nil {
		return nil, err
	}
	for _, kind := range contender.Kinds(kinds) {
		if err := add(malformed+kind, kinds[kind], nil); err != nil {
			return nil, err
		}
	}
	return cases, nil
}
