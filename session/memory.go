package session

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// MemoryLimit is how many sessions a [Memory] holds at most.
	MemoryLimit = 1 << 20

	// retention is how long a session that is over still has its own answer.
	retention = 24 * time.Hour

	sweepPerOpen = 4    // records looked at for each that comes, so that the dead are few
	sweepOnFull  = 1024 // records looked at before Open gives up
)

var _ Store = (*Memory)(nil)

// Memory is a [Store] in the memory of one process: for tests, and for
// programs whose users may log in again after a restart. A session that ended
// or expired is forgotten a day later, or at once when room is needed; its
// tokens are then [Unknown] instead of [Ended] or [Expired], and refused all
// the same. An act takes a bounded number of steps, and one for each session
// of the user whose sessions it lists or ends.
type Memory struct {
	limit int

	mu     sync.Mutex
	byID   map[string]*record
	byUser map[string]map[string]*record
	all    []*record // in no order, for the sweep
	cursor int
}

type record struct {
	State
	index int // in Memory.all
}

// NewMemory returns an empty store, which holds at most [MemoryLimit] sessions.
func NewMemory() *Memory { return newMemory(MemoryLimit) }

func newMemory(limit int) *Memory {
	return &Memory{limit: limit, byID: map[string]*record{}, byUser: map[string]map[string]*record{}}
}

// Open keeps a new session. It returns [ErrExists] for an id that is taken and
// [ErrFull] when no session can be forgotten to make room.
func (m *Memory) Open(_ context.Context, s State) error {
	if !ValidID(s.ID) || s.UserID == "" || s.Generation < 0 {
		return errors.New("session: state has no valid id, user or generation")
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.byID[s.ID] != nil {
		return ErrExists
	}
	m.sweep(s.CreatedAt, retention, sweepPerOpen)
	if len(m.all) >= m.limit {
		m.sweep(s.CreatedAt, 0, sweepOnFull)
	}
	if len(m.all) >= m.limit {
		return ErrFull
	}
	r := &record{State: s, index: len(m.all)}
	m.all = append(m.all, r)
	m.byID[s.ID] = r
	if m.byUser[s.UserID] == nil {
		m.byUser[s.UserID] = map[string]*record{}
	}
	m.byUser[s.UserID][s.ID] = r
	return nil
}

// Rotate implements [Store].
func (m *Memory) Rotate(_ context.Context, id string, presented int64, scope string, now time.Time, p Policy) (State, Outcome, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.byID[id]
	if r == nil {
		return State{}, Unknown, nil
	}
	next, outcome := p.Apply(r.State, presented, now)
	if outcome.Granted() {
		if _, err := Narrow(r.Scope, scope); err != nil {
			return State{}, Unknown, err
		}
	}
	r.State = next
	return r.State, outcome, nil
}

// Reauthenticate implements [Store].
func (m *Memory) Reauthenticate(_ context.Context, id, userID string, now time.Time) (State, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.byID[id]
	if r == nil || r.UserID != userID || !r.Live(now) {
		return State{}, false, nil
	}
	r.State = r.State.Reauthenticate(now)
	return r.State, true, nil
}

// End implements [Store].
func (m *Memory) End(_ context.Context, id string, now time.Time) (State, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.byID[id]
	if r == nil {
		return State{}, false, nil
	}
	ended := r.end(now)
	return r.State, ended, nil
}

// EndAll implements [Store].
func (m *Memory) EndAll(_ context.Context, userID, exceptID string, now time.Time) ([]State, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var ended []State
	for id, r := range m.byUser[userID] {
		if id != exceptID && r.end(now) {
			ended = append(ended, r.State)
		}
	}
	slices.SortFunc(ended, newestFirst)
	return ended, nil
}

// List implements [Store].
func (m *Memory) List(_ context.Context, userID string, now time.Time) ([]State, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var live []State
	for _, r := range m.byUser[userID] {
		if r.Live(now) {
			live = append(live, r.State)
		}
	}
	slices.SortFunc(live, newestFirst)
	return live, nil
}

// Len returns how many sessions are held, those included that are over and not
// yet forgotten.
func (m *Memory) Len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.all)
}

// sweep looks at n records, from where the last sweep stopped, and forgets
// those that have been over for keep.
func (m *Memory) sweep(now time.Time, keep time.Duration, n int) {
	for range min(n, len(m.all)) {
		if m.cursor >= len(m.all) {
			m.cursor = 0
		}
		if r := m.all[m.cursor]; r.overSince(now.Add(-keep)) {
			m.forget(r)
		} else {
			m.cursor++
		}
	}
}

func (m *Memory) forget(r *record) {
	last := len(m.all) - 1
	m.all[r.index] = m.all[last]
	m.all[r.index].index = r.index
	m.all[last] = nil
	m.all = m.all[:last]
	delete(m.byID, r.ID)
	delete(m.byUser[r.UserID], r.ID)
	if len(m.byUser[r.UserID]) == 0 {
		delete(m.byUser, r.UserID)
	}
}

func (r *record) end(now time.Time) bool {
	if !r.EndedAt.IsZero() {
		return false
	}
	r.State = r.State.End(now)
	return true
}

// overSince reports whether the session had ended or expired at t.
func (r *record) overSince(t time.Time) bool {
	ended := !r.EndedAt.IsZero() && !t.Before(r.EndedAt)
	return ended || r.expired(t)
}

func newestFirst(a, b State) int {
	if c := b.CreatedAt.Compare(a.CreatedAt); c != 0 {
		return c
	}
	return strings.Compare(a.ID, b.ID)
}
