package durward_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/durwardtest"
)

var ctx = context.Background()

// uncached is a verifier that sees every token for the first time.
func uncached(t testing.TB, m *material) *durward.Verifier {
	t.Helper()
	c := config(m.key)
	c.CacheBytes = -1
	return newVerifier(t, c)
}

// usualToken has the claims of a server's access token.
func usualToken(t testing.TB, m *material) string {
	t.Helper()
	token, _, err := newSigner(t, m.key).Sign(ctx, usualClaims)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

var usualClaims = durward.Claims{
	Subject: "0196f3c2-6d3b-7c6e-9d0a-1f2e3d4c5b6a", ClientID: "durward", SessionID: "5f0c7a9e2b4d", Version: 3,
	AuthTime: now, Username: "ada", Roles: []string{"user", "admin"}, Scopes: []string{"orders:read", "orders:write"},
}

func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("allocations cannot be counted under the race detector")
	}
	m := materialOf(t, durward.HS256)
	token := usualToken(t, m)
	cached, fresh := newVerifier(t, config(m.key)), uncached(t, m)
	signer := newSigner(t, m.key)
	warm(t, cached, token)
	warm(t, fresh, token) // so that its header is known
	forged := token[:len(token)-4] + "AAAA"
	for name, c := range map[string]struct {
		most float64
		f    func() error
	}{
		"a token that the cache has": {0, func() error { _, err := cached.Verify(ctx, token); return err }},
		"an HS256 token":             {2, func() error { _, err := fresh.Verify(ctx, token); return err }},
		"a wrong HS256 signature": {0, func() error {
			if _, err := fresh.Verify(ctx, forged); err == nil {
				return fmt.Errorf("a forged token was accepted")
			}
			return nil
		}},
		"signing an HS256 token": {5, func() error { _, _, err := signer.Sign(ctx, usualClaims); return err }},
	} {
		var failed error
		got := testing.AllocsPerRun(200, func() {
			if err := c.f(); err != nil {
				failed = err
			}
		})
		if failed != nil {
			t.Errorf("%s: %v", name, failed)
		}
		if got > c.most {
			t.Errorf("%s: got %v allocations, want at most %v", name, got, c.most)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	for _, algorithm := range algorithms {
		b.Run(string(algorithm), func(b *testing.B) {
			m := materialOf(b, algorithm)
			v, token := uncached(b, m), usualToken(b, m)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := v.Verify(ctx, token); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkVerifyAmongTwo is what a further issuer adds.
func BenchmarkVerifyAmongTwo(b *testing.B) {
	m := materialOf(b, durward.HS256)
	c := config(m.key)
	c.CacheBytes = -1
	c.AlsoTrust = []durward.Trust{{Issuer: partnerURL, Audience: partnerAudience, Keys: materialOf(b, durward.ES256).key}}
	v, token := newVerifier(b, c), usualToken(b, m)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Verify(ctx, token); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerifyCached(b *testing.B) {
	m := materialOf(b, durward.ES256)
	v, token := newVerifier(b, config(m.key)), usualToken(b, m)
	warm(b, v, token)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := v.Verify(ctx, token); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// BenchmarkVerifyRefused is what a flood of forged tokens costs.
func BenchmarkVerifyRefused(b *testing.B) {
	m := materialOf(b, durward.HS256)
	v, token := newVerifier(b, config(m.key)), usualToken(b, m)
	for name, text := range map[string]string{
		"signature": token[:len(token)-4] + "AAAA", "key": newMaterial(b, durward.HS256).forge(b, `{"alg":"HS256","typ":"at+jwt","kid":"x"}`, payload()), "syntax": token + ".",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := v.Verify(ctx, text); err == nil {
					b.Fatal("got a forged token accepted")
				}
			}
		})
	}
}

func BenchmarkGuard(b *testing.B) {
	issuer := durwardtest.New(b)
	next := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	for name, handler := range map[string]http.Handler{
		"none": next, "require": issuer.Guard().Require(next), "role": issuer.Guard().Require(next, durward.Role("admin")),
	} {
		b.Run(name, func(b *testing.B) {
			r, w := issuer.Request("GET", "/", issuer.TokenFor("ada", "admin")), httptest.NewRecorder()
			b.ReportAllocs()
			for b.Loop() {
				handler.ServeHTTP(w, r)
			}
			if w.Code != 200 {
				b.Fatalf("got %d, want 200", w.Code)
			}
		})
	}
}

func BenchmarkSign(b *testing.B) {
	for _, algorithm := range algorithms {
		b.Run(string(algorithm), func(b *testing.B) {
			signer := newSigner(b, materialOf(b, algorithm).key)
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := signer.Sign(ctx, usualClaims); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
