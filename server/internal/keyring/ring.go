package keyring

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/revocation"
	"github.com/durward-auth/durward/server/internal/audit"
)

// Config is what a Ring works with. Every field is required, but Existing, Renew and OnRevoke.
type Config struct {
	Store     Store
	Master    Master
	Algorithm durward.Algorithm // of keys to come
	Schedule  Schedule
	Existing  bool // never make the first keys
	Clock     func() time.Time
	// Renew reads the master key again when another process has replaced it.
	Renew func() (Master, error)
	// OnRevoke is told of a revocation as soon as it is stored.
	OnRevoke func(...revocation.Entry)
}

// Ring holds the signing keys. It signs with the active one and verifies with all, and is safe
// for concurrent use. It implements durward.KeySource and durward.SigningKeySource.
type Ring struct {
	config  Config
	root    root
	lock    atomic.Pointer[lock]
	reload  sync.Mutex
	seen    map[string]time.Time // when this process saw a key first; under reload
	current atomic.Pointer[snapshot]
}

// snapshot is the ring at one moment; it is never changed.
type snapshot struct {
	keys   []*ringKey
	byID   map[string]*ringKey
	active *ringKey
	next   *ringKey
	jwks   []byte
}

// ringKey has no signing key once it is revoked.
type ringKey struct {
	Record
	signing *durward.SigningKey
	seen    time.Time
}

// Open loads the ring. On empty storage it makes the first keys, one active and one next.
// It returns an error that wraps ErrMasterWrong when the stored keys were sealed under another master key.
func Open(ctx context.Context, c Config) (*Ring, error) {
	r := &Ring{config: c, seen: map[string]time.Time{}}
	if err := r.hold(c.Master); err != nil {
		return nil, err
	}
	if err := r.checkMaster(ctx); err != nil {
		return nil, err
	}
	err := r.Reload(ctx)
	if errors.Is(err, ErrNoKeys) && !c.Existing {
		if err := r.install(ctx); err != nil && !errors.Is(err, ErrConflict) {
			return nil, err
		}
		err = r.Reload(ctx)
	}
	if err != nil {
		return nil, err
	}
	return r, r.openRoot(ctx)
}

// Algorithms returns those that signing keys may have.
func Algorithms() []durward.Algorithm {
	return []durward.Algorithm{
		durward.ES256, durward.ES384, durward.ES512, durward.EdDSA, durward.Ed25519,
		durward.RS256, durward.RS384, durward.RS512, durward.PS256, durward.PS384, durward.PS512,
		durward.HS256, durward.HS384, durward.HS512,
	}
}

// ErrNoKeys says that no server has ever run on the data.
var ErrNoKeys = errors.New("there are no signing keys yet: durward serve makes them")

func (r *Ring) install(ctx context.Context) error {
	held := r.lock.Load()
	active, err := r.generate(held, Active)
	if err != nil {
		return err
	}
	next, err := r.generate(held, Next)
	if err != nil {
		return err
	}
	e := audit.Event{Time: active.CreatedAt, Action: audit.KeyCreate, Outcome: audit.Success, ActorName: "server", Target: active.KeyID, Count: 1}
	if err := r.config.Store.InstallKeys(ctx, []Record{active, next}, e); err != nil {
		return fmt.Errorf("install signing keys: %w", err)
	}
	return nil
}

// generate seals a new key under a master key, whose id must go to the store with it: another may take its place meanwhile.
func (r *Ring) generate(held *lock, state State) (Record, error) {
	return generate(held, r.config.Algorithm, r.config.Schedule.TokenLife, r.config.Clock(), state)
}

