package jwks

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/internal/fetch"
	"github.com/durward-auth/durward/internal/jwk"
)

// Config says where the keys are and how they are kept. Either Issuer or URL is required; the zero value of each
// other field is a good choice.
type Config struct {
	// Issuer is an https URL under which the metadata is found: RFC 8414 §3, or else OpenID Connect Discovery §4. The
	// metadata must name exactly this issuer, and tell where the keys are.
	Issuer string
	// URL is where the keys are, for an issuer without metadata.
	URL string

	// RefreshEvery is how long a fetched set is fresh if the issuer does not say: 5 minutes by default. A max-age in
	// Cache-Control counts instead, but not as less than a minute or more than an hour. A removed key is
	// refused after that time.
	RefreshEvery time.Duration
	// CoolDown is the least time between two fetches that unknown key ids cause, and between
	// a failed fetch and the next: 60 seconds by default. Up to a quarter is added at random, so that
	// many processes do not come at once.
	CoolDown time.Duration
	// MaxStale is how long the last good set is used beyond its lifetime while no new one can be had: 24 hours
	// by default. A negative duration is none.
	MaxStale time.Duration
	// Timeout bounds a fetch, metadata included: 5 seconds by default, at most a minute.
	Timeout time.Duration
	// MaxBytes bounds each answer: 512 KiB by default, at most 1 MiB.
	MaxBytes int

	// Algorithm is the one of keys that name none ("alg", RFC 7517 §4.4), as some issuers publish their RSA keys; see
	// [durward.ParseKeySetFor]. Without it they are left out, because an RSA key would serve six algorithms.
	Algorithm durward.Algorithm
	// KeyTypes are further types of keys to read, such as those of the module mldsa. Keys of other types are left out.
	KeyTypes []durward.KeyType

	// Client, if set, lends its Transport and its Timeout; its cookies and its policy for redirects are not used.
	// The default goes through the proxy that the environment names, and keeps no connection open.
	Client *http.Client
	// OnRefresh, if set, is told of every fetch when it has ended, one after the other, for logs and metrics. The context has
	// the values of the one whose lookup began the fetch. It must be quick, and not use the source.
	OnRefresh func(context.Context, Refresh)
	// Clock tells the time. The default is the system's monotonic clock.
	Clock func() time.Time
}

// Refresh is what became of a fetch.
type Refresh struct {
	Took time.Duration
	Keys int   // how many keys are in use now
	Err  error // why no new set could be had, or nil
}

const (
	defaultRefresh  = 5 * time.Minute
	shortestRefresh = time.Minute
	longestRefresh  = time.Hour
	defaultCoolDown = time.Minute
	defaultMaxStale = 24 * time.Hour
	defaultTimeout  = 5 * time.Second
	longestTimeout  = time.Minute
	defaultMaxBytes = 512 << 10
	largestMaxBytes = 1 << 20
)

// checked returns the configuration with its defaults and the address to begin with, or every problem at once.
func (c Config) checked() (Config, *url.URL, error) {
	var problems []error
	require := func(ok bool, format string, args ...any) {
		if !ok {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	var start *url.URL
	var err error
	switch {
	case (c.Issuer == "") == (c.URL == ""):
		require(false, "one of Issuer and URL is required, and not both")
	case c.URL != "":
		start, err = fetch.ParseEndpoint(c.URL)
		require(err == nil, "URL: %w", err)
	default:
		start, err = fetch.ParseIssuer(c.Issuer)
		require(err == nil, "Issuer: %w", err)
	}
	require(c.Algorithm == "" || jwk.Asymmetric(string(c.Algorithm)), "Algorithm is %q, which is none of public keys", c.Algorithm)
	require(c.RefreshEvery == 0 || c.RefreshEvery >= shortestRefresh && c.RefreshEvery <= longestRefresh,
		"RefreshEvery is %v, it must be between %v and %v", c.RefreshEvery, shortestRefresh, longestRefresh)
	require(c.CoolDown == 0 || c.CoolDown >= time.Second, "CoolDown is %v, it must be at least a second", c.CoolDown)
	require(c.Timeout >= 0 && c.Timeout <= longestTimeout, "Timeout is %v, it must be between 0 and %v", c.Timeout, longestTimeout)
	require(c.MaxBytes >= 0 && c.MaxBytes <= largestMaxBytes, "MaxBytes is %d, it must be between 1 and %d", c.MaxBytes, largestMaxBytes)
	if len(problems) > 0 {
		return Config{}, nil, fmt.Errorf("jwks: %w", errors.Join(problems...))
	}
	c.RefreshEvery = cmp.Or(c.RefreshEvery, defaultRefresh)
	c.CoolDown = cmp.Or(c.CoolDown, defaultCoolDown)
	c.MaxStale = max(0, cmp.Or(c.MaxStale, defaultMaxStale))
	c.Timeout = cmp.Or(c.Timeout, defaultTimeout)
	c.MaxBytes = cmp.Or(c.MaxBytes, defaultMaxBytes)
	return c, start, nil
}
