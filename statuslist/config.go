package statuslist

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/internal/fetch"
)

// Config says whose lists are asked, and within which bounds. Issuer and Keys are required; the zero value of each other
// field is the strict choice.
type Config struct {
	// Issuer is the "iss" of the tokens, compared byte for byte. Tokens of another issuer cannot be judged.
	Issuer string
	// Keys holds the keys that sign the issuer's lists: mostly those of its tokens.
	Keys durward.KeySource

	// Origins lists the origins from which lists are fetched, such as "https://lists.example.org". The default is that of
	// the issuer, which must be a URL then.
	Origins []string
	// Required refuses tokens that name no list. By default they stand.
	Required bool

	// MaxAge bounds how long a list is used before it is fetched anew, whatever its ttl: 24 hours by default, at
	// least a second. A list without a ttl is used for 5 minutes.
	MaxAge time.Duration
	// MaxBytes bounds a list when it is unpacked: 16 MiB by default, which is 134 million tokens at one bit, at most 1 GiB.
	MaxBytes int
	// MaxLists bounds how many lists are kept, 16 by default. Beyond it the one that was asked least lately goes.
	MaxLists int
	// Timeout bounds a fetch: 5 seconds by default, at most a minute.
	Timeout time.Duration

	// Client, if set, lends its Transport and its Timeout; its cookies and its policy for redirects are not used.
	Client *http.Client
	// OnRefresh, if set, is told of every fetch when it has ended, for logs and metrics. It must be quick, and safe for
	// concurrent use.
	OnRefresh func(uri string, took time.Duration, err error)
	// Clock tells the time. The default is time.Now.
	Clock func() time.Time
}

const (
	usualAge        = 5 * time.Minute
	defaultMaxAge   = 24 * time.Hour
	defaultMaxBytes = 16 << 20
	largestMaxBytes = 1 << 30
	defaultMaxLists = 16
	defaultTimeout  = 5 * time.Second
	longestTimeout  = time.Minute
)

// checked returns the configuration with its defaults and the origins, or every problem at once.
func (c Config) checked() (Config, []*url.URL, error) {
	var problems []error
	require := func(ok bool, format string, args ...any) {
		if !ok {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	require(c.Issuer != "", "Issuer is required")
	require(c.Keys != nil, "Keys is required")
	var origins []*url.URL
	for i, text := range c.Origins {
		u, err := fetch.ParseIssuer(text)
		require(err == nil, "Origins[%d]: %w", i, err)
		require(err != nil || u.Path == "" || u.Path == "/", "Origins[%d]: it has a path", i)
		origins = append(origins, u)
	}
	if len(c.Origins) == 0 && c.Issuer != "" {
		u, err := fetch.ParseIssuer(c.Issuer)
		require(err == nil, "Issuer: %w: name the Origins of the lists", err)
		origins = append(origins, u)
	}
	require(c.MaxAge == 0 || c.MaxAge >= time.Second, "MaxAge is %v, it must be at least a second", c.MaxAge)
	require(c.MaxBytes >= 0 && c.MaxBytes <= largestMaxBytes, "MaxBytes is %d, it must be between 1 and %d", c.MaxBytes, largestMaxBytes)
	require(c.MaxLists >= 0, "MaxLists is negative")
	require(c.Timeout >= 0 && c.Timeout <= longestTimeout, "Timeout is %v, it must be between 0 and %v", c.Timeout, longestTimeout)
	if len(problems) > 0 {
		return Config{}, nil, fmt.Errorf("statuslist: %w", errors.Join(problems...))
	}
	c.MaxAge = cmp.Or(c.MaxAge, defaultMaxAge)
	c.MaxBytes = cmp.Or(c.MaxBytes, defaultMaxBytes)
	c.MaxLists = cmp.Or(c.MaxLists, defaultMaxLists)
	c.Timeout = cmp.Or(c.Timeout, defaultTimeout)
	if c.Clock == nil {
		c.Clock = time.Now
	}
	return c, origins, nil
}
