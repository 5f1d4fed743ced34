package durward_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/revocation"
)

const (
	partnerURL      = "https://partner.test"
	partnerAudience = "partner-api"
)

// counted is a key source that counts the look-ups.
type counted struct {
	durward.KeySource
	lookups int
	err     error
}

func (c *counted) Lookup(ctx context.Context, algorithm durward.Algorithm, id string) (*durward.VerificationKey, error) {
	c.lookups++
	if c.err != nil {
		return nil, c.err
	}
	return c.KeySource.Lookup(ctx, algorithm, id)
}

// partners are two issuers whose keys have the same id, and the configuration that trusts both.
type partners struct {
	first, second         *material
	firstKeys, secondKeys *counted
	config                durward.Config
}

func newPartners(t testing.TB) *partners {
	t.Helper()
	p := &partners{first: newMaterial(t, durward.ES256), second: newMaterial(t, durward.ES256)}
	p.first.key, p.second.key = p.first.key.WithID("1"), p.second.key.WithID("1")
	p.firstKeys, p.secondKeys = &counted{KeySource: p.first.key}, &counted{KeySource: p.second.key}
	p.config = config(p.firstKeys)
	p.config.AlsoTrust = []durward.Trust{{
		Issuer: partnerURL, Audience: partnerAudience, Keys: p.secondKeys, Types: []string{"JWT", "partner+jwt"},
	}}
	return p
}

// fromPartner is a good payload of the second issuer, changed.
func fromPartner(members ...string) string {
	return payload(append([]string{`iss:"` + partnerURL + `"`, `aud:"` + partnerAudience + `"`}, members...)...)
}

func partnerHeader(typ string) string { return fmt.Sprintf(`{"alg":"ES256","typ":%q,"kid":"1"}`, typ) }

func TestEachIssuerHasItsOwnKeysAudienceAndTypes(t *testing.T) {
	p := newPartners(t)
	v := newVerifier(t, p.config)
	for name, c := range map[string]struct {
		by      *material
		header  string
		payload string
		want    error
	}{
		"the first issuer's token":                     {p.first, p.first.header(), payload(), nil},
		"the second issuer's token":                    {p.second, partnerHeader("JWT"), fromPartner(), nil},
		"the second issuer's other type":               {p.second, partnerHeader("partner+jwt"), fromPartner(), nil},
		"the second issuer, signed by the first":       {p.first, partnerHeader("JWT"), fromPartner(), durward.ErrTokenSignature},
		"B15 the first issuer, signed by the second":   {p.second, p.first.header(), payload(), durward.ErrTokenSignature},
		"the second issuer, for the first's audience":  {p.second, partnerHeader("JWT"), fromPartner(`aud:"` + audience + `"`), durward.ErrTokenAudience},
		"the first issuer, for the second's audience":  {p.first, p.first.header(), payload(`aud:"` + partnerAudience + `"`), durward.ErrTokenAudience},
		"the first issuer, for both audiences":         {p.first, p.first.header(), payload(`aud:["` + partnerAudience + `","` + audience + `"]`), nil},
		"the second issuer, with the first's type":     {p.second, partnerHeader("at+jwt"), fromPartner(), durward.ErrTokenType},
		"the first issuer, with the second's type":     {p.first, partnerHeader("JWT"), payload(), durward.ErrTokenType},
		"B20 nobody's issuer":                          {p.first, p.first.header(), payload(`iss:"https://evil.test"`), durward.ErrTokenIssuer},
		"B20 the issuer with a slash":                  {p.first, p.first.header(), payload(`iss:"` + issuerURL + `/"`), durward.ErrTokenIssuer},
		"B20 the issuer in capitals":                   {p.first, p.first.header(), payload(`iss:"` + strings.ToUpper(issuerURL) + `"`), durward.ErrTokenIssuer},
		"B20 the issuer with a port":                   {p.first, p.first.header(), payload(`iss:"` + issuerURL + `:443"`), durward.ErrTokenIssuer},
		"B20 the issuer with a dot that looks alike":   {p.first, p.first.header(), payload(`iss:"` + strings.Replace(issuerURL, ".", "。", 1) + `"`), durward.ErrTokenIssuer},
		"B20 a part of the issuer":                     {p.first, p.first.header(), payload(`iss:"` + issuerURL[:len(issuerURL)-1] + `"`), durward.ErrTokenIssuer},
		"an empty issuer":                              {p.first, p.first.header(), payload(`iss:""`), durward.ErrTokenIssuer},
		"no issuer":                                    {p.first, p.first.header(), payload("iss:"), durward.ErrTokenIssuer},
		"an issuer that is a list":                     {p.first, p.first.header(), payload(`iss:["` + issuerURL + `"]`), durward.ErrTokenClaims},
		"an issuer by another name":                    {p.first, p.first.header(), payload("iss:", `ISS:"`+issuerURL+`"`), durward.ErrTokenIssuer},
		"an issuer inside":                             {p.first, p.first.header(), payload("iss:", `x:{"iss":"`+issuerURL+`"}`), durward.ErrTokenIssuer},
		"A14 an issuer twice":                          {p.first, p.first.header(), strings.Replace(payload(), "{", `{"iss":"`+partnerURL+`",`, 1), durward.ErrTokenMalformed},
		"an issuer with an escape":                     {p.first, p.first.header(), payload(`iss:"\u0068` + issuerURL[1:] + `"`), nil},
		"an expired token of the second issuer":        {p.second, partnerHeader("JWT"), fromPartner("exp:2", "iat:1"), durward.ErrTokenExpired},
		"a payload that is no object":                  {p.first, p.first.header(), "[]", durward.ErrTokenMalformed},
		"A16 a payload that is no UTF-8, further down": {p.first, p.first.header(), payload(`x:"` + "\xff" + `"`), durward.ErrTokenMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			token := c.by.forge(t, c.header, c.payload)
			if c.want != nil {
				refused(t, v, token, c.want)
				return
			}
			for range 3 { // the third is cached
				claims := accepted(t, v, token)
				want := issuerURL
				if c.by == p.second {
					want = partnerURL
				}
				if claims.Issuer != want {
					t.Errorf("got the issuer %q, want %q", claims.Issuer, want)
				}
			}
		})
	}
}

