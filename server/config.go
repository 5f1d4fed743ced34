package server

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"slices"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/server/internal/feed"
	"github.com/durward-auth/durward/server/internal/keyring"
	"github.com/durward-auth/durward/server/internal/limit"
	"github.com/durward-auth/durward/server/internal/password"
	"github.com/durward-auth/durward/session"
)

// Config says how the server works. DataDir and Issuer are required, the issuer not with Inherit; the zero value of each other
// field is the documented default.
type Config struct {
	// DataDir holds the database (durward.db) and the master key (master.key). It is created with mode 0700.
	DataDir string
	// Database is the URL of a PostgreSQL database, such as postgres://durward@db.internal/durward, that takes the place of
	// durward.db and may be shared by any number of servers. Errors and logs never hold its password.
	Database string
	// NoMigration refuses data with an older schema instead of migrating it: for those who run durward migrate themselves.
	NoMigration bool
	// Inherit takes Issuer, Audience, AccessTTL and PasswordMinLength, where they are not set, from the last server that
	// ran on the data: for commands beside it.
	Inherit bool
	// Existing refuses data without signing keys instead of making some: for commands that only look.
	Existing bool
	// MasterKey is the text of the master key, for deployments that keep it outside DataDir.
	MasterKey string
	// MasterKeyFile is where the master key is instead of DataDir. It is read and never written.
	MasterKeyFile string

	// Issuer is the server's own URL, as clients see it: "iss", and the base of the metadata.
	Issuer string
	// Audience is "aud" of access tokens. The default is the issuer itself.
	Audience []string
	// AccessTTL is the lifetime of access tokens: 15 minutes by default, one second to 24 hours.
	AccessTTL time.Duration
	// RefreshIdle and RefreshAbsolute limit a session: 30 and 90 days by default.
	RefreshIdle, RefreshAbsolute time.Duration
	// RefreshGrace is how long a lost answer can be asked for again: 10 seconds by default.
	RefreshGrace time.Duration

	// Algorithm is that of signing keys to come: ES256 by default. A running server changes over by rotation: it publishes a
	// next key of the algorithm, and signs with it KeyPublish later.
	Algorithm durward.Algorithm
	// KeyRotation is the age at which the active key is replaced: 30 days by default, at least an hour.
	KeyRotation time.Duration
	// KeySetMaxAge is for how long clients may cache the key set: 5 minutes by default, a minute to an hour.
	KeySetMaxAge time.Duration
	// KeyPublish is how long a key is published before it signs: twice KeySetMaxAge by default, and at least KeySetMaxAge.
	KeyPublish time.Duration
	// KeyOverlap is how long at least a retired key verifies. By default it verifies until its last token has expired everywhere:
	// for AccessTTL, the longest that was in use with it, and five minutes. It cannot be less.
	KeyOverlap time.Duration

	// NoStatusLists leaves the place in a status list out of access tokens, and serves no lists.
	NoStatusLists bool
	// StatusListTTL is for how long a status list may be kept: 5 seconds by default, one second to an hour. It bounds how late a
	// verifier that goes by the list learns of a revocation.
	StatusListTTL time.Duration

	// ClosedRegistration refuses POST /register.
	ClosedRegistration bool
	// PasswordMinLength is in code points: 8 by default, and at least.
	PasswordMinLength int
	// SignInLimits are the budgets of failed sign-ins and of registrations; the zero value means limit.DefaultLimits, from
	// which to start when only one is to change.
	SignInLimits limit.Limits
	// HashWorkers is how many passwords are hashed at once: GOMAXPROCS by default.
	HashWorkers int
	// HashProcess hashes passwords in a process of its own, so that nothing else waits for them. The program is started once more
	// with the argument "hash-passwords" alone, and has to call HashPasswords before anything else.
	HashProcess bool

	// TrustedProxies are the networks whose X-Forwarded-For is believed.
	TrustedProxies []netip.Prefix
	// MaxVerifiers is how many verifiers may follow the revocations at once: 4096 by default.
	MaxVerifiers int
	// BehindTLSProxy says that clients speak TLS with a proxy in front.
	BehindTLSProxy bool
	// CORSOrigins are the origins whose pages may call this server.
	CORSOrigins []string
	// MetricsOnMain serves GET /metrics beside the other routes. See [Server.MetricsHandler].
	MetricsOnMain bool
	// AuditRetention is how long audit events are kept: 365 days by default.
	AuditRetention time.Duration

	Version string           // what GET / and the metrics say
	Log     *slog.Logger     // the default discards
	Clock   func() time.Time // the default is time.Now
}

