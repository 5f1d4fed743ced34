package limit

import (
	"bytes"
	"fmt"
	"net/netip"
	"sync"
	"time"
)

// Limiter counts failed sign-ins by account, by address and by both, and registrations by
// address. It is safe for concurrent use.
//
// An attempt reserves its place in all three budgets before the password is looked at,
// so that attempts made at the same time cannot together exceed a budget. Accounts
// that do not exist are counted like the others: the answers give no name away.
//
// Whoever signed in to an account from an address within the last 30 days is held
// there to the budget of the pair alone, so that failures from elsewhere, or from
// others behind the same address, do not lock them out. This is forgotten at a restart.
type Limiter struct {
	limits Limits
	secret []byte
	clock  func() time.Time

	mu            sync.Mutex
	counters      table
	registrations table
	known         knownPairs
	replica       string // what the keys of stored counters end in, "" for the only server
	elsewhere     elsewhere
}

const minSecret = 16

// New returns a limiter. The secret, at least 16 bytes, hides names and addresses in the
// keys of the counters; it must stay the same for stored counters to be found again.
func New(limits Limits, secret []byte, clock func() time.Time) (*Limiter, error) {
	if err := limits.Check(); err != nil {
		return nil, err
	}
	if len(secret) < minSecret {
		return nil, fmt.Errorf("the key of the failure counters must have at least %d bytes, not %d", minSecret, len(secret))
	}
	if clock == nil {
		return nil, fmt.Errorf("the failure counters need a clock")
	}
	if limits.MaxKeys == 0 {
		limits.MaxKeys = defaultKeys
	}
	if limits.Registrations == 0 {
		limits.Registrations = defaultRegistrations
	}
	return &Limiter{
		limits:        limits,
		secret:        bytes.Clone(secret),
		clock:         clock,
		counters:      newTable(limits.MaxKeys),
		registrations: newTable(limits.MaxKeys),
		known:         newKnownPairs(limits.MaxKeys),
	}, nil
}

// Reserve asks for one attempt to sign in to the account with this canonical name, which need
// not exist, from this address. When ok, the attempt must be ended with Succeed, Fail or Cancel;
// otherwise the attempt is nil and retryAfter says when the next one may be allowed.
func (l *Limiter) Reserve(canonicalName string, addr netip.Addr) (attempt *Attempt, retryAfter time.Duration, ok bool) {
	from := prefix(addr)
	keys := [...]string{
		l.key(pairKind, canonicalName, from),
		l.key(accountKind, canonicalName),
		l.key(addressKind, from),
	}

	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.clock()
	budgets := keys[:]
	if l.known.has(keys[0], now) {
		budgets = keys[:1]
	}
	for _, key := range budgets {
		if wait := l.wait(key, now); wait > retryAfter {
			retryAfter = wait
		}
	}
	if retryAfter > 0 {
		return nil, retryAfter, false
	}
	for _, key := range keys {
		l.counters.get(key, now).pending++
	}
	return &Attempt{limiter: l, keys: keys}, 0, true
}

// wait returns how long the budget of a counter stays used up, 0 if it is not.
func (l *Limiter) wait(key string, now time.Time) time.Duration {
	var expiries []int64
	pending := 0
	if c, ok := l.counters.find(key); ok {
		c.forget(now)
		expiries, pending = c.expiries, c.pending
	}
	expiries = l.elsewhere.join(key, expiries, now)
	budget := l.budget(kind(key[0]))
	if len(expiries)+pending < budget {
		return 0
	}
	// Places held by attempts under way come free within moments, if at all.
	if len(expiries) < budget {
		return time.Second
	}
	return max(time.UnixMicro(expiries[len(expiries)-budget]).Sub(now), time.Second)
}

func (l *Limiter) budget(k kind) int {
	switch k {
	case pairKind:
		return l.limits.Pair
	case accountKind:
		return l.limits.Account
	default:
		return l.limits.Address
	}
}
