package durward

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/durward-auth/durward/revocation"
)

// Config says which tokens are accepted, and for a guard, where they are and what happens
// then. Issuer, Audience and Keys are required; the zero value of each other field is the strict
// choice.
type Config struct {
	// Issuer is the accepted "iss", compared byte for byte (RFC 9068 §4). See AlsoTrust for several.
	Issuer string
	// Audience must be among the token's "aud", compared byte for byte.
	Audience string
	// Keys holds the issuer's keys: a [KeySet], a single key, or any other source.
	Keys KeySource

	// Types lists the accepted media types of "typ". The default is "at+jwt" alone (RFC 9068 §2.1),
	// so that no other kind of token passes; list "JWT" for an issuer that writes that, and see
	// [InsecureNoType] for one that writes none.
	Types []string
	// AlsoTrust lists further issuers whose tokens are accepted, each with its own keys, audience and types.
	// Everything else in the configuration holds for all of them.
	AlsoTrust []Trust

	// Leeway is added to "exp" and taken from "nbf", for clocks that differ. At most 5 minutes; the
	// default is none. An "iat" is accepted up to a minute ahead in any case.
	Leeway time.Duration
	// MaxLifetime bounds "exp" minus "iat", or the time left where there is no "iat".
	// The default is 24 hours.
	MaxLifetime time.Duration
	// MaxTokenSize bounds the token's length in bytes. The default is 8 KiB, the most 64 KiB.
	MaxTokenSize int
	// Unwrap, if set, takes every token out of what it arrives in, before anything else is looked at: a nested token out
	// of its encryption (RFC 7519 §5.2), for which it is the Unwrap of a jwe.Decrypter. Tokens that are not wrapped
	// are its to refuse. It returns an error under ErrToken for a token that is refused; any other error
	// is answered with 503. What it returns is verified in full, and is what the cache remembers.
	Unwrap func(ctx context.Context, token string) (string, error)
	// Revocation is asked for every token, cached ones included, after everything else held.
	// It returns nil for a token that stands, ErrTokenRevoked for one that was taken back, and any other
	// error when that cannot be known, which is answered with 503. See [RevokedBy] and [RevokedIn].
	Revocation func(context.Context, Claims) error
	// CacheBytes bounds the memory of the cache of verified tokens. The default is 4 MiB; a
	// negative number turns the cache off.
	CacheBytes int
	// Clock tells the time. The default is time.Now.
	Clock func() time.Time

	// Locations are the places where a guard looks for the token. The default is the
	// Authorization header alone. A request with tokens in two of them is refused.
	Locations []Location
	// Identify, if set, loads the user for verified claims; handlers get it by [UserFromContext].
	// It returns ErrTokenUser when there is no such user any more (401). Any other
	// error is answered with 503.
	Identify func(context.Context, Claims) (any, error)
	// OnRefuse, if set, writes the answer to a refused request instead of [WriteRefusal].
	OnRefuse func(http.ResponseWriter, *http.Request, *Refusal)
}

const (
	defaultMaxLifetime  = 24 * time.Hour
	defaultMaxTokenSize = 8 << 10
	largestTokenSize    = 64 << 10
	defaultCacheBytes   = 4 << 20
	largestLeeway       = 5 * time.Minute
	issuedAtTolerance   = time.Minute
)

// checked returns the configuration with its defaults, or every problem at once.
func (c Config) checked() (Config, error) {
	var problems []error
	require := func(ok bool, format string, args ...any) {
		if !ok {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	c.checkTrust(require)
	require(c.Leeway >= 0 && c.Leeway <= largestLeeway, "Leeway is %v, it must be between 0 and %v", c.Leeway, largestLeeway)
	require(c.MaxLifetime >= 0, "MaxLifetime is negative")
	require(c.MaxTokenSize >= 0 && c.MaxTokenSize <= largestTokenSize, "MaxTokenSize is %d, it must be between 1 and %d bytes", c.MaxTokenSize, largestTokenSize)
	for _, l := range c.Locations {
		require(l.find != nil, "Locations holds an empty location")
	}
	if len(problems) > 0 {
		return Config{}, fmt.Errorf("durward: %w", errors.Join(problems...))
	}
	c.Locations = slices.Clone(c.Locations)
	if len(c.Locations) == 0 {
		c.Locations = []Location{BearerHeader()}
	}
	if c.MaxLifetime == 0 {
		c.MaxLifetime = defaultMaxLifetime
	}
	if c.MaxTokenSize == 0 {
		c.MaxTokenSize = defaultMaxTokenSize
	}
	if c.CacheBytes == 0 {
		c.CacheBytes = defaultCacheBytes
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	return c, nil
}

// RevokedIn makes a set of revocations the Revocation of a [Config]: a token is refused when its
// jti, its sid, its key's kid, or its user's tokens below a version are in the set.
//
// With Config.AlsoTrust, name the issuers to whose tokens the set applies: two issuers may each have a user "42", and the
// set knows no issuers. Tokens of others pass then. Without names it applies to every token.
func RevokedIn(set *revocation.Set, issuers ...string) func(context.Context, Claims) error {
	issuers = slices.Clone(issuers)
	return func(_ context.Context, c Claims) error {
		if len(issuers) > 0 && !slices.Contains(issuers, c.Issuer) {
			return nil
		}
		if kind, revoked := set.Revoked(c.ID, c.SessionID, c.KeyID, c.Subject, c.Version); revoked {
			return revokedAs[kind]
		}
		return nil
	}
}

// RevokedBy makes a feed that is followed the Revocation of a [Config]: as [RevokedIn], and tokens
// cannot be judged, which is answered with 503, while the feed is staler than the follower allows.
//
// With issuers named, only their tokens are looked at. Name the feed's issuer, as it is written in "iss", where several are
// trusted (Config.AlsoTrust): users and sessions of the others may have the same names.
func RevokedBy(f *revocation.Follower, issuers ...string) func(context.Context, Claims) error {
	issuers = slices.Clone(issuers)
	return func(_ context.Context, c Claims) error {
		if len(issuers) > 0 && !slices.Contains(issuers, c.Issuer) {
			return nil
		}
		switch kind, err := f.Revoked(c.ID, c.SessionID, c.KeyID, c.Subject, c.Version); {
		case err != nil:
			return errStaleRevocations
		case kind != 0:
			return revokedAs[kind]
		default:
			return nil
		}
	}
}

// revokedAs is ErrTokenRevoked with what was revoked, for whoever reads logs: clients do not learn it.
var revokedAs = [...]error{
	revocation.Token:   fmt.Errorf("%w: the token itself (jti)", ErrTokenRevoked),
	revocation.Session: fmt.Errorf("%w: its session has ended (sid)", ErrTokenRevoked),
	revocation.Subject: fmt.Errorf("%w: all of its subject's tokens up to that version (sub, ver)", ErrTokenRevoked),
	revocation.Key:     fmt.Errorf("%w: the key that signed it (kid)", ErrTokenRevoked),
}

var errStaleRevocations = fmt.Errorf("%w: %w", ErrUnavailable, revocation.ErrStale)
