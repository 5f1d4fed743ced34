package durward_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/durwardtest"
)

// FuzzVerify signs whatever header and payload it is given, so that the parsers behind the signature are
// reached, and looks at the text as it is too.
func FuzzVerify(f *testing.F) {
	m := materialOf(f, durward.HS256)
	f.Add(m.header(), payload(), "")
	f.Add(m.header(), payload(`aud:["x","test"]`, `roles:["a"]`, `scope:"a b"`, "nbf:1.5"), "a.b.c")
	f.Add(`{"alg":"none"}`, "{}", "..")
	f.Add(m.header(), `{"iss":"https://issuer.test","sub":"a","sub":"b"}`, m.forge(f, m.header(), payload()))
	f.Add(`{"alg":"HS256","typ":"JWT","crit":[]}`, "[]", "eyJhbGciOiJub25lIn0.e30.")
	v := newVerifier(f, config(m.key))
	f.Fuzz(func(t *testing.T, header, payload, text string) {
		if claims, err := v.Verify(t.Context(), text); err == nil && claims.Issuer != issuerURL {
			t.Fatalf("accepted %q from %q", text, claims.Issuer)
		}
		token := m.forge(t, header, payload)
		claims, err := v.Verify(t.Context(), token)
		if err != nil {
			if !errors.Is(err, durward.ErrToken) || !reflect.DeepEqual(claims, durward.Claims{}) {
				t.Fatalf("got %+v and %v, want a refusal alone", claims, err)
			}
			return
		}
		// What is accepted, another parser must read in the same way.
		var read struct {
			Iss string          `json:"iss"`
			Sub string          `json:"sub"`
			Exp float64         `json:"exp"`
			Aud json.RawMessage `json:"aud"`
		}
		decoder := json.NewDecoder(strings.NewReader(payload))
		if err := decoder.Decode(&read); err != nil || decoder.More() {
			t.Fatalf("accepted a payload that encoding/json refuses: %v: %q", err, payload)
		}
		again, err := v.Verify(t.Context(), token)
		if err != nil || !reflect.DeepEqual(again, claims) {
			t.Fatalf("the second sight differs: %+v, %v, want %+v", again, err, claims)
		}
		if claims.Issuer != issuerURL || !claims.ExpiresAt.After(now) || claims.KeyID != m.key.ID() || !bytes.Contains(read.Aud, []byte(audience)) && !bytes.Contains(read.Aud, []byte(`\u`)) {
			t.Fatalf("accepted %+v", claims)
		}
		parts := strings.Split(token, ".")
		if parts[1] != base64.RawURLEncoding.EncodeToString([]byte(payload)) {
			t.Fatalf("accepted another spelling: %q", token)
		}
	})
}

// FuzzAuthorizationHeader looks for a header that reaches the handler without being exactly "Bearer" and the token.
func FuzzAuthorizationHeader(f *testing.F) {
	issuer := durwardtest.New(f)
	token := issuer.TokenFor("ada")
	for _, seed := range []string{
		"Bearer TOKEN", "bearer TOKEN", "Bearer  TOKEN", "Bearer\tTOKEN", "Bearer TOKEN, Bearer TOKEN", "Bearer", "", "TOKEN",
		"Basic TOKEN", "Bearer TOKEN=", "Bearer TOKEN\x00", " Bearer TOKEN", "Bearer \u00a0TOKEN",
	} {
		f.Add(seed)
	}
	reached := false
	handler := issuer.Guard().Require(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	f.Fuzz(func(t *testing.T, value string) {
		value = strings.ReplaceAll(value, "TOKEN", token)
		r := httptest.NewRequest("GET", "/", nil)
		r.Header["Authorization"] = []string{value}
		reached = false
		w := serve(handler, r)
		scheme, rest, _ := strings.Cut(value, " ")
		if want := strings.EqualFold(scheme, "Bearer") && rest == token; reached != want {
			t.Fatalf("%q: reached the handler: got %v, want %v", value, reached, want)
		}
		if !reached && w.Code != 400 && w.Code != 401 {
			t.Fatalf("%q: got %d, want 400 or 401", value, w.Code)
		}
	})
}

// FuzzSign holds that a token says what its signer was told, or is not made at all.
func FuzzSign(f *testing.F) {
	m := materialOf(f, durward.HS256)
	f.Add("ada", "Ada", "admin", "read", "jti", "sid", "plan", "gold", int64(3), int64(900), int64(-60))
	f.Add("\"\\\x00\u2028", "\xff", "", "a b", "", "", "exp", "", int64(-1), int64(0), int64(1))
	f.Add("😀", "\ud7ff", "\x7f", "~", "x", "y", "Exp", "<&>", int64(1<<62), int64(86400), int64(0))
	signer := newSigner(f, m.key)
	v := newVerifier(f, config(m.key))
	f.Fuzz(func(t *testing.T, subject, username, role, scope, id, session, name, value string, version, lifetime, authTime int64) {
		in := durward.Claims{
			Subject: subject, Username: username, Roles: []string{role, "x"}, Scopes: []string{scope, "y"}, ID: id, SessionID: session,
			ClientID: value, Version: version,
		}
		if lifetime > 0 && lifetime <= 86400 {
			in.ExpiresAt = now.Add(time.Duration(lifetime) * time.Second)
		}
		if authTime != 0 {
			in.AuthTime = time.Unix(authTime, 0)
		}
		token, expiresAt, err := signer.Sign(context.Background(), in, map[string]string{name: value})
		if err != nil {
			if token != "" || !expiresAt.IsZero() {
				t.Fatalf("got %q beside %v, want an error alone", token, err)
			}
			return
		}
		if len(token) > 8<<10 {
			t.Skip("larger than a verifier reads by default")
		}
		out, err := v.Verify(context.Background(), token)
		if err != nil {
			t.Fatalf("the token of %+v: got %v, want it accepted", in, err)
		}
		in.Issuer, in.Audience, in.IssuedAt, in.KeyID = issuerURL, []string{audience}, now, m.key.ID()
		in.ExpiresAt = expiresAt
		if in.ID == "" {
			in.ID = out.ID
		}
		if !sameClaims(in, out) {
			t.Fatalf("got  %+v\nwant %+v", out, in)
		}
		// encoding/json has put U+FFFD where the texts were not UTF-8.
		private, err := durward.DecodeClaims[map[string]any](out)
		if got, want := private[string([]rune(name))], string([]rune(value)); err != nil || got != want {
			t.Fatalf("private claim %q: got %q, %v, want %q", name, got, err, want)
		}
	})
}
