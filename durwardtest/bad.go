package durwardtest

import (
	"encoding/base64"
	"strings"
	"time"

	"github.com/durward-auth/durward"
)

// A BadToken is a token that must be refused, and why.
type BadToken struct {
	Name  string // a few words, for the name of a subtest
	Token string
	Err   error // what a verifier answers, for errors.Is
}

// BadTokens returns one token with these claims for each way in which a token is bad: what the claims would
// allow must not matter for any of them. A program that lets one through does not check what it must.
func (i *Issuer) BadTokens(c durward.Claims) []BadToken {
	i.t.Helper()
	now := i.Clock.Now()
	earlier, later, elsewhere := c, c, c
	earlier.ExpiresAt, earlier.NotBefore = now.Add(-time.Hour), time.Time{}
	later.NotBefore = now.Add(10 * time.Minute)
	elsewhere.Audience = []string{"another-audience.test"}
	good := i.Token(c)
	payload := good[strings.IndexByte(good, '.')+1 : strings.LastIndexByte(good, '.')]

	return []BadToken{
		{"expired", i.sign(durward.SignerConfig{
			Clock: func() time.Time { return now.Add(-2 * time.Hour) },
		}, earlier), durward.ErrTokenExpired},
		{"not valid yet", i.Token(later), durward.ErrTokenNotYetValid},
		{"for another audience", i.Token(elsewhere), durward.ErrTokenAudience},
		{"from another issuer", i.sign(durward.SignerConfig{Issuer: "https://another-issuer.test"}, c), durward.ErrTokenIssuer},
		{"of another type", i.TokenOfType("JWT", c), durward.ErrTokenType},
		{"signed by an unknown key", i.sign(durward.SignerConfig{Key: newKey(i.t)}, c), durward.ErrTokenKey},
		{"signed by another key under a known key id", i.sign(durward.SignerConfig{
			Key: newKey(i.t).WithID(i.keys.public()[0].ID()),
		}, c), durward.ErrTokenSignature},
		{"unsigned", base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"at+jwt"}`)) + "." + payload + ".", durward.ErrToken},
		{"cut short", good[:len(good)-1], durward.ErrTokenMalformed},
		{"no token at all", "not-a-token", durward.ErrTokenMalformed},
	}
}
