package server

import (
	"iter"

	"github.com/durward-auth/durward/server/internal/archive"
)

// Progress is told how far a backup, a restore or a move has come. It is called often, by one goroutine.
type Progress func(Step)

// Step is how far it has come.
type Step struct {
	Phase string // "write", "verify" or "index"; "read" of a backup
	Table string
	Done  int64 // rows of all tables in this phase, or indexes
	Total int64
}

// meter counts the rows of one phase.
type meter struct {
	step   Step
	report Progress
}

// reportEvery is after how many rows progress is told.
const reportEvery = 1024

func newMeter(report Progress, phase string, tables []archive.Table) *meter {
	m := &meter{step: Step{Phase: phase}, report: report}
	for _, table := range tables {
		m.step.Total += table.Rows
	}
	return m
}

// rows passes the rows on and counts them.
func (m *meter) rows(table archive.Table, rows iter.Seq2[[]any, error]) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		m.step.Table = table.Name
		m.tell()
		for row, err := range rows {
			if !yield(row, err) {
				return
			}
			if m.step.Done++; m.step.Done%reportEvery == 0 {
				m.tell()
			}
		}
		m.tell()
	}
}

func (m *meter) tell() {
	if m.report != nil {
		m.report(m.step)
	}
}

// indexing tells of indexes that are made.
func indexing(report Progress) func(done, all int) {
	return func(done, all int) {
		if report != nil && all > 0 {
			report(Step{Phase: "index", Done: int64(done), Total: int64(all)})
		}
	}
}
