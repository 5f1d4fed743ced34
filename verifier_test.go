package durward_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/durwardtest"
	"github.com/durward-auth/durward/revocation"
)

// keysFunc is a key source of one function.
type keysFunc func(context.Context, durward.Algorithm, string) (*durward.VerificationKey, error)

func (f keysFunc) Lookup(ctx context.Context, algorithm durward.Algorithm, id string) (*durward.VerificationKey, error) {
	return f(ctx, algorithm, id)
}

func TestWhatAKeySourceAnswers(t *testing.T) {
	m := materialOf(t, durward.HS256)
	token := m.forge(t, m.header(), payload())
	broken := errors.New("connection refused")
	for name, c := range map[string]struct {
		key  *durward.VerificationKey
		err  error
		want error
	}{
		"the key":                           {m.key.Public(), nil, nil},
		"no key":                            {nil, durward.ErrTokenKey, durward.ErrTokenKey},
		"no key and another refusal":        {nil, durward.ErrTokenExpired, durward.ErrTokenKey},
		"nothing at all":                    {nil, nil, durward.ErrTokenKey},
		"unavailable":                       {nil, fmt.Errorf("%w: fetch", durward.ErrUnavailable), durward.ErrUnavailable},
		"any other error":                   {nil, broken, durward.ErrUnavailable},
		"any other error, found inside":     {nil, broken, broken},
		"a context that ended":              {nil, context.Canceled, durward.ErrUnavailable},
		"a key and an error":                {m.key.Public(), broken, durward.ErrUnavailable},
		"a key of another algorithm":        {materialOf(t, durward.ES256).key.WithID(m.key.ID()).Public(), nil, durward.ErrTokenKey},
		"a key of another id":               {m.key.WithID("x").Public(), nil, durward.ErrTokenKey},
		"another key under the right names": {newMaterial(t, durward.HS256).key.WithID(m.key.ID()).Public(), nil, durward.ErrTokenSignature},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVerifier(t, config(keysFunc(func(context.Context, durward.Algorithm, string) (*durward.VerificationKey, error) {
				return c.key, c.err
			})))
			claims, err := v.Verify(t.Context(), token)
			if !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			if err != nil && !reflect.DeepEqual(claims, durward.Claims{}) {
				t.Errorf("got the claims %+v beside an error, want none", claims)
			}
			if errors.Is(err, durward.ErrUnavailable) && errors.Is(err, durward.ErrToken) {
				t.Errorf("got %v, which is both a refusal and none", err)
			}
		})
	}
}

func TestWhatARevocationCallbackAnswers(t *testing.T) {
	m := materialOf(t, durward.HS256)
	token := m.forge(t, m.header(), payload())
	var answer error
	calls := 0
	c := config(m.key)
	c.Revocation = func(_ context.Context, claims durward.Claims) error {
		calls++
		if claims.ID != "token-1" || claims.KeyID != m.key.ID() {
			t.Errorf("asked about the token %q of the key %q, want token-1 of %q", claims.ID, claims.KeyID, m.key.ID())
		}
		return answer
	}
	v := newVerifier(t, c)
	for i, want := range []error{nil, durward.ErrTokenRevoked, nil, durward.ErrUnavailable, errors.New("feed lost"), durward.ErrTokenRevoked, nil} {
		answer = want
		claims, err := v.Verify(t.Context(), token)
		if !errors.Is(err, want) {
			t.Errorf("sight %d: got %v, want %v", i, err, want)
		}
		if err != nil && (!reflect.DeepEqual(claims, durward.Claims{}) || errors.Is(err, durward.ErrToken) == errors.Is(err, durward.ErrUnavailable)) {
			t.Errorf("sight %d: got %v and %+v, want one kind of error and no claims", i, err, claims)
		}
	}
	if calls != 7 {
		t.Errorf("asked %d times, want at each of 7 sights, cached or not", calls)
	}
	refused(t, v, m.forge(t, m.header(), payload("exp:1")), durward.ErrTokenClaims)
	if calls != 7 {
		t.Error("asked about a token that was refused already, want no question")
	}
}

