package server

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/revocation"
	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/feed"
	"github.com/durward-auth/durward/server/internal/keyring"
	"github.com/durward-auth/durward/server/internal/limit"
	"github.com/durward-auth/durward/server/internal/password"
	"github.com/durward-auth/durward/server/internal/password/hasher"
	"github.com/durward-auth/durward/server/internal/store"
	"github.com/durward-auth/durward/session"
)

// Data is the server's data opened by one process: the rules over the store and the keys. Commands use it
// beside a running server, which notices what they change within a moment.
type Data struct {
	Accounts *account.Service
	Keys     *keyring.Ring
	Store    *store.DB

	config  Config
	revoked *revocation.Set
	feed    *feed.Hub
	limiter *limit.Limiter
	clients *limit.Limiter // of failed client secrets
	tally   *audit.Tally
	cursors []byte          // key of the cursors that lists hand out
	hasher  *hasher.Process // nil when passwords are hashed here
}

// DatabasePath is where the database of a data directory is.
func DatabasePath(dir string) string { return filepath.Join(dir, "durward.db") }

// MasterKeyPath is where the master key is unless the configuration brings its text.
func MasterKeyPath(dir string) string { return filepath.Join(dir, "master.key") }

// OpenData opens the data directory, and fills an empty one. Every problem of the configuration is
// reported at once. With Inherit, what the configuration does not set is taken from the last
// server that ran on the data.
func OpenData(ctx context.Context, c Config) (*Data, error) {
	early := c
	if c.Inherit {
		setDefault(&early.Issuer, placeholderIssuer)
	}
	if err := early.Check(); err != nil {
		return nil, err
	}
	if c.MasterKey != "" { // before anything is made
		if _, err := keyring.ParseMaster(c.MasterKey); err != nil {
			return nil, fmt.Errorf("DURWARD_MASTER_KEY: %w", err)
		}
	}
	if c.MasterKeyFile != "" {
		if _, err := keyring.ReadMaster(c.MasterKeyFile); err != nil {
			return nil, err
		}
	}
	place, err := c.storage()
	if err != nil {
		return nil, err
	}
	db, err := store.Open(ctx, place)
	if err != nil {
		return nil, err
	}
	d, err := openData(ctx, c, db)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return d, nil
}

// storage says where the data is. The directory is made here where the database does not need it.
func (c Config) storage() (store.Config, error) {
	if c.Database == "" {
		return c.where(), nil
	}
	if c.MasterKey == "" && c.MasterKeyFile == "" && !c.Existing {
		if err := os.MkdirAll(c.DataDir, 0o700); err != nil {
			return store.Config{}, fmt.Errorf("make the data directory: %w", err)
		}
	}
	return c.where(), nil
}

// where says where the database is.
func (c Config) where() store.Config {
	if c.Database != "" {
		return store.Config{URL: c.Database, Clock: c.Clock, NoMigration: c.NoMigration}
	}
	return store.Config{Path: DatabasePath(c.DataDir), Clock: c.Clock, NoMigration: c.NoMigration}
}

func openData(ctx context.Context, c Config, db *store.DB) (*Data, error) {
	var err error
	if c.Inherit {
		if c, err = c.inherit(ctx, db); err != nil {
			return nil, err
		}
	}
	if c, err = c.checked(); err != nil {
		return nil, err
	}
	return newData(ctx, c, db)
}

