package durward_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/durwardtest"
)

// warm shows the token often enough that it is in the cache.
func warm(t testing.TB, v *durward.Verifier, token string) {
	t.Helper()
	for range 3 {
		accepted(t, v, token)
	}
}

func TestACachedTokenExpiresToTheSecond(t *testing.T) {
	issuer := durwardtest.New(t)
	c := issuer.Config()
	c.Leeway = 5 * time.Second
	v := newVerifier(t, c)
	token := issuer.TokenFor("ada")
	warm(t, v, token)
	issuer.Clock.Advance(15*time.Minute + 4*time.Second)
	accepted(t, v, token)
	issuer.Clock.Advance(time.Second)
	refused(t, v, token, durward.ErrTokenExpired)
}

func TestACachedTokenIsNotValidBeforeItsTime(t *testing.T) {
	issuer := durwardtest.New(t)
	v := newVerifier(t, issuer.Config())
	token := issuer.Token(durward.Claims{Subject: "ada", NotBefore: issuer.Clock.Now()})
	warm(t, v, token)
	issuer.Clock.Advance(-time.Second)
	refused(t, v, token, durward.ErrTokenNotYetValid)
}

func TestACachedTokenEndsWithItsKey(t *testing.T) {
	issuer := durwardtest.New(t)
	v := newVerifier(t, issuer.Config())
	old := issuer.TokenFor("ada")
	warm(t, v, old)
	issuer.Rotate()
	warm(t, v, old)
	issuer.RetireOld()
	refused(t, v, old, durward.ErrTokenKey)
}

func TestACachedTokenCannotBeJudgedWithoutKeys(t *testing.T) {
	issuer := durwardtest.New(t)
	v := newVerifier(t, issuer.Config())
	token := issuer.TokenFor("ada")
	warm(t, v, token)
	issuer.KeysUnavailable(true)
	if _, err := v.Verify(t.Context(), token); durward.Reason(err) != "unavailable" {
		t.Errorf("got %v, want %v", err, durward.ErrUnavailable)
	}
	issuer.KeysUnavailable(false)
	accepted(t, v, token)
}

// The cache is keyed by the whole token: one that shares its end, or all but a byte, is another one.
func TestATokenLikeACachedOneIsVerified(t *testing.T) {
	issuer := durwardtest.New(t)
	v := newVerifier(t, issuer.Config())
	ada, bob := issuer.TokenFor("ada"), issuer.TokenFor("bob")
	warm(t, v, ada)
	warm(t, v, bob)
	adaParts, bobParts := strings.Split(ada, "."), strings.Split(bob, ".")
	refused(t, v, bobParts[0]+"."+bobParts[1]+"."+adaParts[2], durward.ErrTokenSignature)
	refused(t, v, adaParts[0]+"."+bobParts[1]+"."+adaParts[2], durward.ErrTokenSignature)
	refused(t, v, "x"+ada[1:], durward.ErrToken)
	refused(t, v, ada+"A", durward.ErrToken)
}

func TestOneCachedTokenDoesNotChangeAnother(t *testing.T) {
	issuer := durwardtest.New(t)
	v := newVerifier(t, issuer.Config())
	token := issuer.TokenFor("ada", "user")
	warm(t, v, token)
	claims := accepted(t, v, token)
	claims.Subject, claims.Roles = "root", []string{"admin"}
	if again := accepted(t, v, token); again.Subject != "ada" || again.HasRole("admin") {
		t.Errorf("got %q with %q, want ada with [user]", again.Subject, again.Roles)
	}
}

// remembered says whether two sights of a token gave the very same claims: those of a token that is verified
// anew are another place in memory.
func remembered(first, second durward.Claims) bool {
	return unsafe.StringData(first.Subject) == unsafe.StringData(second.Subject)
}

func TestAFloodOfTokensUsedOnceEvictsNobody(t *testing.T) {
	m := materialOf(t, durward.HS256)
	c := config(m.key)
	c.CacheBytes = 8 << 10 // one set of four
	v := newVerifier(t, c)
	var tokens []string
	var first []durward.Claims
	for i := range 4 {
		tokens = append(tokens, m.forge(t, m.header(), payload(fmt.Sprintf(`jti:"regular-%d"`, i))))
		warm(t, v, tokens[i])
		first = append(first, accepted(t, v, tokens[i]))
	}
	for i := range 2000 {
		once := m.forge(t, m.header(), payload(fmt.Sprintf(`jti:"once-%d"`, i)))
		if a := accepted(t, v, once); remembered(a, first[0]) {
			t.Fatal("got another token's claims")
		}
		refused(t, v, m.forge(t, m.header(), payload("exp:1", "iat:")), durward.ErrTokenExpired)
	}
	for i, token := range tokens {
		if !remembered(first[i], accepted(t, v, token)) {
			t.Errorf("regular %d was verified anew after the flood, want it remembered", i)
		}
	}
	newcomer := m.forge(t, m.header(), payload(`jti:"newcomer"`))
	warm(t, v, newcomer)
	if !remembered(accepted(t, v, newcomer), accepted(t, v, newcomer)) {
		t.Error("a token that is seen again and again is not remembered")
	}
}

func TestWithoutACacheNothingIsRemembered(t *testing.T) {
	m := materialOf(t, durward.HS256)
	v, token := uncached(t, m), m.forge(t, m.header(), payload())
	if remembered(accepted(t, v, token), accepted(t, v, token)) {
		t.Error("got the same claims twice, want the token verified twice")
	}
}

func TestTheCacheIsBounded(t *testing.T) {
	m := materialOf(t, durward.HS256)
	c := config(m.key)
	c.CacheBytes = 1 << 20
	v := newVerifier(t, c)
	used := func() int64 {
		runtime.GC()
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		return int64(stats.HeapAlloc)
	}
	before := used()
	for i := range 4000 {
		// What a token was cut out of must not be kept alive by it.
		token := m.forge(t, m.header(), payload(fmt.Sprintf(`jti:"%d"`, i), `x:"`+strings.Repeat("x", 1000)+`"`))
		header := strings.Repeat("c=1; ", 10_000) + token
		cut := header[len(header)-len(token):]
		for range 2 {
			if _, err := v.Verify(t.Context(), cut); err != nil {
				t.Fatal(err)
			}
		}
	}
	if grown := used() - before; grown > 3<<20 {
		t.Errorf("the cache of 1 MiB keeps %d KiB, want at most 3 MiB with what surrounds it", grown>>10)
	}
	runtime.KeepAlive(v)
}
