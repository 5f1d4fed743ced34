package revocation_test

import (
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/durward-auth/durward/revocation"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// clock is a clock that a test moves.
type clock struct{ offset atomic.Int64 }

func (c *clock) now() time.Time             { return start.Add(time.Duration(c.offset.Load())) }
func (c *clock) advance(d time.Duration)    { c.offset.Add(int64(d)) }
func newSet() (*revocation.Set, *clock)     { c := &clock{}; return revocation.NewSet(c.now), c }
func in(d time.Duration) (expiry time.Time) { return start.Add(d) }

func TestRevoked(t *testing.T) {
	entries := []revocation.Entry{
		{Kind: revocation.Token, ID: "token-1", ExpiresAt: in(time.Hour)},
		{Kind: revocation.Session, ID: "session-1", ExpiresAt: in(time.Hour)},
		{Kind: revocation.Subject, ID: "user-1", Below: 7, ExpiresAt: in(time.Hour)},
		{Kind: revocation.Key, ID: "key-1", ExpiresAt: in(time.Hour)},
		{Kind: revocation.Session, ID: "", ExpiresAt: in(time.Hour)},
		{Kind: 0, ID: "session-2", ExpiresAt: in(time.Hour)},
		{Kind: 200, ID: "session-2", ExpiresAt: in(time.Hour)},
	}
	type token struct {
		jti, sid, kid, sub string
		version            int64
	}
	tests := map[string]struct {
		token token
		want  revocation.Kind
	}{
		"a token of which nothing is revoked is good":           {token{"token-2", "session-2", "key-2", "user-2", 0}, 0},
		"a revoked token is refused":                            {token{"token-1", "session-2", "key-2", "user-2", 0}, revocation.Token},
		"a token of a revoked session is refused":               {token{"token-2", "session-1", "key-2", "user-2", 0}, revocation.Session},
		"a token of a revoked key is refused":                   {token{"token-2", "session-2", "key-1", "user-2", 0}, revocation.Key},
		"a token below the user's version is refused":           {token{"token-2", "session-2", "key-2", "user-1", 6}, revocation.Subject},
		"a token at the user's version is good":                 {token{"token-2", "session-2", "key-2", "user-1", 7}, 0},
		"a token above the user's version is good":              {token{"token-2", "session-2", "key-2", "user-1", 8}, 0},
		"a negative version is below":                           {token{"token-2", "session-2", "key-2", "user-1", -1}, revocation.Subject},
		"the first kind that matches is named":                  {token{"token-1", "session-1", "key-1", "user-1", 0}, revocation.Token},
		"a name matches only its own kind":                      {token{"session-1", "token-1", "user-1", "key-1", 0}, 0},
		"a name matches as a whole":                             {token{"token-", "session-11", "KEY-1", "user-1 ", 0}, 0},
		"no name at all matches nothing":                        {token{}, 0},
		"an empty session does not match an empty entry":        {token{"token-2", "", "key-2", "user-2", 0}, 0},
		"an entry without a kind matches nothing":               {token{"session-2", "session-2", "session-2", "session-2", -1}, 0},
		"an empty name does not hide the revoked one behind it": {token{"", "", "key-1", "", 0}, revocation.Key},
	}
	set, _ := newSet()
	set.Add(entries...)
	if got, want := set.Len(), 4; got != want {
		t.Errorf("Len: got %d, want %d", got, want)
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			k := tt.token
			got, revoked := set.Revoked(k.jti, k.sid, k.kid, k.sub, k.version)
			if got != tt.want || revoked != (tt.want != 0) {
				t.Errorf("got %v, %v; want %v", got, revoked, tt.want)
			}
		})
	}
}

func TestAddKeepsTheStricterOfTwoEntries(t *testing.T) {
	earlyHigh := revocation.Entry{Kind: revocation.Subject, ID: "user-1", Below: 9, ExpiresAt: in(time.Minute)}
	lateLow := revocation.Entry{Kind: revocation.Subject, ID: "user-1", Below: 3, ExpiresAt: in(time.Hour)}
	for _, order := range [][]revocation.Entry{{earlyHigh, lateLow}, {lateLow, earlyHigh}, {lateLow, earlyHigh, lateLow, earlyHigh}} {
		set, clock := newSet()
		set.Add(order...)
		clock.advance(time.Hour - 1)
		set.Sweep()
		for version, want := range map[int64]bool{8: true, 9: false} {
			if _, got := set.Revoked("", "", "", "user-1", version); got != want || set.Len() != 1 {
				t.Errorf("after %v, version %d: got %v among %d, want %v", order, version, got, set.Len(), want)
			}
		}
		clock.advance(1)
		if got := set.Sweep(); got != 1 {
			t.Errorf("after %v: got %d dropped at the later expiry, want 1", order, got)
		}
	}
}

