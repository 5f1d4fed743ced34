package limit

import "time"

// Attempt is one attempt to sign in that has its place in the budgets. The first of
// Succeed, Fail and Cancel ends it; those called later do nothing.
type Attempt struct {
	limiter *Limiter
	keys    [3]string
	ended   bool // under limiter.mu
}

// Counter is the state of one counter for the store. Key names nobody, and ends in the replica that counted
// where there are several; Count is from 1 to
// the budget; nothing of it counts any more at ExpiresAt.
type Counter struct {
	Key       string
	Count     int
	ExpiresAt time.Time
}

// Succeed gives the place back and forgets the failures of this account from this
// address. The failures of the account elsewhere and of the address with other accounts stay: an attacker
// with an account of their own could otherwise clear the address again and again.
// It returns the keys of the counters to delete from the store.
func (a *Attempt) Succeed() []string {
	l := a.limiter
	l.mu.Lock()
	defer l.mu.Unlock()
	if !a.end() {
		return nil
	}
	l.counters.clear(a.keys[0])
	l.known.add(a.keys[0], l.clock())
	return []string{a.keys[0]}
}

// Fail turns the place into a failure in all three budgets and returns their new
// values, for the store to write.
func (a *Attempt) Fail() []Counter {
	l := a.limiter
	l.mu.Lock()
	defer l.mu.Unlock()
	if !a.end() {
		return nil
	}
	now := l.clock()
	expiresAt := now.Add(l.limits.Window)
	counters := make([]Counter, 0, len(a.keys))
	for _, key := range a.keys {
		budget := l.budget(kind(key[0]))
		c := l.counters.get(key, now)
		c.forget(now)
		c.fail(expiresAt, 1, budget)
		l.counters.enqueue(c, budget)
		counters = append(counters, Counter{Key: key + l.replica, Count: len(c.expiries), ExpiresAt: c.lastExpiry()})
	}
	return counters
}

// Cancel gives the place back and counts nothing: the password was not looked at. It
// may be deferred in any case.
func (a *Attempt) Cancel() {
	a.limiter.mu.Lock()
	defer a.limiter.mu.Unlock()
	a.end()
}

// end gives the place back once.
func (a *Attempt) end() bool {
	if a.ended {
		return false
	}
	a.ended = true
	for _, key := range a.keys {
		a.limiter.counters.release(key)
	}
	return true
}
