package contender

import (
	"context"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jws"
	"github.com/lestrrat-go/jwx/v3/jwt"

	"github.com/durward-auth/durward/bench/oracle"
)

// typedKeys finds the key by kid and refuses another typ, for which jwx has no option.
type typedKeys struct {
	set       jwk.Set
	algorithm jwa.SignatureAlgorithm
}

func (k typedKeys) FetchKeys(_ context.Context, sink jws.KeySink, s *jws.Signature, _ *jws.Message) error {
	header := s.ProtectedHeaders()
	if typ, _ := header.Type(); typ != oracle.Type {
		return errRefused
	}
	if algorithm, _ := header.Algorithm(); algorithm != k.algorithm {
		return errRefused
	}
	id, _ := header.KeyID()
	key, ok := k.set.LookupKeyID(id)
	if !ok {
		return errRefused
	}
	sink.Key(k.algorithm, key)
	return nil
}

func jwxCheck(f *Fixture) (func() error, error) {
	set, err := jwk.Parse(f.forms.JWKS)
	if err != nil {
		return nil, err
	}
	algorithm, ok := jwa.LookupSignatureAlgorithm(string(f.Algorithm))
	if !ok {
		return nil, errRefused
	}
	options := []jwt.ParseOption{
		jwt.WithKeyProvider(typedKeys{set, algorithm}), jwt.WithIssuer(issuer), jwt.WithAudience(audience), jwt.WithRequiredClaim("exp"),
	}
	return func() error {
		_, err := jwt.ParseString(f.Token, options...)
		return err
	}, nil
}

func jwxSign(f *Fixture) (func() error, error) {
	key, err := jwk.ParseKey(f.forms.PrivateJWK)
	if err != nil {
		return nil, err
	}
	algorithm, ok := jwa.LookupSignatureAlgorithm(string(f.Algorithm))
	if !ok {
		return nil, errRefused
	}
	header := jws.NewHeaders()
	if err := header.Set(jws.TypeKey, oracle.Type); err != nil {
		return nil, err
	}
	c, private := f.Claims, f.typed()
	return func() error {
		token, err := jwt.NewBuilder().Issuer(c.Issuer).Subject(c.Subject).Audience(c.Audience).JwtID(c.ID).
			Expiration(c.ExpiresAt).IssuedAt(c.IssuedAt).Claim("client_id", private.ClientID).Claim("sid", private.SessionID).
			Claim("ver", private.Version).Claim("auth_time", private.AuthTime).Claim("username", private.Username).
			Claim("roles", private.Roles).Claim("scope", private.Scope).Build()
		if err != nil {
			return err
		}
		_, err = jwt.Sign(token, jwt.WithKey(algorithm, key, jws.WithProtectedHeaders(header)))
		return err
	}, nil
}