// An expiry is kept in whole seconds, rounded up.
func TestNoEntryIsDroppedEarly(t *testing.T) {
	for _, part := range []time.Duration{0, 1, 500 * time.Millisecond, time.Second - 1} {
		set, clock := newSet()
		set.Add(revocation.Entry{Kind: revocation.Session, ID: "s", ExpiresAt: in(time.Minute + part)})
		clock.advance(time.Minute + part - 1)
		if got := set.Sweep(); got != 0 {
			t.Errorf("%v past the second: got it dropped before it expires", part)
		}
		clock.advance(time.Second)
		if got := set.Sweep(); got != 1 {
			t.Errorf("%v past the second: got it kept for a second more, want it dropped", part)
		}
	}
}

// F15.
func TestSweepDropsAnEntryAtItsExpiry(t *testing.T) {
	set, clock := newSet()
	set.Add(
		revocation.Entry{Kind: revocation.Session, ID: "short", ExpiresAt: in(time.Minute)},
		revocation.Entry{Kind: revocation.Session, ID: "long", ExpiresAt: in(time.Hour)},
		revocation.Entry{Kind: revocation.Session, ID: "for good"},
		revocation.Entry{Kind: revocation.Session, ID: "far", ExpiresAt: time.Date(9000, 1, 1, 0, 0, 0, 0, time.UTC)},
		revocation.Entry{Kind: revocation.Session, ID: "ancient", ExpiresAt: time.Date(1000, 1, 1, 0, 0, 0, 0, time.UTC)},
	)
	step := func(d time.Duration, wantDropped int, wantLeft ...string) {
		t.Helper()
		clock.advance(d)
		if got := set.Sweep(); got != wantDropped {
			t.Errorf("at %v: got %d dropped, want %d", clock.now(), got, wantDropped)
		}
		if got := set.Len(); got != len(wantLeft) {
			t.Errorf("at %v: got Len %d, want %d", clock.now(), got, len(wantLeft))
		}
		for _, id := range []string{"short", "long", "for good", "far", "ancient"} {
			_, got := set.Revoked("", id, "", "", 0)
			if want := slices.Contains(wantLeft, id); got != want {
				t.Errorf("at %v, %q: got revoked %v, want %v", clock.now(), id, got, want)
			}
		}
	}
	step(0, 1, "short", "long", "for good", "far")
	step(time.Minute-1, 0, "short", "long", "for good", "far")
	step(1, 1, "long", "for good", "far")
	step(time.Hour, 1, "for good", "far")
	step(100*365*24*time.Hour, 0, "for good", "far")
}

// F15: a million revocations of 15 minutes each pass through a set that nobody
// sweeps, 1,000 a minute; 15,000 of them are needed at any time.
func TestASetThatNobodySweepsIsBounded(t *testing.T) {
	set, clock := newSet()
	most := 0
	for i := range uint64(million) {
		if i%1000 == 0 {
			clock.advance(time.Minute)
			most = max(most, set.Len())
		}
		set.Add(revocation.Entry{Kind: revocation.Session, ID: id(9, i), ExpiresAt: clock.now().Add(15 * time.Minute)})
	}
	if limit := 50_000; most > limit {
		t.Errorf("got %d entries at once, want at most %d", most, limit)
	}
	if _, got := set.Revoked("", id(9, million-14_000), "", "", 0); !got {
		t.Error("an entry that has not expired: got not revoked, want revoked")
	}
}