// Check reports every problem of the configuration together, as Open would, and touches nothing.
func (c Config) Check() error {
	_, err := c.checked()
	return err
}

// checked returns the configuration with its defaults, or every problem at once.
func (c Config) checked() (Config, error) {
	setDefaults(&c)
	var problems []error
	require := func(ok bool, format string, args ...any) {
		if !ok {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	require(c.DataDir != "", "the data directory is not set")
	require(c.AccessTTL >= time.Second && c.AccessTTL <= 24*time.Hour, "the access-token lifetime is %v, it must be between 1s and 24h", c.AccessTTL)
	require(c.MasterKey == "" || c.MasterKeyFile == "", "the master key is given both as a text and as a file: give one of them")
	require(slices.Contains(keyring.Algorithms(), c.Algorithm), "the signing algorithm %q is not supported", c.Algorithm)
	require(c.AuditRetention >= 24*time.Hour, "the audit retention is %v, it must be at least 24h", c.AuditRetention)
	require(c.StatusListTTL >= time.Second && c.StatusListTTL <= time.Hour, "the lifetime of status lists is %v, it must be between 1s and 1h", c.StatusListTTL)
	require(c.MaxVerifiers >= 1, "the number of verifiers is %d, it must be at least 1", c.MaxVerifiers)
	require(!slices.Contains(c.Audience, ""), "an audience is empty")
	problems = append(problems, checkIssuer(c.Issuer), c.sessions().Check(), c.passwords().Validate(), c.SignInLimits.Check(), c.schedule().Check())
	for _, origin := range c.CORSOrigins {
		problems = append(problems, checkOrigin(origin))
	}
	if err := errors.Join(problems...); err != nil {
		return Config{}, err
	}
	return c, nil
}

func setDefaults(c *Config) {
	setDefault(&c.AccessTTL, 15*time.Minute)
	policy := session.DefaultPolicy()
	setDefault(&c.RefreshIdle, policy.Idle)
	setDefault(&c.RefreshAbsolute, policy.Absolute)
	setDefault(&c.RefreshGrace, policy.Grace)
	setDefault(&c.Algorithm, durward.ES256)
	setDefault(&c.KeyRotation, 30*24*time.Hour)
	setDefault(&c.KeySetMaxAge, 5*time.Minute)
	setDefault(&c.KeyPublish, 2*c.KeySetMaxAge)
	setDefault(&c.AuditRetention, 365*24*time.Hour)
	setDefault(&c.SignInLimits, limit.DefaultLimits())
	setDefault(&c.MaxVerifiers, 4096)
	setDefault(&c.StatusListTTL, 5*time.Second)
	setDefault(&c.Version, "unknown")
	if len(c.Audience) == 0 {
		c.Audience = []string{c.Issuer}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// statusIssuer is the URL under which the status lists are, or "" where there are none.
func (c Config) statusIssuer() string {
	if c.NoStatusLists {
		return ""
	}
	return c.Issuer
}

func (c Config) sessions() session.Policy {
	return session.Policy{Idle: c.RefreshIdle, Absolute: c.RefreshAbsolute, Grace: c.RefreshGrace}
}

func (c Config) schedule() keyring.Schedule {
	return keyring.Schedule{
		Rotation: c.KeyRotation, Publish: c.KeyPublish, Overlap: c.KeyOverlap, CacheTime: c.KeySetMaxAge, TokenLife: c.tokenLife(),
	}
}

// tokenLife is the longest life of what this process signs: access tokens, and in a server status lists.
func (c Config) tokenLife() time.Duration {
	if c.NoStatusLists || c.Inherit {
		return c.AccessTTL
	}
	return max(c.AccessTTL, feed.ListLifetime(c.StatusListTTL))
}

func (c Config) passwords() password.Policy {
	return password.Policy{MinLength: c.PasswordMinLength, MaxBytes: password.MaxBytes}
}

// checkIssuer holds for an absolute http or https URL without query, fragment and user (RFC 8414 §2).
func checkIssuer(issuer string) error {
	u, err := url.Parse(issuer)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" ||
		u.RawQuery != "" || u.Fragment != "" || u.User != nil || u.String() != issuer {
		return fmt.Errorf("the issuer %q must be the server's URL, such as https://id.example.org", issuer)
	}
	return nil
}

func checkOrigin(origin string) error {
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.Scheme+"://"+u.Host != origin {
		return fmt.Errorf("the origin %q must be scheme, host and port alone, such as https://app.example.org", origin)
	}
	return nil
}
