package httpapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/feed"
	"github.com/durward-auth/durward/server/internal/keyring"
)

// Keys are the signing keys as administrators see them.
type Keys interface {
	Records() []keyring.Record
	Rotate(context.Context, audit.Event) error
	Revoke(ctx context.Context, kid string, e audit.Event) error
}

// Config is what the handler works with. Accounts, Guard, KeySet, Keys, Ready, Tally, Feed and Log are required.
type Config struct {
	Accounts *account.Service
	// Guard says which access tokens are accepted: issuer, audience, keys, revocation and clock.
	// OnRefuse and Identify are not asked.
	Guard durward.Config
	// KeySet returns the current key set document (RFC 7517 §5). It is called for each request for
	// it and must be cheap; the bytes are not written to.
	KeySet func() []byte
	// Keys are the signing keys behind it.
	Keys Keys
	// KeySetMaxAge is how long verifiers may keep the key set.
	KeySetMaxAge time.Duration
	// Ready returns nil when requests can be served. The error is logged, never answered.
	Ready func(context.Context) error
	Tally *audit.Tally
	Log   *slog.Logger

	Version, Issuer, Documentation string

	// TrustedProxies are those whose X-Forwarded-For and X-Request-Id are believed.
	TrustedProxies []netip.Prefix
	// BehindTLSProxy says that clients reach the server by TLS although it does not speak it itself.
	BehindTLSProxy bool
	// CORSOrigins are the origins (RFC 6454) whose pages may read answers, each as
	// "https://app.example.org". The default is none.
	CORSOrigins []string
	// Metrics counts the requests. The default is a set of its own.
	Metrics *Metrics
	// MetricsOnMain serves GET /metrics on this handler.
	MetricsOnMain bool
	// Draining, if set, says that the server is about to stop: GET /readyz answers 503 then.
	Draining func() bool
	// Feed tells verifiers what is revoked.
	Feed *feed.Hub
	// StatusLists are the status lists; nil for none. StatusListTTL is how long verifiers may keep one.
	StatusLists   *feed.Lists
	StatusListTTL time.Duration
	// CursorKey authenticates the cursors of lists, so that replicas that share it accept one
	// another's. The default is a random one.
	CursorKey []byte
}

const minCursorKey = 16

// check reports every problem of the configuration together.
func (c *Config) check() error {
	var problems []error
	require := func(ok bool, format string, args ...any) {
		if !ok {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	require(c.Accounts != nil, "Accounts is required")
	require(c.KeySet != nil, "KeySet is required")
	require(c.Keys != nil, "Keys is required")
	require(c.KeySetMaxAge >= 0, "KeySetMaxAge is negative")
	require(c.Ready != nil, "Ready is required")
	require(c.Tally != nil, "Tally is required")
	require(c.Feed != nil, "Feed is required")
	require(c.Log != nil, "Log is required")
	require(c.Issuer != "", "Issuer is required")
	require(len(c.CursorKey) == 0 || len(c.CursorKey) >= minCursorKey, "CursorKey has %d bytes, it needs at least %d", len(c.CursorKey), minCursorKey)
	for _, prefix := range c.TrustedProxies {
		require(prefix.IsValid(), "TrustedProxies holds a prefix that is none")
	}
	for _, origin := range c.CORSOrigins {
		require(isOrigin(origin), "CORSOrigins: %q is not an origin such as https://app.example.org", origin)
	}
	if len(problems) > 0 {
		return fmt.Errorf("httpapi: %w", errors.Join(problems...))
	}
	return nil
}

// isOrigin says whether text is an origin as browsers send it: scheme, host in lower case and, unless it is the scheme's own, a port.
func isOrigin(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.Scheme+"://"+u.Host == text
}

// New returns the handler of every route. It reports all problems of the configuration together.
func New(c Config) (http.Handler, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	if c.Metrics == nil {
		c.Metrics = NewMetrics()
	}
	return newAPI(c)
}
