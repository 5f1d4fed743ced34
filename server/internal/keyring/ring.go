package keyring

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/server/internal/audit"
)

// RetiredFor is how long a retired key verifies: the longest life of an access token, and the most
// that a verifier's leeway may add.
const RetiredFor = 24*time.Hour + 5*time.Minute

// Config is what a Ring works with. Every field is required, but Existing.
type Config struct {
	Store     Store
	Master    Master
	Algorithm durward.Algorithm // of keys to come
	Existing  bool              // never make the first keys
	Clock     func() time.Time
}

// Ring holds the signing keys. It signs with the active one and verifies with all, and is safe
// for concurrent use. It implements durward.KeySource and durward.SigningKeySource.
type Ring struct {
	config  Config
	sealer  sealer
	reload  sync.Mutex
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

type ringKey struct {
	Record
	signing *durward.SigningKey
}

// Open loads the ring. On empty storage it makes the first keys, one active and one next.
// It returns an error that wraps ErrMasterWrong when the stored keys were sealed under another master key.
func Open(ctx context.Context, c Config) (*Ring, error) {
	sealer, err := newSealer(c.Master)
	if err != nil {
		return nil, err
	}
	r := &Ring{config: c, sealer: sealer}
	err = r.Reload(ctx)
	if errors.Is(err, ErrNoKeys) && !c.Existing {
		if err := r.install(ctx); err != nil && !errors.Is(err, ErrConflict) {
			return nil, err
		}
		err = r.Reload(ctx)
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

// ErrNoKeys says that no server has ever run on the data.
var ErrNoKeys = errors.New("there are no signing keys yet: durward serve makes them")

func (r *Ring) install(ctx context.Context) error {
	active, err := r.generate(Active)
	if err != nil {
		return err
	}
	next, err := r.generate(Next)
	if err != nil {
		return err
	}
	e := audit.Event{Time: active.CreatedAt, Action: audit.KeyCreate, Outcome: audit.Success, ActorName: "server", Target: active.KeyID, Count: 1}
	if err := r.config.Store.InstallKeys(ctx, []Record{active, next}, e); err != nil {
		return fmt.Errorf("install signing keys: %w", err)
	}
	return nil
}

func (r *Ring) generate(state State) (Record, error) {
	key, err := durward.GenerateKey(r.config.Algorithm)
	if err != nil {
		return Record{}, err
	}
	secret, err := key.MarshalPrivateJWK()
	if err != nil {
		return Record{}, err
	}
	now := r.config.Clock()
	record := Record{KeyID: key.ID(), Algorithm: string(key.Algorithm()), State: state, Sealed: r.sealer.seal(key.ID(), secret), CreatedAt: now}
	if state == Active {
		record.ActivatedAt = now
	}
	return record, nil
}

// Reload reads the keys again. Keys that have not changed stay the same objects, so that tokens which
// were verified with them stay cached.
func (r *Ring) Reload(ctx context.Context) error {
	r.reload.Lock()
	defer r.reload.Unlock()
	records, err := r.config.Store.Keys(ctx, r.config.Clock())
	if err != nil {
		return fmt.Errorf("load signing keys: %w", err)
	}
	if len(records) == 0 {
		return ErrNoKeys
	}
	before := r.current.Load()
	loaded := &snapshot{byID: make(map[string]*ringKey, len(records))}
	for _, record := range records {
		key := &ringKey{Record: record}
		if before != nil && before.byID[record.KeyID] != nil {
			key.signing = before.byID[record.KeyID].signing
		} else if key.signing, err = r.unseal(record); err != nil {
			return err
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

func (r *Ring) unseal(record Record) (*durward.SigningKey, error) {
	secret, err := r.sealer.open(record.KeyID, record.Sealed)
	if err != nil {
		return nil, err
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
		public = append(public, key.signing.Public())
	}
	set, err := durward.NewKeySet(public...)
	if err != nil {
		return nil, err
	}
	return set.MarshalJWKS()
}

// Lookup implements durward.KeySource.
func (r *Ring) Lookup(_ context.Context, algorithm durward.Algorithm, id string) (*durward.VerificationKey, error) {
	key := r.current.Load().byID[id]
	if key == nil || key.signing.Algorithm() != algorithm {
		return nil, durward.ErrTokenKey
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

// Records returns the keys in order of creation. Their private parts stay sealed.
func (r *Ring) Records() []Record {
	keys := r.current.Load().keys
	records := make([]Record, len(keys))
	for i, key := range keys {
		records[i] = key.Record
	}
	return records
}

// Rotate makes the next key active, retires the active one and publishes a new next key. It is safe to call
// from several processes: one wins, the others reload and return ErrConflict.
//
// Tokens of the retired key are verified until they have expired.
func (r *Ring) Rotate(ctx context.Context, e audit.Event) error {
	s := r.current.Load()
	if s.next == nil {
		return errors.New("rotate signing keys: there is no next key")
	}
	added, err := r.generate(Next)
	if err != nil {
		return fmt.Errorf("rotate signing keys: %w", err)
	}
	e.Action, e.Outcome, e.Time, e.Target, e.Count = audit.KeyRotate, audit.Success, added.CreatedAt, s.next.KeyID, 1
	err = r.config.Store.RotateKeys(ctx, Rotation{
		Retire: s.active.KeyID, Activate: s.next.KeyID, Add: added,
		Now: added.CreatedAt, RetiredUntil: added.CreatedAt.Add(RetiredFor),
	}, e)
	if err != nil && !errors.Is(err, ErrConflict) {
		return fmt.Errorf("rotate signing keys: %w", err)
	}
	if reloaded := r.Reload(ctx); reloaded != nil {
		return fmt.Errorf("rotate signing keys: %w", reloaded)
	}
	return err
}

// RotateIfOlder rotates when the active key has been signing for at least age and the next one has been published
// for at least published. It says whether it did.
func (r *Ring) RotateIfOlder(ctx context.Context, age, published time.Duration) (bool, error) {
	s, now := r.current.Load(), r.config.Clock()
	if s.next == nil || now.Sub(s.active.ActivatedAt) < age || now.Sub(s.next.CreatedAt) < published {
		return false, nil
	}
	err := r.Rotate(ctx, audit.Event{ActorName: "server", Reason: "schedule"})
	if errors.Is(err, ErrConflict) {
		return false, nil
	}
	return err == nil, err
}
