package contender

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"time"

	"github.com/cristalhq/jwt/v5"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/bench/oracle"
)

type cristalClaims struct {
	jwt.RegisteredClaims
	typed
}

func cristalCheck(f *Fixture) (func() error, error) {
	var verifier jwt.Verifier
	var err error
	algorithm := jwt.Algorithm(f.Algorithm)
	switch f.Algorithm {
	case durward.HS256:
		verifier, err = jwt.NewVerifierHS(algorithm, f.forms.Secret)
	case durward.RS256:
		verifier, err = jwt.NewVerifierRS(algorithm, f.public.(*rsa.PublicKey))
	case durward.PS256:
		verifier, err = jwt.NewVerifierPS(algorithm, f.public.(*rsa.PublicKey))
	case durward.ES256:
		verifier, err = jwt.NewVerifierES(algorithm, f.public.(*ecdsa.PublicKey))
	default:
		verifier, err = jwt.NewVerifierEdDSA(f.public.(ed25519.PublicKey))
	}
	if err != nil {
		return nil, err
	}
	return func() error {
		token, err := jwt.Parse([]byte(f.Token), verifier)
		if err != nil {
			return err
		}
		var claims cristalClaims
		if err := token.DecodeClaims(&claims); err != nil {
			return err
		}
		if token.Header().Type != oracle.Type || !claims.IsIssuer(issuer) || !claims.IsForAudience(audience) ||
			claims.ExpiresAt == nil || !claims.IsValidAt(time.Now()) {
			return errRefused
		}
		return nil
	}, nil
}

// cristalSign writes the type JWT: it knows no other.
func cristalSign(f *Fixture) (func() error, error) {
	var signer jwt.Signer
	var err error
	algorithm := jwt.Algorithm(f.Algorithm)
	switch f.Algorithm {
	case durward.HS256:
		signer, err = jwt.NewSignerHS(algorithm, f.forms.Secret)
	case durward.RS256:
		signer, err = jwt.NewSignerRS(algorithm, f.private.(*rsa.PrivateKey))
	case durward.PS256:
		signer, err = jwt.NewSignerPS(algorithm, f.private.(*rsa.PrivateKey))
	case durward.ES256:
		signer, err = jwt.NewSignerES(algorithm, f.private.(*ecdsa.PrivateKey))
	default:
		signer, err = jwt.NewSignerEdDSA(f.private.(ed25519.PrivateKey))
	}
	if err != nil {
		return nil, err
	}
	builder := jwt.NewBuilder(signer, jwt.WithKeyID(keyID))
	c, private := f.Claims, f.typed()
	return func() error {
		_, err := builder.Build(&cristalClaims{jwt.RegisteredClaims{
			Issuer: c.Issuer, Subject: c.Subject, Audience: c.Audience, ID: c.ID,
			ExpiresAt: jwt.NewNumericDate(c.ExpiresAt), IssuedAt: jwt.NewNumericDate(c.IssuedAt),
		}, private})
		return err
	}, nil
}
