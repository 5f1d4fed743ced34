package sessiontest

import (
	"sync"
	"time"
)

// start is when every proof begins.
var start = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// clock stands still until it is told.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: start} }

// Now returns the clock's time.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

// Advance moves the clock.
func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}