func TestAMisspeltPayloadNamesNoIssuer(t *testing.T) {
	p := newPartners(t)
	v := newVerifier(t, p.config)
	spelling := encode(payload(`x:""`))
	for len(spelling)%4 == 0 {
		spelling = encode(payload(`x:"` + strings.Repeat("x", len(spelling)%7+1) + `"`))
	}
	accepted(t, v, p.first.forgeEncoded(t, encode(p.first.header()), spelling))
	// The last character has bits to spare: its neighbour stands for the same bytes.
	last := spelling[len(spelling)-1] + 1
	refused(t, v, p.first.forgeEncoded(t, encode(p.first.header()), spelling[:len(spelling)-1]+string(last)), durward.ErrTokenMalformed)
}

func TestKeysAreAskedForOnlyOfTheTokensIssuer(t *testing.T) {
	p := newPartners(t)
	p.config.CacheBytes = -1
	v := newVerifier(t, p.config)
	refused(t, v, p.first.forge(t, p.first.header(), payload(`iss:"https://evil.test"`)), durward.ErrTokenIssuer)
	refused(t, v, p.first.forge(t, p.first.header(), "{"), durward.ErrTokenMalformed)
	if p.firstKeys.lookups+p.secondKeys.lookups != 0 {
		t.Errorf("got %d and %d look-ups for tokens of nobody, want none", p.firstKeys.lookups, p.secondKeys.lookups)
	}
	accepted(t, v, p.second.forge(t, partnerHeader("JWT"), fromPartner()))
	refused(t, v, p.second.forge(t, `{"alg":"ES256","typ":"JWT","kid":"2"}`, fromPartner()), durward.ErrTokenKey)
	if p.firstKeys.lookups != 0 || p.secondKeys.lookups != 3 {
		t.Errorf("got %d and %d look-ups, want the first issuer left alone", p.firstKeys.lookups, p.secondKeys.lookups)
	}
}