func TestRevokedIn(t *testing.T) {
	m := materialOf(t, durward.HS256)
	token := m.forge(t, m.header(), payload(`sid:"session-1"`, "ver:3"))
	clock := func() time.Time { return now }
	for name, c := range map[string]struct {
		entry revocation.Entry
		want  error
		says  string
	}{
		"its jti":            {revocation.Entry{Kind: revocation.Token, ID: "token-1"}, durward.ErrTokenRevoked, "jti"},
		"its sid":            {revocation.Entry{Kind: revocation.Session, ID: "session-1"}, durward.ErrTokenRevoked, "sid"},
		"its kid":            {revocation.Entry{Kind: revocation.Key, ID: m.key.ID()}, durward.ErrTokenRevoked, "kid"},
		"its version":        {revocation.Entry{Kind: revocation.Subject, ID: "ada", Below: 4}, durward.ErrTokenRevoked, "sub, ver"},
		"an earlier version": {revocation.Entry{Kind: revocation.Subject, ID: "ada", Below: 3}, nil, ""},
		"another token":      {revocation.Entry{Kind: revocation.Token, ID: "token-2"}, nil, ""},
		"another kind":       {revocation.Entry{Kind: revocation.Session, ID: "token-1"}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			set := revocation.NewSet(clock)
			c2 := config(m.key)
			c2.Revocation = durward.RevokedIn(set)
			v := newVerifier(t, c2)
			accepted(t, v, token) // and cached
			set.Add(c.entry)
			if c.want == nil {
				accepted(t, v, token)
			} else {
				refused(t, v, token, c.want)
				_, err := v.Verify(t.Context(), token)
				if claim := "(" + c.says; !strings.Contains(err.Error(), claim) {
					t.Errorf("got %q, want it to say what was revoked by the name %q", err, claim)
				}
			}
		})
	}
}

func TestVerifyForLogout(t *testing.T) {
	m := materialOf(t, durward.HS256)
	c := config(m.key)
	c.Revocation = func(context.Context, durward.Claims) error { return durward.ErrTokenRevoked }
	v := newVerifier(t, c)
	expired := payload(fmt.Sprintf("exp:%d", now.Unix()-10), fmt.Sprintf("iat:%d", now.Unix()-900))
	for name, test := range map[string]struct {
		token string
		want  error
	}{
		"a revoked token":                  {m.forge(t, m.header(), payload()), nil},
		"an expired token":                 {m.forge(t, m.header(), expired), nil},
		"another issuer's token":           {m.forge(t, m.header(), payload(`iss:"x"`)), durward.ErrTokenIssuer},
		"a token for another audience":     {m.forge(t, m.header(), payload(`aud:"x"`)), durward.ErrTokenAudience},
		"a token that is not valid yet":    {m.forge(t, m.header(), payload(fmt.Sprintf("nbf:%d", now.Unix()+5))), durward.ErrTokenNotYetValid},
		"a token that lives too long":      {m.forge(t, m.header(), payload("exp:253402300799")), durward.ErrTokenLifetime},
		"a token with another key's name":  {newMaterial(t, durward.HS256).forge(t, m.header(), payload()), durward.ErrTokenSignature},
		"an expired token with a bad exp":  {m.forge(t, m.header(), payload("exp:0")), durward.ErrTokenClaims},
		"a token of another type":          {m.forge(t, `{"alg":"HS256","typ":"JWT","kid":"`+m.key.ID()+`"}`, payload()), durward.ErrTokenType},
		"no token":                         {"x", durward.ErrTokenMalformed},
		"more than a token":                {string(make([]byte, 10_000)), durward.ErrTokenMalformed},
		"an expired token, bound to a key": {m.forge(t, m.header(), payload("exp:1", "iat:0", "cnf:{}")), durward.ErrToken},
	} {
		t.Run(name, func(t *testing.T) {
			claims, err := v.VerifyForLogout(t.Context(), test.token)
			if !errors.Is(err, test.want) {
				t.Fatalf("got %v, want %v", err, test.want)
			}
			if (err == nil) != (claims.Subject == "ada") {
				t.Errorf("got the subject %q and the error %v", claims.Subject, err)
			}
		})
	}
	refused(t, newVerifier(t, config(m.key)), m.forge(t, m.header(), expired), durward.ErrTokenExpired)
}

