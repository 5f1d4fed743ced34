package measure

import (
	"fmt"
	"strings"
	"time"
)

// Markdown writes rows as a table, one column of figures.
func Markdown(rows []Row) string {
	var b strings.Builder
	b.WriteString("| | time | ratio | B/op | allocs/op |\n|---|--:|--:|--:|--:|\n")
	for _, r := range rows {
		fmt.Fprintf(&b, "| %s | %s | %.2f | %.0f | %.0f |\n", r.Name, Short(r.Time), r.Ratio, r.Bytes, r.Allocs)
	}
	return b.String()
}

// Short writes a duration with three digits.
func Short(d time.Duration) string {
	switch {
	case d < time.Microsecond:
		return fmt.Sprintf("%d ns", d.Nanoseconds())
	case d < 10*time.Microsecond:
		return fmt.Sprintf("%.2f µs", float64(d)/float64(time.Microsecond))
	case d < 100*time.Microsecond:
		return fmt.Sprintf("%.1f µs", float64(d)/float64(time.Microsecond))
	case d < time.Millisecond:
		return fmt.Sprintf("%.0f µs", float64(d)/float64(time.Microsecond))
	default:
		return fmt.Sprintf("%.2f ms", float64(d)/float64(time.Millisecond))
	}
}
