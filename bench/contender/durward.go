package contender

import (
	"context"
	"crypto/rand"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/revocation"
)

// keys reads the key set as an issuer publishes it; a secret is not published.
func (f *Fixture) keys() (durward.KeySource, error) {
	if f.forms.Secret != nil {
		return durward.NewKeySet(f.key.Public())
	}
	return durward.ParseKeySet(f.forms.JWKS)
}

func (f *Fixture) config(cacheBytes int) (durward.Config, error) {
	keys, err := f.keys()
	return durward.Config{Issuer: issuer, Audience: audience, Keys: keys, CacheBytes: cacheBytes}, err
}

func durwardCheck(f *Fixture, cacheBytes int) (func() error, error) {
	config, err := f.config(cacheBytes)
	if err != nil {
		return nil, err
	}
	return checkWith(config, f)
}

// durwardRevocation is a cache hit with a look at 10,000 revoked sessions and tokens.
func durwardRevocation(f *Fixture) (func() error, error) {
	config, err := f.config(0)
	if err != nil {
		return nil, err
	}
	set := revocation.NewSet(nil)
	for range 5_000 {
		set.Add(revocation.Entry{Kind: revocation.Session, ID: rand.Text(), ExpiresAt: f.Claims.ExpiresAt},
			revocation.Entry{Kind: revocation.Token, ID: rand.Text(), ExpiresAt: f.Claims.ExpiresAt})
	}
	config.Revocation = durward.RevokedIn(set)
	return checkWith(config, f)
}

func checkWith(config durward.Config, f *Fixture) (func() error, error) {
	verifier, err := durward.NewVerifier(config)
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	return func() error {
		_, err := verifier.Verify(ctx, f.Token)
		return err
	}, nil
}

func durwardSign(f *Fixture) (func() error, error) {
	signer, err := durward.NewSigner(durward.SignerConfig{Issuer: issuer, Audience: audience, Key: f.key})
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	return func() error {
		_, _, err := signer.Sign(ctx, f.Claims)
		return err
	}, nil
}
