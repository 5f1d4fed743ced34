package keyring

import (
	"errors"
	"fmt"
	"time"
)

const (
	// Leeway is the most that a verifier's clock may be behind, or that it may add to a token's expiry. A
	// retired key verifies for so much longer than its tokens live.
	Leeway = 5 * time.Minute

	// RevokedFor is how long a revocation is remembered. Whoever has a stolen key can sign tokens of any date, so that
	// it does not end with the tokens that the server has signed.
	RevokedFor = 10 * 365 * 24 * time.Hour

	// MaxKeys bounds how many keys verify at once. Verifiers refuse a key set that is too large as a whole: those of this
	// module at 256 keys, others earlier.
	MaxKeys = 64

	shortestCache, longestCache = time.Minute, time.Hour
	shortestRotation            = time.Hour
)

// Schedule says when keys change their state.
type Schedule struct {
	Rotation  time.Duration // age at which the active key is replaced
	Publish   time.Duration // how long a key is published before it signs
	Overlap   time.Duration // how long at least a retired key verifies; 0 for as long as its tokens may be accepted
	CacheTime time.Duration // how long verifiers may keep a key set
	TokenLife time.Duration // the longest life of whatever is signed
}

// Check returns every reason for which valid tokens would be refused under the schedule.
func (s Schedule) Check() error {
	var problems []error
	require := func(ok bool, format string, args ...any) {
		if !ok {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	require(s.CacheTime >= shortestCache && s.CacheTime <= longestCache,
		"the cache time of the key set is %v, it must be between %v and %v", s.CacheTime, shortestCache, longestCache)
	require(s.Publish >= s.CacheTime,
		"a key would sign %v after it is published, and verifiers may keep a key set without it for %v: they would refuse valid tokens, so publish keys for at least %v", s.Publish, s.CacheTime, s.CacheTime)
	require(s.Rotation >= shortestRotation, "the key rotation is %v, it must be at least %v", s.Rotation, shortestRotation)
	require(s.Rotation >= s.Publish,
		"the key rotation is %v, and a key is published for %v before it signs: rotate after at least %v", s.Rotation, s.Publish, s.Publish)
	require(s.Overlap == 0 || s.Overlap >= s.TokenLife+Leeway,
		"a retired key would verify for %v, and tokens live for %v with up to %v of leeway: valid ones would be refused, so let keys overlap for at least %v", s.Overlap, s.TokenLife, Leeway, s.TokenLife+Leeway)
	require(s.keys() <= MaxKeys,
		"keys rotate every %v and verify for %v after that: the key set would hold %d keys, and verifiers may refuse more than %d, so rotate less often or let keys overlap for less", s.Rotation, s.verifies(), s.keys(), MaxKeys)
	return errors.Join(problems...)
}

// verifies is for how long a key verifies after it has signed, unless tokens lived longer once.
func (s Schedule) verifies() time.Duration { return max(s.overlap(), s.TokenLife+Leeway) }

// keys is how many keys the key set has at most under the schedule: the next one, the active one and those that retired.
func (s Schedule) keys() int64 {
	every := max(s.Rotation, shortestRotation)
	return 2 + int64((s.verifies()+every-1)/every)
}

// overlap is for how long at least a key verifies after it has signed: a key set that was cached just before
// its retirement is not outlived by the server's own.
func (s Schedule) overlap() time.Duration { return max(s.Overlap, s.CacheTime) }