func newData(ctx context.Context, c Config, db *store.DB) (*Data, error) {
	master, err := openMaster(ctx, c, db)
	if err != nil {
		return nil, err
	}
	revoked := revocation.NewSet(c.Clock)
	ring, err := keyring.Open(ctx, keyring.Config{
		Store: db, Master: master, Algorithm: c.Algorithm, Schedule: c.schedule(), Existing: c.Existing, Clock: c.Clock,
		Renew:    func() (keyring.Master, error) { return readMaster(c, "") },
		OnRevoke: revoked.Add,
	})
	if err != nil {
		return nil, err
	}
	d := &Data{Keys: ring, Store: db, config: c, revoked: revoked, tally: audit.NewTally(maxTally, c.Clock), cursors: ring.Derive("list cursors")}
	if d.limiter, err = limit.New(c.SignInLimits, ring.Derive("sign-in limits"), c.Clock); err != nil {
		return nil, err
	}
	if d.clients, err = limit.New(c.SignInLimits, ring.Derive("client sign-in limits"), c.Clock); err != nil {
		return nil, err
	}
	if c.Database != "" {
		d.limiter.Replicate(rand.Text())
	}
	codec, err := session.NewCodec(ring.Derive("refresh tokens"))
	if err != nil {
		return nil, err
	}
	signer, err := durward.NewSigner(durward.SignerConfig{
		Issuer: c.Issuer, Audience: c.Audience[0], Key: ring, TTL: c.AccessTTL, Clock: c.Clock,
	})
	if err != nil {
		return nil, err
	}
	var runner password.Runner
	if c.HashProcess {
		d.hasher = hasher.New(c.Log)
		runner = d.hasher
	}
	passwords, err := password.NewPool(password.PoolConfig{Workers: c.HashWorkers, Runner: runner})
	if err != nil {
		return nil, err
	}
	d.Accounts, err = account.New(account.Config{
		Store: db, Clients: db, Signer: signer, Audience: c.Audience, Codec: codec, Sessions: c.sessions(), Revoked: d.revoked,
		Passwords: passwords, PasswordPolicy: c.passwords(), Limiter: d.limiter, ClientLimiter: d.clients, Tally: d.tally,
		OpenRegistration: !c.ClosedRegistration, StatusIssuer: c.statusIssuer(), Clock: c.Clock,
	})
	if err != nil {
		return nil, err
	}
	return d, d.load(ctx)
}

// maxTally bounds how many kinds of refusals are told apart between two writes of the audit log.
const maxTally = 1024

// load fills what is held in memory from the store.
func (d *Data) load(ctx context.Context) error {
	now := d.config.Clock()
	var err error
	if d.feed, err = feed.Open(ctx, feed.Config{
		Store: d.Store, Revoked: d.revoked, Kick: d.Store.Revoked(), MaxStreams: d.config.MaxVerifiers, Clock: d.config.Clock,
	}); err != nil {
		return fmt.Errorf("load revocations: %w", err)
	}
	counters, err := d.Store.SignInFailures(ctx, now)
	if err != nil {
		return fmt.Errorf("load failed sign-ins: %w", err)
	}
	d.limiter.Load(counters)
	return nil
}

// Dir is the data directory.
func (d *Data) Dir() string { return d.config.DataDir }

// lists are the status lists of this server, or nil.
func (d *Data) lists() *feed.Lists {
	if d.config.NoStatusLists {
		return nil
	}
	return feed.NewLists(feed.ListsConfig{
		Store: d.Store, Hub: d.feed, Keys: d.Keys, Issuer: d.config.Issuer, Size: account.ListSize,
		URI: func(n int64) string { return account.ListURI(d.config.Issuer, n*account.ListSize) },
		TTL: d.config.StatusListTTL, Clock: d.config.Clock,
	})
}

// Verifier checks this server's access tokens, revocation included.
func (d *Data) Verifier() (*durward.Verifier, error) { return durward.NewVerifier(d.tokens()) }

// tokens is what this server accepts on its own routes.
func (d *Data) tokens() durward.Config {
	return durward.Config{
		Issuer: d.config.Issuer, Audience: d.config.Audience[0], Keys: d.Keys,
		Revocation: durward.RevokedIn(d.revoked), Clock: d.config.Clock,
	}
}

// Close writes what is still in memory and closes the store.
func (d *Data) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if d.hasher != nil {
		d.hasher.Rest()
	}
	return errors.Join(d.flush(ctx), d.Store.Close())
}

// flush writes the refusals that were tallied. Those that cannot be written are kept for the next time.
func (d *Data) flush(ctx context.Context) error {
	events := d.tally.Drain()
	if len(events) == 0 {
		return nil
	}
	if err := d.Store.RecordEvents(ctx, events); err != nil {
		for _, e := range events {
			d.tally.Add(e)
		}
		return fmt.Errorf("write audit events: %w", err)
	}
	return nil
}