func generate(l *lock, algorithm durward.Algorithm, life time.Duration, now time.Time, state State) (Record, error) {
	key, err := durward.GenerateKey(algorithm)
	for err == nil && strings.HasPrefix(key.ID(), "-") { // which a command line takes for an option
		key, err = durward.GenerateKey(algorithm)
	}
	if err != nil {
		return Record{}, err
	}
	secret, err := key.MarshalPrivateJWK()
	if err != nil {
		return Record{}, err
	}
	record := Record{
		KeyID: key.ID(), Algorithm: string(key.Algorithm()), State: state, Sealed: l.seal(key.ID(), secret),
		CreatedAt: now, TokenLife: life,
	}
	if state == Active {
		record.ActivatedAt = now
	}
	return record, nil
}

// Generate makes an active and a next key, whose tokens live for at most life, sealed under the master key.
func Generate(m Master, algorithm durward.Algorithm, life time.Duration, now time.Time) ([]Record, error) {
	held, err := newLock(m)
	if err != nil {
		return nil, err
	}
	active, err := generate(held, algorithm, life, now, Active)
	if err != nil {
		return nil, err
	}
	next, err := generate(held, algorithm, life, now, Next)
	if err != nil {
		return nil, err
	}
	return []Record{active, next}, nil
}

// Reload reads the keys again. Keys that have not changed stay the same objects, so that tokens which
// were verified with them stay cached.
func (r *Ring) Reload(ctx context.Context) error {
	r.reload.Lock()
	defer r.reload.Unlock()
	outdated := r.follow(ctx)
	records, err := r.records(ctx)
	if err != nil {
		return fmt.Errorf("load signing keys: %w", err)
	}
	if len(records) == 0 {
		return errors.Join(outdated, ErrNoKeys)
	}
	before := r.current.Load()
	loaded := &snapshot{byID: make(map[string]*ringKey, len(records))}
	for _, record := range records {
		key := &ringKey{Record: record, seen: r.firstSeen(record.KeyID)}
		switch {
		case record.State == Revoked:
		case before != nil && before.signing(record.KeyID) != nil:
			key.signing = before.signing(record.KeyID)
		case outdated != nil:
			return outdated
		default:
			if key.signing, err = r.unseal(record); err != nil {
				return err
			}
		}
		loaded.add(key)
	}
	if loaded.active == nil {
		return errors.New("load signing keys: none of them is active")
	}
	if loaded.jwks, err = loaded.marshal(); err != nil {
		return fmt.Errorf("publish signing keys: %w", err)
	}
	r.current.Store(loaded)
	return nil
}

// records returns the keys. Before this process signs with one, the store knows how long its tokens may live.
func (r *Ring) records(ctx context.Context) ([]Record, error) {
	records, err := r.config.Store.Keys(ctx, r.config.Clock())
	if err != nil {
		return nil, err
	}
	life := r.config.Schedule.TokenLife
	for _, record := range records {
		if record.TokenLife < life && (record.State == Active || record.State == Next) {
			if err := r.config.Store.RaiseTokenLife(ctx, life); err != nil {
				return nil, err
			}
			return r.config.Store.Keys(ctx, r.config.Clock())
		}
	}
	return records, nil
}

func (r *Ring) firstSeen(kid string) time.Time {
	if _, ok := r.seen[kid]; !ok {
		r.seen[kid] = r.config.Clock()
	}
	return r.seen[kid]
}

func (r *Ring) unseal(record Record) (*durward.SigningKey, error) {
	secret, err := r.lock.Load().open(record.KeyID, record.Sealed)
	if err != nil {
		return nil, fmt.Errorf("the signing key %s: %w", record.KeyID, err)
	}
	key, err := durward.ParsePrivateJWK(secret)
	if err != nil {
		return nil, fmt.Errorf("the signing key %s: %w", record.KeyID, err)
	}
	if key.ID() != record.KeyID || string(key.Algorithm()) != record.Algorithm {
		return nil, fmt.Errorf("the signing key %s is not the one that its row names", record.KeyID)
	}
	return key, nil
}

func (s *snapshot) signing(kid string) *durward.SigningKey {
	if key := s.byID[kid]; key != nil {
		return key.signing
	}
	return nil
}

