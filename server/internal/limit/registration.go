package limit

import (
	"net/netip"
	"time"
)

// Register asks for one attempt to create an account from this address, and counts it if it
// may be made, whatever becomes of it. Otherwise retryAfter says when the next one may be.
//
// The counts are in memory alone, apart from those of failed sign-ins, which they never
// displace, and are forgotten at a restart.
func (l *Limiter) Register(addr netip.Addr) (retryAfter time.Duration, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.clock()
	budget := l.limits.Registrations
	c := l.registrations.get(prefix(addr), now)
	c.forget(now)
	if len(c.expiries) >= budget {
		return max(time.UnixMicro(c.expiries[len(c.expiries)-budget]).Sub(now), time.Second), false
	}
	c.fail(now.Add(l.limits.Window), 1, budget)
	l.registrations.enqueue(c, budget)
	return 0, true
}
