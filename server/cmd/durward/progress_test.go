package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/durward-auth/durward/server"
)

func TestABarShowsTheShare(t *testing.T) {
	for _, c := range []struct {
		done, total int64
		want        string
	}{
		{0, 100, "write  [" + strings.Repeat(" ", barWidth) + "]   0 %  0 of 100 rows  3s"},
		{50, 100, "write  [" + strings.Repeat("=", barWidth/2) + strings.Repeat(" ", barWidth/2) + "]  50 %  50 of 100 rows  3s"},
		{100, 100, "write  [" + strings.Repeat("=", barWidth) + "] 100 %  100 of 100 rows  3s"},
		{150, 100, "write  [" + strings.Repeat("=", barWidth) + "] 100 %  150 of 100 rows  3s"},
		{0, 0, "write  [" + strings.Repeat("=", barWidth) + "] 100 %  0 of 0 rows  3s"},
	} {
		if got := drawBar(server.Step{Phase: "write", Done: c.done, Total: c.total}, 3*time.Second); got != c.want {
			t.Errorf("%d of %d: got %q, want %q", c.done, c.total, got, c.want)
		}
	}
}

func TestProgressIsALineForEachPhaseWhereThereIsNoTerminal(t *testing.T) {
	steps := []server.Step{
		{Phase: "read", Table: "users", Done: 0, Total: 2}, {Phase: "read", Table: "users", Done: 2, Total: 2}, {Phase: "read", Table: "audit", Done: 2, Total: 2},
		{Phase: "verify", Table: "users", Done: 2, Total: 2},
	}
	for _, c := range []struct {
		json bool
		want string
	}{
		{false, "read: 2 of 2 rows\nverify: 2 of 2 rows\n"},
		{true, `{"done":2,"phase":"read","table":"users","total":2}` + "\n" + `{"done":2,"phase":"verify","table":"users","total":2}` + "\n"},
	} {
		var out bytes.Buffer
		report, done := showProgress(terminal{err: &out}, c.json)
		for _, step := range steps {
			report(step)
		}
		done()
		if got := out.String(); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}