func (s *snapshot) add(key *ringKey) {
	s.keys = append(s.keys, key)
	s.byID[key.KeyID] = key
	switch key.State {
	case Active:
		s.active = key
	case Next:
		s.next = key
	}
}

func (s *snapshot) marshal() ([]byte, error) {
	public := make([]*durward.VerificationKey, 0, len(s.keys))
	for _, key := range s.keys {
		if key.State != Revoked {
			public = append(public, key.signing.Public())
		}
	}
	set, err := durward.NewKeySet(public...)
	if err != nil {
		return nil, err
	}
	return set.MarshalJWKS()
}

// Lookup implements durward.KeySource. For a key that was revoked it returns durward.ErrTokenRevoked.
func (r *Ring) Lookup(_ context.Context, algorithm durward.Algorithm, id string) (*durward.VerificationKey, error) {
	key := r.current.Load().byID[id]
	if key == nil || key.Algorithm != string(algorithm) {
		return nil, durward.ErrTokenKey
	}
	if key.State == Revoked {
		return nil, durward.ErrTokenRevoked
	}
	if key.State == Retired && !r.config.Clock().Before(key.ExpiresAt) {
		return nil, durward.ErrTokenKey
	}
	return key.signing.Public(), nil
}

// SigningKey returns the active key. It implements durward.SigningKeySource.
func (r *Ring) SigningKey(context.Context) (*durward.SigningKey, error) {
	return r.current.Load().active.signing, nil
}

// KeySet returns the public keys as a JSON Web Key Set, for publication (RFC 7517 §5). It must not be
// written to.
func (r *Ring) KeySet() []byte { return r.current.Load().jwks }

// Record returns the key with this kid, or ErrKeyUnknown; the active one for an empty kid.
func (r *Ring) Record(kid string) (Record, error) {
	key, err := r.current.Load().find(kid)
	if err != nil {
		return Record{}, err
	}
	return key.Record, nil
}

// Public returns the key that checks the signatures of a key that was not revoked, the active one for an empty kid. For the HMAC
// algorithms there is none that could be shown to anybody, and the error says so.
func (r *Ring) Public(kid string) (*durward.VerificationKey, error) {
	key, err := r.current.Load().exportable(kid)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(key.Algorithm, "HS") {
		return nil, fmt.Errorf("the key %s has no public half: what it signs is verified with the shared secret", key.KeyID)
	}
	return key.signing.Public(), nil
}

// Private returns a key with its private part or shared secret, the active one for an empty kid, when the audit log has it
// that it was asked for.
func (r *Ring) Private(ctx context.Context, kid string, e audit.Event) (*durward.SigningKey, error) {
	key, err := r.current.Load().exportable(kid)
	if err != nil {
		return nil, err
	}
	e.Action, e.Outcome, e.Time, e.Target, e.Reason, e.Count = audit.KeyExport, audit.Success, r.config.Clock(), key.KeyID, "private", 1
	if err := r.config.Store.RecordEvents(ctx, []audit.Event{e}); err != nil {
		return nil, fmt.Errorf("export signing key: %w", err)
	}
	return key.signing, nil
}

func (s *snapshot) find(kid string) (*ringKey, error) {
	if kid == "" {
		return s.active, nil
	}
	if key := s.byID[kid]; key != nil {
		return key, nil
	}
	return nil, ErrKeyUnknown
}

func (s *snapshot) exportable(kid string) (*ringKey, error) {
	key, err := s.find(kid)
	if err == nil && key.State == Revoked {
		err = fmt.Errorf("the key %s was revoked, and nothing of it is kept", kid)
	}
	if err != nil {
		return nil, err
	}
	return key, nil
}

// Records returns the keys in order of creation. Their private parts stay sealed.
func (r *Ring) Records() []Record {
	keys := r.current.Load().keys
	records := make([]Record, len(keys))
	for i, key := range keys {
		records[i] = key.Record
	}
	return records
}
