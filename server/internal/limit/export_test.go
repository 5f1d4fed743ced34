package limit

// Tracked returns how many counters are held in memory.
func Tracked(l *Limiter) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.counters.byKey) + len(l.registrations.byKey)
}