func TestSweepGivesMemoryBack(t *testing.T) {
	set, clock := newSet()
	before := heap()
	for i := range uint64(200_000) {
		set.Add(revocation.Entry{Kind: revocation.Session, ID: id(9, i), ExpiresAt: in(time.Hour)})
	}
	full := heap() - before
	clock.advance(2 * time.Hour)
	set.Sweep()
	left := int64(heap()) - int64(before)
	if left > int64(full)/10 {
		t.Errorf("got %d bytes left of %d, want at most a tenth", left, full)
	}
	if got := set.Len(); got != 0 {
		t.Errorf("got Len %d, want 0", got)
	}
}

// Random acts against a plain map that forgets nothing but what a sweep drops.
func TestSetAgainstAModel(t *testing.T) {
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	type key struct {
		kind revocation.Kind
		id   string
	}
	for round := range 30 {
		set, clock := newSet()
		model := map[key]revocation.Entry{}
		pick := func() string { return id(1, random.Uint64N(400)) }
		check := func(kind revocation.Kind, id string, version int64) {
			names := map[revocation.Kind]string{kind: id}
			_, got := set.Revoked(names[revocation.Token], names[revocation.Session], names[revocation.Key], names[revocation.Subject], version)
			e, want := model[key{kind, id}]
			want = want && (kind != revocation.Subject || version < e.Below)
			// Add may have swept an expired entry: then either answer is right.
			if got != want && !(want && !e.ExpiresAt.After(clock.now())) {
				t.Fatalf("seed %d, round %d: %v %s version %d: got revoked %v, want %v", seed, round, kind, id, version, got, want)
			}
		}
		for range 3000 {
			kind := revocation.Kind(1 + random.IntN(4))
			switch random.IntN(10) {
			case 0, 1, 2, 3:
				e := revocation.Entry{Kind: kind, ID: pick(), Below: random.Int64N(5), ExpiresAt: clock.now().Add(time.Duration(random.IntN(100)) * time.Second)}
				set.Add(e)
				if old, ok := model[key{kind, e.ID}]; ok {
					// Once the old entry has expired, a sweep may have dropped it: then
					// adding what the two make together leaves no doubt.
					e.Below = max(e.Below, old.Below)
					if old.ExpiresAt.After(e.ExpiresAt) {
						e.ExpiresAt = old.ExpiresAt
					}
					set.Add(e)
				}
				model[key{kind, e.ID}] = e
			case 4:
				clock.advance(time.Duration(random.IntN(20)) * time.Second)
			case 5:
				if random.IntN(20) == 0 {
					set.Sweep()
					for k, e := range model {
						if !e.ExpiresAt.After(clock.now()) {
							delete(model, k)
						}
					}
					if got, want := set.Len(), len(model); got != want {
						t.Fatalf("seed %d, round %d: Len after a sweep: got %d, want %d", seed, round, got, want)
					}
				}
			default:
				check(kind, pick(), random.Int64N(6))
			}
		}
		for k, e := range model {
			check(k.kind, k.id, e.Below-1)
			check(k.kind, k.id, e.Below)
		}
	}
}

func TestRevokedDoesNotAllocate(t *testing.T) {
	set := filled(10_000, revocation.Session)
	revoked, live := id(1, 17), id(2, 17)
	allocs := testing.AllocsPerRun(1000, func() {
		set.Revoked("t", revoked, "k", "u", 1)
		set.Revoked("t", live, "k", "u", 1)
	})
	if allocs != 0 {
		t.Errorf("got %v allocations, want 0", allocs)
	}
}

func TestKindText(t *testing.T) {
	for kind, want := range map[revocation.Kind]string{revocation.Token: "jti", revocation.Session: "sid", revocation.Subject: "sub", revocation.Key: "kid"} {
		text, err := kind.MarshalText()
		if err != nil || string(text) != want || kind.String() != want {
			t.Errorf("%d: got %q, %v and %q, want %q", kind, text, err, kind, want)
		}
		var back revocation.Kind
		if err := back.UnmarshalText(text); err != nil || back != kind {
			t.Errorf("%q: got %v, %v, want %v", text, back, err, kind)
		}
	}
	for _, kind := range []revocation.Kind{0, 5, 255} {
		if text, err := kind.MarshalText(); err == nil || kind.String() != "none" {
			t.Errorf("%d: got %q and %v, want an error and none", kind, text, kind)
		}
	}
	for _, text := range []string{"", "none", "SID", "sid ", "jt"} {
		var kind revocation.Kind
		if err := kind.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q: got %v, want an error", text, kind)
		}
	}
}
