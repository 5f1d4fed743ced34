package contender

import (
	"context"

	"github.com/durward-auth/durward"
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