// What a logout has looked at is not remembered as good.
func TestVerifyForLogoutLetsNothingIn(t *testing.T) {
	issuer := durwardtest.New(t)
	v := newVerifier(t, issuer.Config())
	token := issuer.TokenFor("ada")
	issuer.Clock.Advance(time.Hour)
	for range 3 {
		if _, err := v.VerifyForLogout(t.Context(), token); err != nil {
			t.Fatalf("got %v, want the claims", err)
		}
		refused(t, v, token, durward.ErrTokenExpired)
	}
}

func TestReasons(t *testing.T) {
	reasons := map[string]bool{}
	for _, err := range []error{
		durward.ErrTokenMissing, durward.ErrTokenMalformed, durward.ErrTokenEncryption, durward.ErrTokenHeader, durward.ErrTokenType, durward.ErrTokenKey,
		durward.ErrTokenSignature, durward.ErrTokenClaims, durward.ErrTokenIssuer, durward.ErrTokenAudience, durward.ErrTokenExpired,
		durward.ErrTokenNotYetValid, durward.ErrTokenLifetime, durward.ErrTokenBound, durward.ErrTokenRevoked, durward.ErrTokenUser,
		durward.ErrUnavailable,
	} {
		reason := durward.Reason(fmt.Errorf("wrapped: %w", err))
		if reason == "" || reasons[reason] {
			t.Errorf("%v: got the reason %q, want one of its own", err, reason)
		}
		reasons[reason] = true
		if got, want := errors.Is(err, durward.ErrToken), err != durward.ErrUnavailable; got != want {
			t.Errorf("%v under ErrToken: got %v, want %v", err, got, want)
		}
	}
	for _, err := range []error{nil, errors.New("x"), durward.ErrInvalidCredentials} {
		if got := durward.Reason(err); got != "" {
			t.Errorf("%v: got the reason %q, want none", err, got)
		}
	}
}

func TestVerifiersAreSafeForConcurrentUse(t *testing.T) {
	issuer := durwardtest.New(t)
	set := revocation.NewSet(issuer.Clock.Now)
	c := issuer.Config()
	c.Revocation = durward.RevokedIn(set)
	c.CacheBytes = 32 << 10 // so that tokens push one another out
	v := newVerifier(t, c)
	gone := issuer.Token(durward.Claims{Subject: "ada", SessionID: "gone"})
	accepted(t, v, gone)
	set.Add(revocation.Entry{Kind: revocation.Session, ID: "gone"})

	var group sync.WaitGroup
	for worker := range 8 {
		group.Go(func() {
			for i := range 60 {
				subject := fmt.Sprint(worker, "-", i)
				token := issuer.TokenFor(subject)
				for range 3 {
					claims, err := v.Verify(context.Background(), token)
					if err != nil || claims.Subject != subject {
						t.Errorf("got %q, %v, want %q", claims.Subject, err, subject)
					}
				}
				if _, err := v.Verify(context.Background(), gone); !errors.Is(err, durward.ErrTokenRevoked) {
					t.Errorf("got %v, want %v", err, durward.ErrTokenRevoked)
				}
				if _, err := v.Verify(context.Background(), token[:len(token)-4]+"AAAA"); !errors.Is(err, durward.ErrTokenSignature) {
					t.Errorf("got %v, want %v", err, durward.ErrTokenSignature)
				}
			}
		})
	}
	group.Wait()
}
