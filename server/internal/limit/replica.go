package limit

import (
	"slices"
	"strings"
	"time"
)

const replicaMark = "@" // between the key of a stored counter and the replica that counted

// Replicate makes the limiter one of several on the same store. Each stores what it counted itself, under keys that end in its
// name, and takes over with Load what the others stored. The name must differ from theirs, and hold
// neither "@" nor what sorts above it alone. It must be called before anything is counted.
func (l *Limiter) Replicate(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.replica = replicaMark + name
}

// Window is how long a failure counts.
func (l *Limiter) Window() time.Duration { return l.limits.Window }

// splitReplica parts the key of a stored counter; replica is "" where there is none.
func splitReplica(stored string) (key, replica string) {
	key, name, ok := strings.Cut(stored, replicaMark)
	if !ok {
		return stored, ""
	}
	return key, replicaMark + name
}

// elsewhere holds what other replicas counted, by key and replica. All failures of one count until
// its latest expires.
type elsewhere map[string]map[string]Counter

func (e *elsewhere) set(key, replica string, c Counter, now time.Time, most int) {
	if *e == nil {
		*e = elsewhere{}
	}
	if len(*e) >= most {
		e.sweep(now)
	}
	counts := (*e)[key]
	if counts == nil {
		if len(*e) >= most {
			return
		}
		counts = map[string]Counter{}
		(*e)[key] = counts
	}
	counts[replica] = c
}

// join adds the failures of other replicas to those that were counted here.
func (e elsewhere) join(key string, expiries []int64, now time.Time) []int64 {
	counts := e[key]
	if len(counts) == 0 {
		return expiries
	}
	joined := slices.Clone(expiries)
	for _, c := range counts {
		if c.ExpiresAt.After(now) {
			joined = append(joined, slices.Repeat([]int64{c.ExpiresAt.UnixMicro()}, c.Count)...)
		}
	}
	slices.Sort(joined)
	return joined
}

// sweep drops what no longer counts.
func (e elsewhere) sweep(now time.Time) {
	for key, counts := range e {
		for replica, c := range counts {
			if !c.ExpiresAt.After(now) {
				delete(counts, replica)
			}
		}
		if len(counts) == 0 {
			delete(e, key)
		}
	}
}
