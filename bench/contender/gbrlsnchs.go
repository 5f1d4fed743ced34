package contender

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"time"

	"github.com/gbrlsnchs/jwt/v3"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/bench/oracle"
)

type gbrlsnchsClaims struct {
	jwt.Payload
	typed
}

func gbrlsnchsAlgorithm(f *Fixture) jwt.Algorithm {
	switch f.Algorithm {
	case durward.HS256:
		return jwt.NewHS256(f.forms.Secret)
	case durward.RS256:
		return jwt.NewRS256(jwt.RSAPrivateKey(f.private.(*rsa.PrivateKey)))
	case durward.PS256:
		return jwt.NewPS256(jwt.RSAPrivateKey(f.private.(*rsa.PrivateKey)))
	case durward.ES256:
		return jwt.NewES256(jwt.ECDSAPrivateKey(f.private.(*ecdsa.PrivateKey)))
	default:
		return jwt.NewEd25519(jwt.Ed25519PrivateKey(f.private.(ed25519.PrivateKey)))
	}
}

func gbrlsnchsCheck(f *Fixture) (func() error, error) {
	algorithm := gbrlsnchsAlgorithm(f)
	return func() error {
		var claims gbrlsnchsClaims
		validate := jwt.ValidatePayload(&claims.Payload, jwt.IssuerValidator(issuer),
			jwt.AudienceValidator(jwt.Audience{audience}), jwt.ExpirationTimeValidator(time.Now()))
		header, err := jwt.Verify([]byte(f.Token), algorithm, &claims, jwt.ValidateHeader, validate)
		if err != nil {
			return err
		}
		if header.Type != oracle.Type {
			return errRefused
		}
		return nil
	}, nil
}

// gbrlsnchsSign writes the type JWT: it knows no other.
func gbrlsnchsSign(f *Fixture) (func() error, error) {
	algorithm := gbrlsnchsAlgorithm(f)
	c, private := f.Claims, f.typed()
	return func() error {
		_, err := jwt.Sign(gbrlsnchsClaims{jwt.Payload{
			Issuer: c.Issuer, Subject: c.Subject, Audience: jwt.Audience(c.Audience), JWTID: c.ID,
			ExpirationTime: jwt.NumericDate(c.ExpiresAt), IssuedAt: jwt.NumericDate(c.IssuedAt),
		}, private}, algorithm, jwt.KeyID(keyID))
		return err
	}, nil
}
