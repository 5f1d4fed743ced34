package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/durward-auth/durward/server"
	"golang.org/x/term"
)

const (
	drawEvery = 100 * time.Millisecond // a bar
	sayEvery  = 5 * time.Second        // lines
	barWidth  = 30
)

// showProgress writes to standard error how far a long command has come: a bar on a terminal, otherwise a line now and then and at the end of
// each phase, in JSON if asked for. done ends the line of a bar.
func showProgress(t terminal, asJSON bool) (report server.Progress, done func()) {
	file, isFile := t.err.(*os.File)
	bar := isFile && !asJSON && term.IsTerminal(int(file.Fd()))
	every, begun, drawn, width := sayEvery, time.Now(), time.Now(), 0
	if bar {
		every = drawEvery
	}
	report = func(s server.Step) {
		end := s.Done == s.Total
		if !end && time.Since(drawn) < every {
			return
		}
		drawn = time.Now()
		switch {
		case bar:
			line := drawBar(s, time.Since(begun))
			fmt.Fprintf(t.err, "\r%-*s", width, line)
			width = len([]rune(line))
		case asJSON:
			text, err := json.Marshal(map[string]any{"phase": s.Phase, "table": s.Table, "done": s.Done, "total": s.Total})
			if err == nil {
				fmt.Fprintf(t.err, "%s\n", text)
			}
		default:
			fmt.Fprintf(t.err, "%s: %d of %d %s\n", s.Phase, s.Done, s.Total, counted(s))
		}
	}
	return once(report), func() {
		if bar && width > 0 {
			fmt.Fprintln(t.err)
		}
	}
}

// once leaves out a step that was told just before, but for its table.
func once(report server.Progress) server.Progress {
	var last server.Step
	return func(s server.Step) {
		if s.Phase == last.Phase && s.Done == last.Done && s.Done == s.Total {
			return
		}
		last = s
		report(s)
	}
}

// counted is what a step counts.
func counted(s server.Step) string {
	if s.Phase == "index" {
		return "indexes"
	}
	return "rows"
}

// drawBar is one line: the phase, a bar, the share and the rows.
func drawBar(s server.Step, taken time.Duration) string {
	share := 1.0
	if s.Total > 0 {
		share = min(1, float64(s.Done)/float64(s.Total))
	}
	full := int(share * barWidth)
	return fmt.Sprintf("%-6s [%s%s] %3.0f %%  %d of %d %s  %v",
		s.Phase, strings.Repeat("=", full), strings.Repeat(" ", barWidth-full), share*100, s.Done, s.Total, counted(s), taken.Round(time.Second))
}
