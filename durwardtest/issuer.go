package durwardtest

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/durward-auth/durward"
)

// What every issuer of this package writes into its tokens.
const (
	IssuerURL = "https://issuer.test"
	Audience  = "test"
)

// An Issuer makes tokens for the tests of a program that accepts them. It signs with ES256, is safe for concurrent
// use, and ends the test at once when a token cannot be made.
type Issuer struct {
	// Clock is the time of the issuer and of [Issuer.Config]. It begins at the present second, so that its tokens
	// are good for programs that tell the time by themselves too, and stands still until the test moves it.
	Clock *Clock

	t    testing.TB
	keys *ring
}

// New returns an issuer with a key of its own.
func New(t testing.TB) *Issuer {
	t.Helper()
	i := &Issuer{Clock: NewClock(time.Now().Truncate(time.Second)), t: t, keys: new(ring)}
	i.keys.add(newKey(t))
	return i
}

func newKey(t testing.TB) *durward.SigningKey {
	t.Helper()
	key, err := durward.GenerateKey(durward.ES256)
	if err != nil {
		t.Fatalf("durwardtest: %v", err)
	}
	return key
}

// Config returns the configuration that accepts this issuer's tokens, ready for [durward.New]: its name, audience, keys
// (as they are when a token is checked) and clock. Set other fields as the program does.
func (i *Issuer) Config() durward.Config {
	return durward.Config{Issuer: IssuerURL, Audience: Audience, Keys: i.keys, Clock: i.Clock.Now}
}

// Guard returns a guard with exactly the configuration of [Issuer.Config].
func (i *Issuer) Guard() *durward.Guard {
	i.t.Helper()
	guard, err := durward.New(i.Config())
	if err != nil {
		i.t.Fatalf("durwardtest: %v", err)
	}
	return guard
}

// Token returns a good token with these claims, and private ones as [durward.Signer.Sign] takes them. Unless the claims say
// otherwise it is for [Audience] and expires in 15 minutes.
func (i *Issuer) Token(c durward.Claims, private ...any) string {
	i.t.Helper()
	return i.sign(durward.SignerConfig{}, c, private...)
}

// TokenFor returns a good token for a subject with these roles.
func (i *Issuer) TokenFor(subject string, roles ...string) string {
	i.t.Helper()
	return i.Token(durward.Claims{Subject: subject, Roles: roles})
}

// TokenOfType returns a token that is good but for its media type ("typ"), such as "JWT" or "rt+jwt".
func (i *Issuer) TokenOfType(mediaType string, c durward.Claims, private ...any) string {
	i.t.Helper()
	return i.sign(durward.SignerConfig{Type: mediaType}, c, private...)
}

// sign makes a token by a signer of this issuer but for what the configuration says already.
func (i *Issuer) sign(config durward.SignerConfig, c durward.Claims, private ...any) string {
	i.t.Helper()
	if config.Issuer == "" {
		config.Issuer = IssuerURL
	}
	if config.Key == nil {
		config.Key = i.keys
	}
	if config.Clock == nil {
		config.Clock = i.Clock.Now
	}
	config.Audience = Audience
	signer, err := durward.NewSigner(config)
	if err != nil {
		i.t.Fatalf("durwardtest: %v", err)
	}
	token, _, err := signer.Sign(i.t.Context(), c, private...)
	if err != nil {
		i.t.Fatalf("durwardtest: %v", err)
	}
	return token
}

// Request returns a request as a server receives it, with the token in the Authorization header. With an empty
// token it has none.
func (i *Issuer) Request(method, target, token string) *http.Request {
	r := httptest.NewRequestWithContext(i.t.Context(), method, target, nil)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return r
}

// Rotate makes a new key sign from now on. Tokens of the keys before it stay good until [Issuer.RetireOld].
func (i *Issuer) Rotate() {
	i.t.Helper()
	i.keys.add(newKey(i.t))
}

// RetireOld forgets every key but the one that signs: tokens of the others are refused from now on.
func (i *Issuer) RetireOld() { i.keys.retire() }

// KeysUnavailable makes every look at the keys fail, or succeed again: a guard answers with 503 meanwhile, as it does when a
// remote key set cannot be fetched.
func (i *Issuer) KeysUnavailable(yes bool) { i.keys.setBroken(yes) }

// KeySet returns the public keys as they are now, for a program that fetches or reads a key set.
func (i *Issuer) KeySet() *durward.KeySet {
	i.t.Helper()
	set, err := durward.NewKeySet(i.keys.public()...)
	if err != nil {
		i.t.Fatalf("durwardtest: %v", err)
	}
	return set
}
