package limit

import "slices"

// Load takes over counters from the store: at the start, and whenever another process may have
// counted. A stored counter never lowers the one in memory. Since the store
// knows only when the latest failure expires, all of them count until then, at most
// one window longer than they should. Keys that are not of this package, empty and expired
// counters are passed over.
func (l *Limiter) Load(stored []Counter) {
	stored = slices.Clone(stored)
	slices.SortFunc(stored, func(a, b Counter) int { return a.ExpiresAt.Compare(b.ExpiresAt) })

	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.clock()
	latest := now.Add(l.limits.Window)
	for _, s := range stored {
		key, replica := splitReplica(s.Key)
		k, ok := kindOf(key)
		if !ok || s.Count < 1 || !s.ExpiresAt.After(now) {
			continue
		}
		if s.ExpiresAt.After(latest) {
			s.ExpiresAt = latest
		}
		if replica != "" || l.replica != "" {
			if replica != l.replica {
				l.elsewhere.set(key, replica, s, now, l.limits.MaxKeys)
			}
			continue
		}
		c := l.counters.get(s.Key, now)
		c.forget(now)
		if missing := s.Count - len(c.expiries); missing > 0 {
			c.fail(s.ExpiresAt, missing, l.budget(k))
			l.counters.enqueue(c, l.budget(k))
		}
	}
}

// Sweep drops what no longer counts. Calling it every few minutes keeps the memory at what
// the last window needs; without it MaxKeys is the bound.
func (l *Limiter) Sweep() {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.clock()
	l.counters.sweep(now)
	l.registrations.sweep(now)
	l.known.sweep(now)
	l.elsewhere.sweep(now)
}
