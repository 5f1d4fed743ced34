package contender

import (
	"encoding/json"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/durward-auth/durward/bench/oracle"
)

func goJoseCheck(f *Fixture) (func() error, error) {
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(f.forms.JWKS, &set); err != nil {
		return nil, err
	}
	algorithms := []jose.SignatureAlgorithm{jose.SignatureAlgorithm(f.Algorithm)}
	return func() error {
		token, err := jwt.ParseSigned(f.Token, algorithms)
		if err != nil {
			return err
		}
		if token.Headers[0].ExtraHeaders[jose.HeaderType] != oracle.Type {
			return errRefused
		}
		var claims struct {
			jwt.Claims
			typed
		}
		if err := token.Claims(&set, &claims); err != nil {
			return err
		}
		if claims.Expiry == nil {
			return errRefused
		}
		return claims.ValidateWithLeeway(jwt.Expected{Issuer: issuer, AnyAudience: jwt.Audience{audience}, Time: time.Now()}, 0)
	}, nil
}

func goJoseSign(f *Fixture) (func() error, error) {
	options := (&jose.SignerOptions{}).WithType(oracle.Type).WithHeader("kid", keyID)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(f.Algorithm), Key: f.private}, options)
	if err != nil {
		return nil, err
	}
	c, private := f.Claims, f.typed()
	return func() error {
		_, err := jwt.Signed(signer).Claims(struct {
			jwt.Claims
			typed
		}{jwt.Claims{
			Issuer: c.Issuer, Subject: c.Subject, Audience: jwt.Audience(c.Audience), ID: c.ID,
			Expiry: jwt.NewNumericDate(c.ExpiresAt), IssuedAt: jwt.NewNumericDate(c.IssuedAt),
		}, private}).Serialize()
		return err
	}, nil
}
