package durward_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/durward-auth/durward"
)

// wrapped is a configuration whose tokens arrive between brackets.
func wrapped(key durward.KeySource) durward.Config {
	c := config(key)
	c.Unwrap = func(_ context.Context, token string) (string, error) {
		inner, opened := strings.CutPrefix(token, "[")
		inner, closed := strings.CutSuffix(inner, "]")
		if !opened || !closed {
			return "", durward.ErrTokenEncryption
		}
		return inner, nil
	}
	return c
}

func TestATokenIsUnwrappedBeforeItIsVerified(t *testing.T) {
	m := materialOf(t, durward.ES256)
	v, token := newVerifier(t, wrapped(m.key)), m.forge(t, m.header(), payload())
	for range 3 { // cached the second and third time
		accepted(t, v, "["+token+"]")
	}
	if _, err := v.VerifyForLogout(t.Context(), "["+token+"]"); err != nil {
		t.Errorf("for a logout: got %v, want the claims", err)
	}
	refused(t, v, token, durward.ErrTokenEncryption)
	refused(t, v, "["+token, durward.ErrTokenEncryption)
	if _, err := v.VerifyForLogout(t.Context(), token); !errors.Is(err, durward.ErrTokenEncryption) {
		t.Errorf("for a logout: got %v, want %v", err, durward.ErrTokenEncryption)
	}
	refused(t, v, "[["+token+"]]", durward.ErrTokenMalformed)
	refused(t, v, "[]", durward.ErrTokenMalformed)
	flipped := []byte(token)
	flipped[len(flipped)-10] ^= 1
	refused(t, v, "["+string(flipped)+"]", durward.ErrToken)
}

func TestWhatUnwrapReturnsIsAToken(t *testing.T) {
	m := materialOf(t, durward.ES256)
	for name, c := range map[string]struct {
		inner string
		err   error
		want  error
	}{
		"a token that is too long": {strings.Repeat("a", 8<<10+1), nil, durward.ErrTokenMalformed},
		"a claims set":             {payload(), nil, durward.ErrTokenMalformed},
		"nothing":                  {"", nil, durward.ErrTokenMalformed},
		"a refusal":                {"", durward.ErrTokenEncryption, durward.ErrTokenEncryption},
		"no key to be had":         {"", durward.ErrUnavailable, durward.ErrUnavailable},
		"another error":            {"", errors.New("the device is gone"), durward.ErrUnavailable},
		"a token beside an error":  {m.forge(t, m.header(), payload()), errors.New("and yet"), durward.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			configuration := config(m.key)
			configuration.Unwrap = func(context.Context, string) (string, error) { return c.inner, c.err }
			v := newVerifier(t, configuration)
			if claims, err := v.Verify(t.Context(), "x"); !errors.Is(err, c.want) || claims.Subject != "" {
				t.Errorf("got the subject %q and error %v, want %v", claims.Subject, err, c.want)
			}
			if claims, err := v.VerifyForLogout(t.Context(), "x"); !errors.Is(err, c.want) || claims.Subject != "" {
				t.Errorf("for a logout: got the subject %q and error %v, want %v", claims.Subject, err, c.want)
			}
		})
	}
}

func TestALongTokenIsNotUnwrapped(t *testing.T) {
	configuration := config(materialOf(t, durward.ES256).key)
	configuration.Unwrap = func(context.Context, string) (string, error) {
		t.Error("got a call, want none")
		return "", durward.ErrTokenEncryption
	}
	v := newVerifier(t, configuration)
	refused(t, v, strings.Repeat("a", 8<<10+1), durward.ErrTokenMalformed)
	if _, err := v.VerifyForLogout(t.Context(), strings.Repeat("a", 8<<10+1)); !errors.Is(err, durward.ErrTokenMalformed) {
		t.Errorf("for a logout: got %v, want %v", err, durward.ErrTokenMalformed)
	}
}

func TestAGuardUnwraps(t *testing.T) {
	m := materialOf(t, durward.ES256)
	c := wrapped(m.key)
	c.Locations = []durward.Location{durward.Header("X-Access-Token")}
	guard, err := durward.New(c)
	if err != nil {
		t.Fatal(err)
	}
	token := m.forge(t, m.header(), payload())
	for text, want := range map[string]int{"[" + token + "]": http.StatusOK, token: http.StatusUnauthorized} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("X-Access-Token", text)
		w := httptest.NewRecorder()
		guard.Require(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})).ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%.20s: got %d, want %d", text, w.Code, want)
		}
	}
}
