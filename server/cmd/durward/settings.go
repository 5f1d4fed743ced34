package main

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/server"
)

// tokenSettings are the flags that say what tokens hold.
type tokenSettings struct {
	Issuer    string        `help:"The server's own URL as clients see it; by default the address it listens on." placeholder:"URL"`
	Audience  []string      `help:"Audience of access tokens; by default the issuer." placeholder:"NAME"`
	AccessTTL time.Duration `name:"access-ttl" help:"Lifetime of access tokens, at most 24h. By default ${default}." default:"15m" placeholder:"DURATION"`
}

// inheritedTokens are the same flags for commands beside a server.
type inheritedTokens struct {
	Issuer    string        `help:"The server's own URL; by default that of the last server on this data." placeholder:"URL"`
	Audience  []string      `help:"Audience of access tokens; by default that of the last server on this data." placeholder:"NAME"`
	AccessTTL time.Duration `name:"access-ttl" help:"Lifetime of access tokens; by default that of the last server on this data." placeholder:"DURATION"`
}

// inheritedPasswords is the same flag as passwordSettings for commands beside a server.
type inheritedPasswords struct {
	PasswordMinLength int `help:"Least number of characters in a password; by default that of the last server on this data." placeholder:"N"`
}

// passwordSettings are the flags that say which passwords are accepted.
type passwordSettings struct {
	PasswordMinLength int `help:"Least number of characters in a password. NIST SP 800-63B-4 asks for 15 where a password is the only factor. By default ${default}." default:"8" placeholder:"N"`
}

// keySettings are the flags that say how signing keys change.
type keySettings struct {
	SigningAlgorithm string        `aliases:"algorithm" env:"DURWARD_SIGNING_ALGORITHM,DURWARD_ALGORITHM" help:"Algorithm of signing keys to come: ${enum}. A change takes effect when a key of it has been published for --key-publish." default:"ES256" enum:"ES256,ES384,ES512,EdDSA,Ed25519,RS256,RS384,RS512,PS256,PS384,PS512,HS256,HS384,HS512"`
	KeyRotation      time.Duration `help:"Age at which the signing key is replaced, at least 1h. By default ${default}." default:"720h" placeholder:"DURATION"`
	KeySetMaxAge     time.Duration `help:"For how long verifiers may cache the key set, 1m to 1h. By default ${default}." default:"5m" placeholder:"DURATION"`
	KeyPublish       time.Duration `help:"How long a key is published before it signs; at least --key-set-max-age, and twice that by default." placeholder:"DURATION"`
	KeyOverlap       time.Duration `help:"How long at least a retired key verifies; by default, and at least, --access-ttl and 5m." placeholder:"DURATION"`
}

// serverSettings are all the flags of a server but its addresses.
type serverSettings struct {
	tokenSettings    `embed:""`
	passwordSettings `embed:""`
	keySettings      `embed:""`

	RefreshIdle     time.Duration  `help:"How long a session lives without a refresh. By default ${default}." default:"720h" placeholder:"DURATION"`
	RefreshAbsolute time.Duration  `help:"How long a session lives at most. By default ${default}." default:"2160h" placeholder:"DURATION"`
	RefreshGrace    time.Duration  `help:"How long a refresh whose answer was lost may be repeated. By default ${default}." default:"10s" placeholder:"DURATION"`
	Registration    string         `help:"Whether anybody may register: open or closed." default:"open" enum:"open,closed"`
	AuditRetention  time.Duration  `help:"How long audit events are kept. By default ${default}." default:"8760h" placeholder:"DURATION"`
	TrustedProxy    []netip.Prefix `help:"Network of a proxy whose X-Forwarded-For is believed, such as 10.0.0.0/8." placeholder:"CIDR"`
	BehindTLSProxy  bool           `name:"behind-tls-proxy" help:"A proxy in front speaks TLS with clients: allows a plain listener on any address."`
	StatusLists     string         `help:"Whether access tokens carry a place in a status list: on or off." default:"on" enum:"on,off"`
	StatusListTTL   time.Duration  `name:"status-list-ttl" help:"For how long verifiers may keep a status list. By default ${default}." default:"5s" placeholder:"DURATION"`
	MaxVerifiers    int            `help:"How many verifiers may follow the revocations at once. By default ${default}." default:"4096" placeholder:"N"`
	NoMigrate       bool           `help:"Refuse a database with an older schema instead of migrating it: run durward migrate first."`
	CORSOrigin      []string       `name:"cors-origin" help:"Origin whose pages may call this server." placeholder:"ORIGIN"`
}

// zeros refuses durations and lengths of zero, which would otherwise mean the default.
func (s serverSettings) zeros() error {
	var problems []error
	for _, setting := range []struct {
		flag string
		zero bool
	}{
		{"access-ttl", s.AccessTTL == 0}, {"refresh-idle", s.RefreshIdle == 0}, {"refresh-absolute", s.RefreshAbsolute == 0},
		{"refresh-grace", s.RefreshGrace == 0}, {"key-rotation", s.KeyRotation == 0}, {"audit-retention", s.AuditRetention == 0},
		{"key-set-max-age", s.KeySetMaxAge == 0}, {"password-min-length", s.PasswordMinLength == 0},
		{"max-verifiers", s.MaxVerifiers == 0}, {"status-list-ttl", s.StatusListTTL == 0},
	} {
		if setting.zero {
			problems = append(problems, fmt.Errorf("--%s must not be zero", setting.flag))
		}
	}
	return errors.Join(problems...)
}

// config is the server's configuration as the flags have it.
func (s serverSettings) config(c *commands) server.Config {
	config := dataConfig(c)
	config.Inherit = false
	config.Issuer, config.Audience, config.AccessTTL = s.Issuer, s.Audience, s.AccessTTL
	config.PasswordMinLength = s.PasswordMinLength
	config.RefreshIdle, config.RefreshAbsolute, config.RefreshGrace = s.RefreshIdle, s.RefreshAbsolute, s.RefreshGrace
	config.ClosedRegistration = s.Registration == "closed"
	config.Algorithm = durward.Algorithm(s.SigningAlgorithm)
	config.KeyRotation, config.KeySetMaxAge, config.KeyPublish, config.KeyOverlap = s.KeyRotation, s.KeySetMaxAge, s.KeyPublish, s.KeyOverlap
	config.AuditRetention = s.AuditRetention
	config.TrustedProxies = s.TrustedProxy
	config.BehindTLSProxy = s.BehindTLSProxy
	config.NoStatusLists = s.StatusLists == "off"
	config.StatusListTTL = s.StatusListTTL
	config.MaxVerifiers = s.MaxVerifiers
	config.CORSOrigins = s.CORSOrigin
	config.NoMigration = s.NoMigrate
	return config
}

func (s inheritedTokens) config(c *commands) server.Config {
	config := dataConfig(c)
	config.Issuer = s.Issuer
	config.Audience = s.Audience
	config.AccessTTL = s.AccessTTL
	return config
}

// dataConfig is enough to open the data; the rest is as the last server on it was told.
func dataConfig(c *commands) server.Config {
	return server.Config{
		DataDir:       c.Data,
		Database:      string(c.database),
		MasterKey:     os.Getenv("DURWARD_MASTER_KEY"),
		MasterKeyFile: os.Getenv("DURWARD_MASTER_KEY_FILE"),
		Inherit:       true,
		Version:       version(),
	}
}