// A header that is known for one issuer is not known for another, whose types are others.
func TestHeadersAreRememberedByIssuer(t *testing.T) {
	p := newPartners(t)
	p.config.CacheBytes = -1
	v := newVerifier(t, p.config)
	for range 3 {
		accepted(t, v, p.second.forge(t, partnerHeader("JWT"), fromPartner()))
		accepted(t, v, p.first.forge(t, p.first.header(), payload()))
		refused(t, v, p.first.forge(t, partnerHeader("JWT"), payload()), durward.ErrTokenType)
		refused(t, v, p.second.forge(t, p.first.header(), fromPartner()), durward.ErrTokenType)
	}
}

func TestAnIssuerWithoutKeysDoesNotTouchTheOther(t *testing.T) {
	p := newPartners(t)
	v := newVerifier(t, p.config)
	first, second := p.first.forge(t, p.first.header(), payload()), p.second.forge(t, partnerHeader("JWT"), fromPartner())
	warm(t, v, first)
	warm(t, v, second)
	p.secondKeys.err = fmt.Errorf("%w: fetch", durward.ErrUnavailable)
	for range 3 {
		accepted(t, v, first)
		if _, err := v.Verify(t.Context(), second); !errors.Is(err, durward.ErrUnavailable) || errors.Is(err, durward.ErrToken) {
			t.Errorf("got %v for the issuer whose keys cannot be had, want %v", err, durward.ErrUnavailable)
		}
		if _, err := v.Verify(t.Context(), p.first.forge(t, partnerHeader("JWT"), fromPartner())); !errors.Is(err, durward.ErrUnavailable) {
			t.Errorf("got %v for a token that cannot be judged, want %v", err, durward.ErrUnavailable)
		}
	}
	p.secondKeys.err = nil
	accepted(t, v, second)
}

// A cached token ends with its key at its own issuer, whatever keys the other has.
func TestACachedTokenBelongsToItsIssuersKeys(t *testing.T) {
	p := newPartners(t)
	v := newVerifier(t, p.config)
	first, second := p.first.forge(t, p.first.header(), payload()), p.second.forge(t, partnerHeader("JWT"), fromPartner())
	warm(t, v, first)
	warm(t, v, second)
	p.firstKeys.KeySource, p.secondKeys.KeySource = p.second.key, p.first.key
	refused(t, v, first, durward.ErrTokenSignature)
	refused(t, v, second, durward.ErrTokenSignature)
	p.firstKeys.KeySource, p.secondKeys.KeySource = p.first.key, p.second.key
	accepted(t, v, first)
	accepted(t, v, second)
}

func TestRevocationsKnowTheIssuer(t *testing.T) {
	p := newPartners(t)
	set := revocation.NewSet(p.config.Clock)
	set.Add(revocation.Entry{Kind: revocation.Token, ID: "token-1"})
	p.config.Revocation = durward.RevokedIn(set, issuerURL)
	v := newVerifier(t, p.config)
	for range 3 {
		refused(t, v, p.first.forge(t, p.first.header(), payload()), durward.ErrTokenRevoked)
		accepted(t, v, p.second.forge(t, partnerHeader("JWT"), fromPartner()))
	}
	for name, issuers := range map[string][]string{"no issuer": nil, "the other issuer": {partnerURL}, "both": {issuerURL, partnerURL}} {
		p.config.Revocation = durward.RevokedIn(set, issuers...)
		v := newVerifier(t, p.config)
		refused(t, v, p.second.forge(t, partnerHeader("JWT"), fromPartner()), durward.ErrTokenRevoked)
		if first := p.first.forge(t, p.first.header(), payload()); name == "the other issuer" {
			accepted(t, v, first)
		} else {
			refused(t, v, first, durward.ErrTokenRevoked)
		}
	}
}

func TestLogoutsOfSeveralIssuers(t *testing.T) {
	p := newPartners(t)
	v := newVerifier(t, p.config)
	expired := []string{fmt.Sprintf("exp:%d", now.Unix()-10), fmt.Sprintf("iat:%d", now.Unix()-900)}
	if _, err := v.VerifyForLogout(t.Context(), p.second.forge(t, partnerHeader("JWT"), fromPartner(expired...))); err != nil {
		t.Errorf("got %v, want the claims", err)
	}
	if _, err := v.VerifyForLogout(t.Context(), p.first.forge(t, partnerHeader("JWT"), fromPartner(expired...))); !errors.Is(err, durward.ErrTokenSignature) {
		t.Errorf("got %v, want %v", err, durward.ErrTokenSignature)
	}
}

