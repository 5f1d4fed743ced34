package fastkeys_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/fastkeys"
)

const (
	issuer   = "https://issuer.test"
	audience = "orders"
)

func now() time.Time { return time.Unix(1_800_000_000, 0) }

func newVerifier(t testing.TB, keys durward.KeySource) *durward.Verifier {
	t.Helper()
	v, err := durward.NewVerifier(durward.Config{Issuer: issuer, Audience: audience, Keys: keys, Clock: now, CacheBytes: -1})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func tokenOf(t testing.TB, key *durward.SigningKey) string {
	t.Helper()
	signer, err := durward.NewSigner(durward.SignerConfig{Issuer: issuer, Audience: audience, Key: key, Clock: now})
	if err != nil {
		t.Fatal(err)
	}
	token, _, err := signer.Sign(t.Context(), durward.Claims{Subject: "ann"})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// forged is the token of another key that has this one's id.
func forged(t testing.TB, key *durward.SigningKey) string {
	t.Helper()
	return tokenOf(t, generateRSA(t, key.Algorithm(), 1).WithID(key.ID()))
}

// fake is a source whose answers a test changes.
type fake struct {
	lookup func(algorithm durward.Algorithm, id string) (*durward.VerificationKey, error)
}

func (f *fake) Lookup(_ context.Context, algorithm durward.Algorithm, id string) (*durward.VerificationKey, error) {
	return f.lookup(algorithm, id)
}

func setOf(t testing.TB, keys ...*durward.SigningKey) *durward.KeySet {
	t.Helper()
	var public []*durward.VerificationKey
	for _, key := range keys {
		public = append(public, key.Public())
	}
	set, err := durward.NewKeySet(public...)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func newSource(t testing.TB, from durward.KeySource, most int) *fastkeys.Source {
	t.Helper()
	s, err := fastkeys.NewSource(from, most)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func accept(t testing.TB, v *durward.Verifier, token string, times int) {
	t.Helper()
	for i := range times {
		if _, err := v.Verify(t.Context(), token); err != nil {
			t.Fatalf("time %d: got error %v, want the token accepted", i+1, err)
		}
	}
}

func refuse(t testing.TB, v *durward.Verifier, token string) {
	t.Helper()
	if claims, err := v.Verify(t.Context(), token); !errors.Is(err, durward.ErrTokenSignature) || claims.Subject != "" {
		t.Fatalf("got %q and error %v, want %v", claims.Subject, err, durward.ErrTokenSignature)
	}
}

func holds(t testing.TB, s *fastkeys.Source, places, tables int) {
	t.Helper()
	if p, n := s.Tables(); p != places || n != tables {
		t.Errorf("got %d places and %d tables, want %d and %d", p, n, places, tables)
	}
}

func look(t testing.TB, s durward.KeySource, key *durward.SigningKey) *durward.VerificationKey {
	t.Helper()
	found, err := s.Lookup(t.Context(), key.Algorithm(), key.ID())
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestAKeyGetsItsTableAfterItHasProvedItsUse(t *testing.T) {
	for _, algorithm := range algorithms {
		key := generate(t, algorithm)
		s := newSource(t, setOf(t, key), 2)
		v, token, wrong := newVerifier(t, s), tokenOf(t, key), forged(t, key)
		for range 2 * fastkeys.UsesBeforeTable {
			refuse(t, v, wrong)
		}
		holds(t, s, 1, 0)
		accept(t, v, token, fastkeys.UsesBeforeTable-1)
		holds(t, s, 1, 0)
		accept(t, v, token, 1)
		holds(t, s, 1, 1)
		accept(t, v, token, 3)
		refuse(t, v, wrong)
		if got := look(t, s, key); got != look(t, s, key) || got.ID() != key.ID() || got.Algorithm() != algorithm {
			t.Errorf("%s: got %v, and not the same key each time", algorithm, got)
		}
	}
}

func TestWhatTheOtherSourceSaysCounts(t *testing.T) {
	key := generate(t, durward.EdDSA)
	from := &fake{func(durward.Algorithm, string) (*durward.VerificationKey, error) { return key.Public(), nil }}
	s := newSource(t, from, 2)
	accept(t, newVerifier(t, s), tokenOf(t, key), fastkeys.UsesBeforeTable)
	holds(t, s, 1, 1)
	for _, want := range []error{durward.ErrTokenKey, durward.ErrUnavailable, context.Canceled} {
		from.lookup = func(durward.Algorithm, string) (*durward.VerificationKey, error) { return nil, want }
		if got, err := s.Lookup(t.Context(), key.Algorithm(), key.ID()); got != nil || err != want {
			t.Errorf("got %v and error %v, want %v", got, err, want)
		}
	}
	from.lookup = func(durward.Algorithm, string) (*durward.VerificationKey, error) { return nil, nil }
	if got, err := s.Lookup(t.Context(), key.Algorithm(), key.ID()); got != nil || err != nil {
		t.Errorf("got %v and error %v, want what the other source says", got, err)
	}
}

func TestAKeyThatIsReadAnewKeepsItsTable(t *testing.T) {
	key := generate(t, durward.ES256)
	published, err := setOf(t, key).MarshalJWKS()
	if err != nil {
		t.Fatal(err)
	}
	var set *durward.KeySet
	refresh := func() {
		if set, err = durward.ParseKeySet(published); err != nil {
			t.Fatal(err)
		}
	}
	from := &fake{func(algorithm durward.Algorithm, id string) (*durward.VerificationKey, error) {
		return set.Lookup(t.Context(), algorithm, id)
	}}
	refresh()
	s := newSource(t, from, 2)
	first := look(t, s, key)
	accept(t, newVerifier(t, s), tokenOf(t, key), fastkeys.UsesBeforeTable)
	for range 3 {
		refresh()
		if again := look(t, s, key); again != first {
			t.Error("got another key, want the one that has the table")
		}
		holds(t, s, 1, 1)
	}
	// Another public key under the same key id is another key.
	other := generate(t, durward.ES256).WithID(key.ID())
	set = setOf(t, other)
	if again := look(t, s, key); again == first {
		t.Error("got the old key for a new one with its id")
	}
	accept(t, newVerifier(t, s), tokenOf(t, other), 1)
	refuse(t, newVerifier(t, s), tokenOf(t, key))
}

func TestHoweverManyKeysThereAreFewHaveTables(t *testing.T) {
	var keys []*durward.SigningKey
	for i := range 40 {
		keys = append(keys, generate(t, durward.EdDSA).WithID(fmt.Sprint(i)))
	}
	s := newSource(t, setOf(t, keys...), 3)
	v := newVerifier(t, s)
	for _, key := range keys {
		accept(t, v, tokenOf(t, key), fastkeys.UsesBeforeTable+2)
	}
	if places, tables := s.Tables(); places != 3 || tables > 3 {
		t.Errorf("got %d places and %d tables, want 3 and no more", places, tables)
	}
}

func TestAKeyThatIsGoneMakesRoom(t *testing.T) {
	old, busy, fresh := generate(t, durward.EdDSA), generate(t, durward.ES256), generate(t, durward.EdDSA)
	s := newSource(t, setOf(t, old, busy, fresh), 2)
	v := newVerifier(t, s)
	oldToken, busyToken, freshToken := tokenOf(t, old), tokenOf(t, busy), tokenOf(t, fresh)
	accept(t, v, oldToken, fastkeys.UsesBeforeTable)
	accept(t, v, busyToken, fastkeys.UsesBeforeTable)
	holds(t, s, 2, 2)
	gone := look(t, s, old)
	if look(t, s, fresh) != fresh.Public() {
		t.Error("a key without a place: got another key, want it as it came")
	}
	for range 5 * fastkeys.KnocksBeforeTurn {
		accept(t, v, busyToken, 1)
		accept(t, v, freshToken, 1)
	}
	holds(t, s, 2, 2)
	if look(t, s, busy) == busy.Public() || look(t, s, fresh) == fresh.Public() {
		t.Error("a key in use has no place")
	}
	if look(t, s, old) != old.Public() {
		t.Error("the key that is out of use still has its place")
	}
	// Whoever still holds the key can go on.
	accept(t, newVerifier(t, gone), oldToken, 2*fastkeys.UsesBeforeTable)
	refuse(t, newVerifier(t, gone), forged(t, old))
	holds(t, s, 2, 2)
}

func TestOtherKeysComeAsTheyAre(t *testing.T) {
	for _, algorithm := range []durward.Algorithm{durward.HS256, durward.PS256, durward.ES384, durward.ES512} {
		key := generate(t, algorithm)
		s := newSource(t, setOf(t, key), 1)
		if got := look(t, s, key); got != key.Public() {
			t.Errorf("%s: got %v, want the key as it came", algorithm, got)
		}
		holds(t, s, 0, 0)
	}
}

func TestASourceIsUsedByManyAtOnce(t *testing.T) {
	var keys []*durward.SigningKey
	var tokens []string
	for i := range 6 {
		keys = append(keys, generate(t, algorithms[3+i%3]).WithID(fmt.Sprint(i)))
		tokens = append(tokens, tokenOf(t, keys[i]))
	}
	s := newSource(t, setOf(t, keys...), 2)
	v, wrong := newVerifier(t, s), forged(t, keys[0])
	var group sync.WaitGroup
	for worker := range 8 {
		group.Go(func() {
			for i := range 400 {
				if _, err := v.Verify(t.Context(), tokens[(i/40+worker)%len(tokens)]); err != nil {
					t.Errorf("got error %v, want the token accepted", err)
				}
				if i%16 == 0 {
					if _, err := v.Verify(t.Context(), wrong); !errors.Is(err, durward.ErrTokenSignature) {
						t.Errorf("got error %v, want %v", err, durward.ErrTokenSignature)
					}
				}
			}
		})
	}
	group.Wait()
	if places, tables := s.Tables(); places != 2 || tables > 2 {
		t.Errorf("got %d places and %d tables, want 2 and no more", places, tables)
	}
}

func TestASourceSaysWhatIsWrongWithItsConfiguration(t *testing.T) {
	set := setOf(t, generate(t, durward.EdDSA))
	for _, most := range []int{-1, 0, 1025} {
		if s, err := fastkeys.NewSource(set, most); err == nil || s != nil {
			t.Errorf("room for %d keys: got %v and %v, want an error alone", most, s, err)
		}
	}
	if s, err := fastkeys.NewSource(nil, 1); err == nil || s != nil {
		t.Errorf("no source: got %v and %v, want an error alone", s, err)
	}
}
