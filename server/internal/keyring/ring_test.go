package keyring_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/keyring"
	"github.com/durward-auth/durward/server/internal/store"
)

// world is one database with a clock that the test moves.
type world struct {
	t      *testing.T
	db     *store.DB
	path   string
	master keyring.Master
	now    time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC), path: filepath.Join(t.TempDir(), "durward.db")}
	var err error
	if w.master, err = keyring.CreateMaster(filepath.Join(t.TempDir(), "master.key")); err != nil {
		t.Fatal(err)
	}
	if w.db, err = store.Open(t.Context(), store.Config{Path: w.path, Clock: w.clock}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.db.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

func (w *world) clock() time.Time { return w.now }

func (w *world) open() *keyring.Ring {
	w.t.Helper()
	ring, err := w.tryOpen(durward.ES256)
	if err != nil {
		w.t.Fatal(err)
	}
	return ring
}

func (w *world) tryOpen(algorithm durward.Algorithm) (*keyring.Ring, error) {
	return keyring.Open(w.t.Context(), w.config(algorithm))
}

func (w *world) config(algorithm durward.Algorithm) keyring.Config {
	return keyring.Config{Store: w.db, Master: w.master, Algorithm: algorithm, Schedule: schedule, Clock: w.clock}
}

var schedule = keyring.Schedule{Rotation: 720 * time.Hour, Publish: 10 * time.Minute, CacheTime: 5 * time.Minute, TokenLife: 15 * time.Minute}

func (w *world) sign(ring *keyring.Ring) string {
	w.t.Helper()
	signer, err := durward.NewSigner(durward.SignerConfig{Issuer: "https://id.test", Audience: "test", Key: ring, Clock: w.clock})
	if err != nil {
		w.t.Fatal(err)
	}
	token, _, err := signer.Sign(w.t.Context(), durward.Claims{Subject: "ada"})
	if err != nil {
		w.t.Fatal(err)
	}
	return token
}

func (w *world) verify(ring *keyring.Ring, token string) error {
	w.t.Helper()
	verifier, err := durward.NewVerifier(durward.Config{Issuer: "https://id.test", Audience: "test", Keys: ring, Clock: w.clock})
	if err != nil {
		w.t.Fatal(err)
	}
	_, err = verifier.Verify(w.t.Context(), token)
	return err
}

func states(ring *keyring.Ring) string {
	var all []string
	for _, record := range ring.Records() {
		all = append(all, string(record.State))
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

func published(t *testing.T, ring *keyring.Ring) int {
	t.Helper()
	var set struct{ Keys []map[string]any }
	if err := json.Unmarshal(ring.KeySet(), &set); err != nil {
		t.Fatal(err)
	}
	for _, key := range set.Keys {
		for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "k"} {
			if _, there := key[private]; there {
				t.Errorf("the published key set holds the private member %q", private)
			}
		}
	}
	return len(set.Keys)
}

func TestFirstKeysAreOneActiveAndOneNext(t *testing.T) {
	w := newWorld(t)
	ring := w.open()
	if got, want := states(ring), "active next"; got != want {
		t.Errorf("states: got %q, want %q", got, want)
	}
	if got := published(t, ring); got != 2 {
		t.Errorf("published keys: got %d, want 2: the next key must be known before it signs", got)
	}
	if again := w.open(); string(again.KeySet()) != string(ring.KeySet()) {
		t.Error("a second start publishes other keys")
	}
}

func TestRotationKeepsOldTokensValidUntilTheyExpire(t *testing.T) {
	w := newWorld(t)
	ring := w.open()
	old := w.sign(ring)
	if err := ring.Rotate(t.Context(), audit.Event{}); err != nil {
		t.Fatal(err)
	}
	if got, want := states(ring), "active next retired"; got != want {
		t.Errorf("states: got %q, want %q", got, want)
	}
	for name, token := range map[string]string{"old": old, "new": w.sign(ring)} {
		if err := w.verify(ring, token); err != nil {
			t.Errorf("the %s token after a rotation: got %v, want none", name, err)
		}
	}
	key, err := ring.SigningKey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, err = ring.Lookup(t.Context(), durward.ES256, key.ID())
	if err != nil {
		t.Errorf("the active key: got %v, want none", err)
	}
	records := ring.Records()
	retired := records[slices.IndexFunc(records, func(r keyring.Record) bool { return r.State == keyring.Retired })]
	w.now = w.now.Add(schedule.TokenLife + keyring.Leeway)
	if _, err := ring.Lookup(t.Context(), durward.ES256, retired.KeyID); !errors.Is(err, durward.ErrTokenKey) {
		t.Errorf("a retired key after its time: got %v, want ErrTokenKey", err)
	}
	if err := ring.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, want := states(ring), "active next"; got != want {
		t.Errorf("states after the retired key's time: got %q, want %q", got, want)
	}
}

func TestReloadFollowsAnotherProcessAndKeepsKeyObjects(t *testing.T) {
	w := newWorld(t)
	here, there := w.open(), w.open()
	before, err := here.SigningKey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := there.Rotate(t.Context(), audit.Event{}); err != nil {
		t.Fatal(err)
	}
	token := w.sign(there)
	if err := here.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := w.verify(here, token); err != nil {
		t.Errorf("a token of the other process after a reload: got %v, want none", err)
	}
	after, err := here.Lookup(t.Context(), durward.ES256, before.ID())
	if err != nil {
		t.Fatal(err)
	}
	if after != before.Public() {
		t.Error("the reload replaced a key that had not changed: cached tokens are lost")
	}
}

func TestOneOfManyRotationsAtOnceWins(t *testing.T) {
	w := newWorld(t)
	const processes = 8
	rings := make([]*keyring.Ring, processes)
	for i := range rings {
		rings[i] = w.open()
	}
	results := make([]error, processes)
	var group sync.WaitGroup
	for i, ring := range rings {
		group.Go(func() { results[i] = ring.Rotate(context.Background(), audit.Event{}) })
	}
	group.Wait()
	won := 0
	for i, err := range results {
		switch {
		case err == nil:
			won++
		case !errors.Is(err, keyring.ErrConflict):
			t.Errorf("rotation %d: got %v, want ErrConflict", i, err)
		}
	}
	if won != 1 {
		t.Errorf("rotations that won: got %d, want 1", won)
	}
	for i, ring := range rings {
		if got, want := states(ring), "active next retired"; got != want {
			t.Errorf("ring %d: got %q, want %q", i, got, want)
		}
	}
}

func TestManyFirstStartsAtOnceAgree(t *testing.T) {
	w := newWorld(t)
	sets := make([]string, 5)
	var group sync.WaitGroup
	for i := range sets {
		group.Go(func() {
			ring, err := keyring.Open(context.Background(), w.config(durward.ES256))
			if err != nil {
				t.Errorf("start %d: %v", i, err)
				return
			}
			sets[i] = string(ring.KeySet())
		})
	}
	group.Wait()
	for i, set := range sets {
		if set != sets[0] {
			t.Errorf("E06: start %d publishes other keys than start 0", i)
		}
	}
}

func TestScheduleRotatesOnlyWhatIsOldAndPublished(t *testing.T) {
	w := newWorld(t)
	ring := w.open()
	for _, step := range []struct {
		name string
		wait time.Duration
		want bool
	}{
		{"a young key stays", 0, false},
		{"an old key is replaced", 720 * time.Hour, true},
		{"the next one is young again", time.Minute, false},
		{"until it is old", 720 * time.Hour, true},
	} {
		w.now = w.now.Add(step.wait)
		got, err := ring.Keep(t.Context())
		if err != nil || got != step.want {
			t.Errorf("%s: got %v, %v, want %v", step.name, got, err, step.want)
		}
	}
}

// A key set that is too large is refused as a whole, so that no rotation makes one, and revoking needs no room.
func TestTheKeySetNeverGrowsTooLarge(t *testing.T) {
	w := newWorld(t)
	ring := w.open()
	first := inState(t, ring, keyring.Active)
	for range keyring.MaxKeys - 2 {
		if err := ring.Rotate(t.Context(), audit.Event{}); err != nil {
			t.Fatal(err)
		}
	}
	holds := func() {
		t.Helper()
		set, err := durward.ParseKeySet(ring.KeySet())
		if err != nil || len(set.Keys()) != keyring.MaxKeys {
			t.Fatalf("the key set: got %d keys, %v, want %d", len(set.Keys()), err, keyring.MaxKeys)
		}
		before := ring.Records()
		if err := ring.Rotate(t.Context(), audit.Event{}); !errors.Is(err, keyring.ErrTooManyKeys) {
			t.Fatalf("one more rotation: got %v, want ErrTooManyKeys", err)
		}
		if !slices.Equal(ring.Records(), before) {
			t.Error("a refused rotation changed the keys")
		}
	}
	holds()
	if err := ring.Revoke(t.Context(), inState(t, ring, keyring.Active), audit.Event{}); err != nil {
		t.Fatalf("revoke the active key: %v", err)
	}
	holds()
	if err := ring.Revoke(t.Context(), first, audit.Event{}); err != nil {
		t.Fatal(err)
	}
	if err := ring.Rotate(t.Context(), audit.Event{}); err != nil {
		t.Errorf("a rotation after a retired key was revoked: got %v, want none", err)
	}
	holds()
	w.now = w.now.Add(schedule.TokenLife + keyring.Leeway)
	if err := ring.Rotate(t.Context(), audit.Event{}); err != nil {
		t.Errorf("a rotation after the retired keys have expired: got %v, want none", err)
	}
}

// E11: the private parts of expired keys are erased; then a clock that goes back neither brings them back nor stops a server.
func TestE11AnErasedKeyStaysExpiredWhenTheClockGoesBack(t *testing.T) {
	w := newWorld(t)
	ring := w.open()
	token, old := w.sign(ring), inState(t, ring, keyring.Active)
	begin := w.now
	for range 2 {
		if err := ring.Rotate(t.Context(), audit.Event{}); err != nil {
			t.Fatal(err)
		}
		w.now = w.now.Add(schedule.TokenLife + keyring.Leeway)
	}
	w.now = begin
	for name, ring := range map[string]*keyring.Ring{"running": ring, "started": w.open()} {
		if err := ring.Reload(t.Context()); err != nil {
			t.Fatalf("E11: %s: %v", name, err)
		}
		if err := w.verify(ring, token); !errors.Is(err, durward.ErrTokenKey) {
			t.Errorf("E11: %s: a token of the erased key: got %v, want ErrTokenKey", name, err)
		}
		if err := w.verify(ring, w.sign(ring)); err != nil {
			t.Errorf("E11: %s: a new token: got %v, want none", name, err)
		}
		if err := ring.Revoke(t.Context(), old, audit.Event{}); !errors.Is(err, keyring.ErrKeyExpired) {
			t.Errorf("E11: %s: revoke the erased key: got %v, want ErrKeyExpired", name, err)
		}
	}
}

// A kid is an argument of commands: one that begins with a hyphen would be taken for an option.
func TestNoKeyIDBeginsWithAHyphen(t *testing.T) {
	w := newWorld(t)
	ring := w.open()
	for range 150 { // of random ids nine in ten such series have one
		if err := ring.Revoke(t.Context(), inState(t, ring, keyring.Next), audit.Event{}); err != nil {
			t.Fatal(err)
		}
		if kid := inState(t, ring, keyring.Next); strings.HasPrefix(kid, "-") {
			t.Fatalf("got the kid %q, want one that is no option", kid)
		}
	}
}

func TestEveryAlgorithmSignsAndIsPublishedUnlessSecret(t *testing.T) {
	for _, algorithm := range []durward.Algorithm{durward.ES256, durward.ES384, durward.ES512, durward.EdDSA, durward.Ed25519, durward.RS256, durward.PS256, durward.HS256, durward.HS512} {
		t.Run(string(algorithm), func(t *testing.T) {
			w := newWorld(t)
			ring, err := w.tryOpen(algorithm)
			if err != nil {
				t.Fatal(err)
			}
			if err := w.verify(ring, w.sign(ring)); err != nil {
				t.Errorf("a token of the ring: got %v, want none", err)
			}
			want := 2
			if strings.HasPrefix(string(algorithm), "HS") {
				want = 0
			}
			if got := published(t, ring); got != want {
				t.Errorf("published keys: got %d, want %d", got, want)
			}
		})
	}
}

func TestAnotherMasterKeyIsRefusedAndChangesNothing(t *testing.T) {
	w := newWorld(t)
	want := w.open().KeySet()
	right := w.master
	var err error
	if w.master, err = keyring.CreateMaster(filepath.Join(t.TempDir(), "master.key")); err != nil {
		t.Fatal(err)
	}
	if _, err := w.tryOpen(durward.ES256); !errors.Is(err, keyring.ErrMasterWrong) {
		t.Errorf("E08: got %v, want ErrMasterWrong", err)
	}
	w.master = right
	if got := w.open().KeySet(); string(got) != string(want) {
		t.Error("E08: the refused start changed the keys")
	}
}

func TestNoPrivateKeyIsReadableAtRest(t *testing.T) {
	w := newWorld(t)
	ring := w.open()
	key, err := ring.SigningKey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	private, err := key.MarshalPrivateJWK()
	if err != nil {
		t.Fatal(err)
	}
	var members struct{ D string }
	if err := json.Unmarshal(private, &members); err != nil || members.D == "" {
		t.Fatalf("the private key has no d: %v", err)
	}
	for _, suffix := range []string{"", "-wal"} {
		stored, err := os.ReadFile(w.path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(stored), members.D) {
			t.Errorf("E07: durward.db%s holds the private key in the clear", suffix)
		}
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if got := fmt.Sprintf(verb, w.master); got != "[secret]" {
			t.Errorf("the master key under %s: got %q, want [secret]", verb, got)
		}
	}
}

// swapped hands out stored keys with the sealed parts of two rows exchanged.
type swapped struct{ keyring.Store }

func (s swapped) Keys(ctx context.Context, now time.Time) ([]keyring.Record, error) {
	records, err := s.Store.Keys(ctx, now)
	if len(records) > 1 {
		records[0].Sealed, records[1].Sealed = records[1].Sealed, records[0].Sealed
	}
	return records, err
}

func TestTwoRowsWithExchangedSecretsAreRefused(t *testing.T) {
	w := newWorld(t)
	w.open()
	config := w.config(durward.ES256)
	config.Store = swapped{w.db}
	_, err := keyring.Open(t.Context(), config)
	if !errors.Is(err, keyring.ErrMasterWrong) {
		t.Errorf("E07: got %v, want ErrMasterWrong", err)
	}
}