func TestSeveralIssuersAreCheckedAsAWhole(t *testing.T) {
	p := newPartners(t)
	good := p.config.AlsoTrust[0]
	for name, c := range map[string]struct {
		change func(*durward.Trust)
		want   string // in the error, or empty for a good configuration
	}{
		"a further issuer":            {func(*durward.Trust) {}, ""},
		"no types":                    {func(t *durward.Trust) { t.Types = nil }, ""},
		"the audience of another":     {func(t *durward.Trust) { t.Audience = audience }, ""},
		"the keys of another":         {func(t *durward.Trust) { t.Keys = p.firstKeys }, ""},
		"no issuer":                   {func(t *durward.Trust) { t.Issuer = "" }, "AlsoTrust[1].Issuer"},
		"no audience":                 {func(t *durward.Trust) { t.Audience = "" }, "AlsoTrust[1].Audience"},
		"no keys":                     {func(t *durward.Trust) { t.Keys = nil }, "AlsoTrust[1].Keys"},
		"an empty type":               {func(t *durward.Trust) { t.Types = []string{"JWT", ""} }, "AlsoTrust[1].Types"},
		"the name of the first":       {func(t *durward.Trust) { t.Issuer = issuerURL }, "AlsoTrust[1].Issuer"},
		"the name of another":         {func(t *durward.Trust) { t.Issuer = partnerURL }, "AlsoTrust[1].Issuer"},
		"nothing at all, all at once": {func(t *durward.Trust) { *t = durward.Trust{} }, "AlsoTrust[1].Keys"},
	} {
		t.Run(name, func(t *testing.T) {
			further := good
			further.Issuer = "https://further.test"
			c.change(&further)
			tested := p.config
			tested.AlsoTrust = []durward.Trust{good, further}
			_, err := durward.NewVerifier(tested)
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want a problem with %q", err, c.want)
			}
		})
	}
}

func TestTrustDoesNotChangeAfterwards(t *testing.T) {
	p := newPartners(t)
	types := p.config.AlsoTrust[0].Types
	v := newVerifier(t, p.config)
	types[0] = "x"
	p.config.AlsoTrust[0] = durward.Trust{}
	accepted(t, v, p.second.forge(t, partnerHeader("JWT"), fromPartner()))
}

// Before the signature is known to be right, nothing that was sent is kept, and next to nothing is allocated.
func TestASelectedIssuerCostsNoMemory(t *testing.T) {
	if raceEnabled {
		t.Skip("allocations cannot be counted under the race detector")
	}
	p := newPartners(t)
	v := newVerifier(t, p.config)
	token := p.first.forge(t, p.first.header(), payload(`iss:"https://evil.test"`, `x:"`+strings.Repeat("x", 4000)+`"`))
	got := testing.AllocsPerRun(200, func() {
		if _, err := v.Verify(ctx, token); !errors.Is(err, durward.ErrTokenIssuer) {
			t.Errorf("got %v, want %v", err, durward.ErrTokenIssuer)
		}
	})
	if got > 0 {
		t.Errorf("got %v allocations for the token of a stranger, want none", got)
	}
}

func BenchmarkVerifyAmongIssuers(b *testing.B) {
	m := materialOf(b, durward.HS256)
	token := usualToken(b, m)
	for name, trust := range map[string][]durward.Trust{
		"one": nil, "two": {{Issuer: partnerURL, Audience: partnerAudience, Keys: m.key}},
	} {
		for cache, size := range map[string]int{"uncached": -1, "cached": 0} {
			b.Run(name+"/"+cache, func(b *testing.B) {
				c := config(m.key)
				c.CacheBytes, c.AlsoTrust = size, trust
				v := newVerifier(b, c)
				warm(b, v, token)
				b.ReportAllocs()
				for b.Loop() {
					if _, err := v.Verify(ctx, token); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
