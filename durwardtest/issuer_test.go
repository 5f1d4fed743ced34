package durwardtest_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/durwardtest"
)

func verifier(t *testing.T, c durward.Config) *durward.Verifier {
	t.Helper()
	v, err := durward.NewVerifier(c)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestATokenSaysWhatWasAskedFor(t *testing.T) {
	issuer := durwardtest.New(t)
	v := verifier(t, issuer.Config())
	authTime := issuer.Clock.Now().Add(-time.Minute)
	token := issuer.Token(durward.Claims{
		Subject: "ada", Roles: []string{"admin"}, Scopes: []string{"read", "write"}, AuthTime: authTime,
		Audience: []string{"others", durwardtest.Audience}, ExpiresAt: issuer.Clock.Now().Add(time.Hour),
	}, map[string]any{"plan": "gold"})

	claims, err := v.Verify(t.Context(), token)
	if err != nil {
		t.Fatalf("verify: got %v, want a good token", err)
	}
	private, err := durward.DecodeClaims[struct {
		Plan string `json:"plan"`
	}](claims)
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case claims.Issuer != durwardtest.IssuerURL:
		t.Errorf("issuer: got %q, want %q", claims.Issuer, durwardtest.IssuerURL)
	case claims.Subject != "ada" || !claims.HasRole("admin") || !claims.HasScope("write"):
		t.Errorf("got %+v, want subject ada, role admin, scope write", claims)
	case !claims.AuthTime.Equal(authTime):
		t.Errorf("auth_time: got %v, want %v", claims.AuthTime, authTime)
	case !claims.ExpiresAt.Equal(issuer.Clock.Now().Add(time.Hour)):
		t.Errorf("exp: got %v, want an hour on", claims.ExpiresAt)
	case private.Plan != "gold":
		t.Errorf("plan: got %q, want gold", private.Plan)
	}
}

func TestATokenIsGoodForAProgramWithAClockOfItsOwn(t *testing.T) {
	issuer := durwardtest.New(t)
	config := issuer.Config()
	config.Clock = nil
	if _, err := verifier(t, config).Verify(t.Context(), issuer.TokenFor("ada")); err != nil {
		t.Errorf("got %v, want a good token", err)
	}
}

func TestTheClockDecidesWhenATokenExpires(t *testing.T) {
	issuer := durwardtest.New(t)
	v := verifier(t, issuer.Config())
	token := issuer.TokenFor("ada")
	begin := issuer.Clock.Now()

	for _, step := range []struct {
		name string
		move func()
		want error
	}{
		{"a second before the expiry", func() { issuer.Clock.Advance(15*time.Minute - time.Second) }, nil},
		{"at the expiry", func() { issuer.Clock.Advance(time.Second) }, durward.ErrTokenExpired},
		{"set back to the beginning", func() { issuer.Clock.Set(begin) }, nil},
	} {
		step.move()
		if _, err := v.Verify(t.Context(), token); !errors.Is(err, step.want) {
			t.Errorf("%s: got %v, want %v", step.name, err, step.want)
		}
	}
}

func TestRotation(t *testing.T) {
	issuer := durwardtest.New(t)
	v := verifier(t, issuer.Config())
	old := issuer.TokenFor("ada")
	issuer.Rotate()
	fresh := issuer.TokenFor("ada")

	want := func(when, token string, want error) {
		t.Helper()
		if _, err := v.Verify(t.Context(), token); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", when, err, want)
		}
	}
	want("an old token after the rotation", old, nil)
	want("a new token after the rotation", fresh, nil)
	if got := len(issuer.KeySet().Keys()); got != 2 {
		t.Errorf("key set after the rotation: got %d keys, want 2", got)
	}
	issuer.RetireOld()
	want("an old token after its key was retired", old, durward.ErrTokenKey)
	want("a new token after the old key was retired", fresh, nil)
	if got := len(issuer.KeySet().Keys()); got != 1 {
		t.Errorf("key set after the retirement: got %d keys, want 1", got)
	}
}

func TestKeysUnavailableIsAnsweredWith503(t *testing.T) {
	issuer := durwardtest.New(t)
	handler := issuer.Guard().Require(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	token := issuer.TokenFor("ada")
	for _, step := range []struct {
		broken bool
		want   int
	}{{false, 200}, {true, 503}, {false, 200}} {
		issuer.KeysUnavailable(step.broken)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, issuer.Request("GET", "/", token))
		if w.Code != step.want {
			t.Errorf("keys unavailable %v: got %d, want %d", step.broken, w.Code, step.want)
		}
	}
}

func TestEveryBadTokenIsRefusedForItsReason(t *testing.T) {
	issuer := durwardtest.New(t)
	issuer.Rotate()
	v := verifier(t, issuer.Config())
	claims := durward.Claims{Subject: "ada", Roles: []string{"admin"}}
	if _, err := v.Verify(t.Context(), issuer.Token(claims)); err != nil {
		t.Fatalf("the good token: got %v, want nil", err)
	}
	for _, bad := range issuer.BadTokens(claims) {
		t.Run(bad.Name, func(t *testing.T) {
			got, err := v.Verify(t.Context(), bad.Token)
			if !errors.Is(err, bad.Err) || !errors.Is(err, durward.ErrToken) {
				t.Errorf("got %v, want %v", err, bad.Err)
			}
			if got.Subject != "" {
				t.Errorf("got claims for %q beside the error, want none", got.Subject)
			}
		})
	}
}

func TestARequestWithoutATokenHasNoHeader(t *testing.T) {
	r := durwardtest.New(t).Request("GET", "/", "")
	if got := r.Header.Values("Authorization"); len(got) != 0 {
		t.Errorf("Authorization: got %q, want none", got)
	}
}

func TestAnIssuerIsSafeForConcurrentUse(t *testing.T) {
	issuer := durwardtest.New(t)
	v := verifier(t, issuer.Config())
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 20 {
				issuer.Rotate()
				issuer.Clock.Advance(time.Millisecond)
				if _, err := v.Verify(context.Background(), issuer.TokenFor("ada")); err != nil {
					t.Errorf("got %v, want a good token", err)
				}
			}
		})
	}
	group.Wait()
}
