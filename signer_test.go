package durward_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/durward-auth/durward"
)

// keyFunc is a source of signing keys of one function.
type keyFunc func(context.Context) (*durward.SigningKey, error)

func (f keyFunc) SigningKey(ctx context.Context) (*durward.SigningKey, error) { return f(ctx) }

func TestASignerWritesWhatAVerifierReads(t *testing.T) {
	m := materialOf(t, durward.HS256)
	want := durward.Claims{
		Issuer: issuerURL, Subject: "ada \"\\\n\u2028😀", Audience: []string{"x", audience}, ExpiresAt: now.Add(time.Hour),
		NotBefore: now.Add(-time.Minute), IssuedAt: now, ID: "id", ClientID: "client", SessionID: "session", Version: math.MaxInt64,
		AuthTime: now.Add(-time.Hour), AMR: []string{"pwd"}, Username: "Ada <b>&", Roles: []string{"", "admin"}, Scopes: []string{"read", "write:*"}, KeyID: m.key.ID(),
		Status: durward.StatusReference{URI: "https://issuer.test/statuslist/\"1\"", Index: math.MaxInt64},
	}
	token, expiresAt, err := newSigner(t, m.key).Sign(t.Context(), want, map[string]any{"plan": "gold", "": 1})
	if err != nil {
		t.Fatal(err)
	}
	if !expiresAt.Equal(want.ExpiresAt) {
		t.Errorf("expiry: got %v, want %v", expiresAt, want.ExpiresAt)
	}
	got := accepted(t, newVerifier(t, config(m.key)), token)
	all, err := durward.DecodeClaims[map[string]any](got)
	if err != nil || all["plan"] != "gold" || all[""] != float64(1) {
		t.Errorf("private claims: got %v, %v, want plan and the empty name", all, err)
	}
	if !sameClaims(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// sameClaims compares all but the payload.
func sameClaims(a, b durward.Claims) bool {
	x, y := reflect.ValueOf(a), reflect.ValueOf(b)
	for i := range x.NumField() {
		if x.Type().Field(i).IsExported() && !reflect.DeepEqual(x.Field(i).Interface(), y.Field(i).Interface()) {
			return false
		}
	}
	return true
}

func TestWhatASignerAdds(t *testing.T) {
	m := materialOf(t, durward.HS256)
	later := now.Add(900 * time.Millisecond)
	signer, err := durward.NewSigner(durward.SignerConfig{Issuer: issuerURL, Audience: audience, Key: m.key, Clock: func() time.Time { return later }})
	if err != nil {
		t.Fatal(err)
	}
	token, expiresAt, err := signer.Sign(t.Context(), durward.Claims{})
	if err != nil {
		t.Fatal(err)
	}
	claims := accepted(t, newVerifier(t, config(m.key)), token)
	if signer.TTL() != 15*time.Minute || !expiresAt.Equal(now.Add(15*time.Minute)) || !claims.ExpiresAt.Equal(expiresAt) || !claims.IssuedAt.Equal(now) {
		t.Errorf("got %v from %v, want 15 minutes in whole seconds", claims.ExpiresAt, claims.IssuedAt)
	}
	if claims.Issuer != issuerURL || !reflect.DeepEqual(claims.Audience, []string{audience}) || len(claims.ID) != 26 {
		t.Errorf("got %q for %q with the id %q, want issuer, audience and a random id", claims.Issuer, claims.Audience, claims.ID)
	}
	again, _, err := signer.Sign(t.Context(), durward.Claims{})
	if err != nil {
		t.Fatal(err)
	}
	if accepted(t, newVerifier(t, config(m.key)), again).ID == claims.ID {
		t.Error("got one id for two tokens, want two")
	}
	header := string(decode(t, token[:strings.IndexByte(token, '.')]))
	if header != m.header() {
		t.Errorf("header: got %s, want %s", header, m.header())
	}
	nameless, _, err := newSigner(t, m.key.WithID("")).Sign(t.Context(), durward.Claims{})
	if err != nil {
		t.Fatal(err)
	}
	if header := string(decode(t, nameless[:strings.IndexByte(nameless, '.')])); strings.Contains(header, "kid") {
		t.Errorf("header without a key id: got %s, want no kid", header)
	}
}

// D21: nothing that a program adds can take the place of a registered claim.
func TestReservedClaimsAreRefused(t *testing.T) {
	signer := newSigner(t, materialOf(t, durward.HS256).key)
	for _, name := range []string{
		"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "client_id", "sid", "ver", "auth_time", "amr", "username", "roles", "scope", "cnf", "status",
	} {
		token, _, err := signer.Sign(t.Context(), durward.Claims{Subject: "ada"}, map[string]any{"plan": 1, name: "x"})
		if !errors.Is(err, durward.ErrReservedClaim) || token != "" {
			t.Errorf("%s: got %q, %v, want %v", name, token, err, durward.ErrReservedClaim)
		}
	}
	type plan struct{ Plan string }
	for name, private := range map[string][]any{
		"one name in two values": {plan{"a"}, map[string]int{"Plan": 1}},
		"an escaped name":        {jsonText(`{"\u0065xp":1}`)},
	} {
		if _, _, err := signer.Sign(t.Context(), durward.Claims{}, private...); !errors.Is(err, durward.ErrReservedClaim) {
			t.Errorf("%s: got %v, want %v", name, err, durward.ErrReservedClaim)
		}
	}
	if _, _, err := signer.Sign(t.Context(), durward.Claims{Issuer: "https://evil.test"}); !errors.Is(err, durward.ErrReservedClaim) {
		t.Errorf("another issuer: got %v, want %v", err, durward.ErrReservedClaim)
	}
}

// jsonText marshals to itself.
type jsonText string

func (text jsonText) MarshalJSON() ([]byte, error) { return []byte(text), nil }

func TestWhatCannotBeSigned(t *testing.T) {
	m := materialOf(t, durward.HS256)
	signer := newSigner(t, m.key)
	long := make([]string, 257)
	for i := range long {
		long[i] = "r"
	}
	for name, c := range map[string]struct {
		claims  durward.Claims
		private []any
	}{
		"already expired":                  {durward.Claims{ExpiresAt: now}, nil},
		"expired within the same second":   {durward.Claims{ExpiresAt: now.Add(time.Millisecond)}, nil},
		"longer than 24 hours":             {durward.Claims{ExpiresAt: now.Add(24*time.Hour + time.Second)}, nil},
		"a subject of 256 bytes":           {durward.Claims{Subject: strings.Repeat("s", 256)}, nil},
		"a subject that is not UTF-8":      {durward.Claims{Subject: "\xff"}, nil},
		"a role that is not UTF-8":         {durward.Claims{Roles: []string{"\xff"}}, nil},
		"an audience that is not UTF-8":    {durward.Claims{Audience: []string{"\xff"}}, nil},
		"257 roles":                        {durward.Claims{Roles: long}, nil},
		"257 scopes":                       {durward.Claims{Scopes: long}, nil},
		"257 audiences":                    {durward.Claims{Audience: long}, nil},
		"D18 two scopes as one":            {durward.Claims{Scopes: []string{"read admin"}}, nil},
		"an empty scope":                   {durward.Claims{Scopes: []string{""}}, nil},
		"a scope with a quote":             {durward.Claims{Scopes: []string{`re"ad`}}, nil},
		"a login before 1970":              {durward.Claims{AuthTime: time.Unix(-1, 0)}, nil},
		"a login at the epoch":             {durward.Claims{AuthTime: time.Unix(0, 0)}, nil},
		"valid from the year 10000":        {durward.Claims{NotBefore: time.Unix(253402300800, 0)}, nil},
		"a status index without a list":    {durward.Claims{Status: durward.StatusReference{Index: 1}}, nil},
		"a negative status index":          {durward.Claims{Status: durward.StatusReference{URI: "u", Index: -1}}, nil},
		"a status URI of 2049 bytes":       {durward.Claims{Status: durward.StatusReference{URI: strings.Repeat("u", 2049)}}, nil},
		"a status URI that is not UTF-8":   {durward.Claims{Status: durward.StatusReference{URI: "\xff"}}, nil},
		"private claims in an array":       {durward.Claims{}, []any{[]int{1}}},
		"a text as private claims":         {durward.Claims{}, []any{"x"}},
		"nil as private claims":            {durward.Claims{}, []any{nil}},
		"private claims without JSON":      {durward.Claims{}, []any{map[string]any{"x": make(chan int)}}},
		"private claims with a name twice": {durward.Claims{}, []any{jsonText(`{"a":1,"a":2}`)}},
		"private claims of great depth":    {durward.Claims{}, []any{jsonText(`{"a":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`)}},
	} {
		t.Run(name, func(t *testing.T) {
			token, expiresAt, err := signer.Sign(t.Context(), c.claims, c.private...)
			if err == nil || token != "" || !expiresAt.IsZero() {
				t.Errorf("got %q, %v, %v, want an error alone", token, expiresAt, err)
			}
		})
	}
	broken := errors.New("no key")
	for name, source := range map[string]durward.SigningKeySource{
		"a source without a key":     keyFunc(func(context.Context) (*durward.SigningKey, error) { return nil, broken }),
		"a key id of 256 bytes":      m.key.WithID(strings.Repeat("k", 256)),
		"a key id that is not UTF-8": m.key.WithID("\xff"),
	} {
		if token, _, err := newSigner(t, source).Sign(t.Context(), durward.Claims{}); err == nil || token != "" {
			t.Errorf("%s: got %q, %v, want an error", name, token, err)
		}
	}
	if _, _, err := newSigner(t, keyFunc(func(context.Context) (*durward.SigningKey, error) { return nil, broken })).Sign(t.Context(), durward.Claims{}); !errors.Is(err, broken) {
		t.Errorf("got %v, want the source's error inside", err)
	}
}

func TestSignerConfigurationsAreCheckedAsAWhole(t *testing.T) {
	key := materialOf(t, durward.HS256).key
	for name, c := range map[string]struct {
		config durward.SignerConfig
		want   []string
	}{
		"the least":            {durward.SignerConfig{Issuer: issuerURL, Audience: audience, Key: key}, nil},
		"nothing":              {durward.SignerConfig{}, []string{"Issuer", "Audience", "Key"}},
		"a day and more":       {durward.SignerConfig{Issuer: issuerURL, Audience: audience, Key: key, TTL: 25 * time.Hour}, []string{"TTL"}},
		"less than a second":   {durward.SignerConfig{Issuer: issuerURL, Audience: audience, Key: key, TTL: time.Millisecond}, []string{"TTL"}},
		"a negative lifetime":  {durward.SignerConfig{Issuer: issuerURL, Audience: audience, Key: key, TTL: -time.Hour}, []string{"TTL"}},
		"the name for no type": {durward.SignerConfig{Issuer: issuerURL, Audience: audience, Key: key, Type: durward.InsecureNoType}, []string{"Type"}},
		"bytes, not UTF-8":     {durward.SignerConfig{Issuer: "\xff", Audience: "\xff", Type: "\xff", Key: key}, []string{"Issuer", "Audience", "Type"}},
	} {
		signer, err := durward.NewSigner(c.config)
		if (err == nil) != (len(c.want) == 0) || (signer == nil) != (err != nil) {
			t.Errorf("%s: got %v, want problems with %q", name, err, c.want)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got %q, want it to name %s", name, err, want)
			}
		}
	}
}

// F20: an id has 130 random bits, so that no two tokens share one: every place takes every character.
func TestTokensHaveIDsOfTheirOwn(t *testing.T) {
	signer := newSigner(t, materialOf(t, durward.HS256).key)
	const tokens = 2000
	ids, places := map[string]bool{}, [26]map[byte]bool{}
	for range tokens {
		token, _, err := signer.Sign(t.Context(), durward.Claims{Subject: "ada"})
		if err != nil {
			t.Fatal(err)
		}
		var claims struct {
			ID string `json:"jti"`
		}
		if err := json.Unmarshal(decode(t, strings.Split(token, ".")[1]), &claims); err != nil || len(claims.ID) != len(places) {
			t.Fatalf("got the id %q, %v; want %d characters", claims.ID, err, len(places))
		}
		ids[claims.ID] = true
		for i := range places {
			if places[i] == nil {
				places[i] = map[byte]bool{}
			}
			places[i][claims.ID[i]] = true
		}
	}
	if len(ids) != tokens {
		t.Errorf("got %d ids for %d tokens", len(ids), tokens)
	}
	for i, seen := range places {
		if len(seen) != 32 { // one is missing by chance once in 10^25 runs
			t.Errorf("place %d: got %d characters, want 32", i, len(seen))
		}
	}
}
