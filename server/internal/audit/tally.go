package audit

import (
	"sync"
	"time"
)

// Tally folds refusals that change nothing (refused tokens, throttled sign-ins) into
// one event per action, reason and address, so that a flood of them costs memory and
// disk in proportion to the number of attackers, not of requests.
type Tally struct {
	clock func() time.Time
	limit int

	mu     sync.Mutex
	events map[tallyKey]*Event
}

type tallyKey struct {
	action  Action
	reason  string
	address string
}

// NewTally keeps at most limit distinct events between two calls of Drain; further
// addresses are counted together under the address "*".
func NewTally(limit int, clock func() time.Time) *Tally {
	return &Tally{clock: clock, limit: limit, events: make(map[tallyKey]*Event)}
}

// Add counts one refusal, or as many as the event stands for. The time, request id and names kept are
// those of the first.
func (t *Tally) Add(e Event) {
	key := tallyKey{e.Action, e.Reason, e.Address}
	e.Count = max(e.Count, 1)
	if e.Time.IsZero() {
		e.Time = t.clock()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if seen, ok := t.events[key]; ok {
		seen.Count += e.Count
		return
	}
	if len(t.events) >= t.limit {
		key.address = "*"
		if seen, ok := t.events[key]; ok {
			seen.Count += e.Count
			return
		}
		e.Origin = Origin{Address: "*"}
		e.ActorID, e.ActorName, e.SubjectID, e.SubjectName, e.Target = "", "", "", "", ""
	}
	t.events[key] = &e
}

// Drain returns what was counted since the last call, and forgets it.
func (t *Tally) Drain() []Event {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.events) == 0 {
		return nil
	}
	drained := make([]Event, 0, len(t.events))
	for _, e := range t.events {
		drained = append(drained, *e)
	}
	clear(t.events)
	return drained
}
