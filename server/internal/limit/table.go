package limit

import (
	"container/list"
	"slices"
	"time"
)

// A counter is one key's failures and the attempts under way.
type counter struct {
	key      string
	expiries []int64 // Unix microseconds at which each failure stops counting, ascending
	pending  int
	queue    *list.List // the queue of the table that it stands in, nil without failures
	place    *list.Element
}

// forget drops the failures that no longer count.
func (c *counter) forget(now time.Time) {
	micros := now.UnixMicro()
	gone := 0
	for gone < len(c.expiries) && c.expiries[gone] <= micros {
		gone++
	}
	c.expiries = slices.Delete(c.expiries, 0, gone)
}

// fail adds failures that stop counting at the same moment. Only as many as the budget are
// kept: more would not change when the next attempt is allowed.
func (c *counter) fail(expiresAt time.Time, count, budget int) {
	c.expiries = append(c.expiries, slices.Repeat([]int64{expiresAt.UnixMicro()}, min(count, budget))...)
	slices.Sort(c.expiries)
	c.expiries = slices.Delete(c.expiries, 0, max(0, len(c.expiries)-budget))
}

// lastExpiry is when nothing of a counter with failures counts any more.
func (c *counter) lastExpiry() time.Time { return time.UnixMicro(c.expiries[len(c.expiries)-1]) }

// A table holds the counters. Those with failures stand in one of two queues, the first to
// expire in front: a failure always goes to the back, since all count equally long.
type table struct {
	max    int
	byKey  map[string]*counter
	within *list.List // below their budget
	spent  *list.List // had used up their budget at the latest failure
}

func newTable(maxKeys int) table {
	return table{max: maxKeys, byKey: make(map[string]*counter), within: list.New(), spent: list.New()}
}

func (t *table) find(key string) (*counter, bool) {
	c, ok := t.byKey[key]
	return c, ok
}

// get returns the counter of a key, making it, and room for it, if need be.
func (t *table) get(key string, now time.Time) *counter {
	if c, ok := t.byKey[key]; ok {
		return c
	}
	if len(t.byKey) >= t.max {
		t.sweep(now)
	}
	if len(t.byKey) >= t.max {
		t.evict()
	}
	c := &counter{key: key}
	t.byKey[key] = c
	return c
}

// enqueue puts a counter that has just failed at the back of its queue.
func (t *table) enqueue(c *counter, budget int) {
	t.dequeue(c)
	c.queue = t.within
	if len(c.expiries) >= budget {
		c.queue = t.spent
	}
	c.place = c.queue.PushBack(c)
}

func (t *table) dequeue(c *counter) {
	if c.queue != nil {
		c.queue.Remove(c.place)
	}
	c.queue, c.place = nil, nil
}

// release gives one place back.
func (t *table) release(key string) {
	c := t.byKey[key]
	c.pending--
	t.discardIdle(c)
}

// clear forgets the failures of a key.
func (t *table) clear(key string) {
	if c, ok := t.byKey[key]; ok {
		c.expiries = nil
		t.discardIdle(c)
	}
}

// discardIdle drops a counter that says nothing any more.
func (t *table) discardIdle(c *counter) {
	if len(c.expiries) > 0 {
		return
	}
	t.dequeue(c)
	if c.pending == 0 {
		delete(t.byKey, c.key)
	}
}

// sweep drops the counters whose failures have all expired.
func (t *table) sweep(now time.Time) {
	for _, queue := range []*list.List{t.within, t.spent} {
		for e := queue.Front(); e != nil; e = queue.Front() {
			c := e.Value.(*counter)
			c.forget(now)
			if len(c.expiries) > 0 {
				break
			}
			t.discardIdle(c)
		}
	}
}

// evict drops the counter that would expire first, one that refuses attempts only
// when there is no other, one with an attempt under way never.
func (t *table) evict() {
	for _, queue := range []*list.List{t.within, t.spent} {
		for e := queue.Front(); e != nil; e = e.Next() {
			if c := e.Value.(*counter); c.pending == 0 {
				t.dequeue(c)
				delete(t.byKey, c.key)
				return
			}
		}
	}
}
