package contender

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"time"

	"github.com/pascaldekloe/jwt"

	"github.com/durward-auth/durward"
)

// pascaldekloeCheck leaves the private claims in a map, which is all that it offers.
func pascaldekloeCheck(f *Fixture) (func() error, error) {
	check, err := pascaldekloeVerifier(f)
	if err != nil {
		return nil, err
	}
	typ := []byte(`"typ":"at+jwt"`)
	return func() error {
		claims, err := check([]byte(f.Token))
		if err != nil {
			return err
		}
		if !bytes.Contains(claims.RawHeader, typ) || claims.Issuer != issuer || !claims.AcceptAudience(audience) ||
			claims.Expires == nil || !claims.Valid(time.Now()) {
			return errRefused
		}
		return nil
	}, nil
}

func pascaldekloeVerifier(f *Fixture) (func([]byte) (*jwt.Claims, error), error) {
	switch f.Algorithm {
	case durward.HS256:
		mac, err := jwt.NewHMAC(string(f.Algorithm), f.forms.Secret)
		if err != nil {
			return nil, err
		}
		return mac.Check, nil
	case durward.RS256, durward.PS256:
		return func(t []byte) (*jwt.Claims, error) { return jwt.RSACheck(t, f.public.(*rsa.PublicKey)) }, nil
	case durward.ES256:
		return func(t []byte) (*jwt.Claims, error) { return jwt.ECDSACheck(t, f.public.(*ecdsa.PublicKey)) }, nil
	default:
		return func(t []byte) (*jwt.Claims, error) { return jwt.EdDSACheck(t, f.public.(ed25519.PublicKey)) }, nil
	}
}

func pascaldekloeSign(f *Fixture) (func() error, error) {
	extra := json.RawMessage(`{"typ":"at+jwt"}`)
	var sign func(*jwt.Claims) ([]byte, error)
	switch f.Algorithm {
	case durward.HS256:
		mac, err := jwt.NewHMAC(string(f.Algorithm), f.forms.Secret)
		if err != nil {
			return nil, err
		}
		sign = func(c *jwt.Claims) ([]byte, error) { return mac.Sign(c, extra) }
	case durward.RS256, durward.PS256:
		sign = func(c *jwt.Claims) ([]byte, error) {
			return c.RSASign(string(f.Algorithm), f.private.(*rsa.PrivateKey), extra)
		}
	case durward.ES256:
		sign = func(c *jwt.Claims) ([]byte, error) {
			return c.ECDSASign(string(f.Algorithm), f.private.(*ecdsa.PrivateKey), extra)
		}
	default:
		sign = func(c *jwt.Claims) ([]byte, error) { return c.EdDSASign(f.private.(ed25519.PrivateKey), extra) }
	}
	c, private := f.Claims, f.typed()
	return func() error {
		_, err := sign(&jwt.Claims{KeyID: keyID, Registered: jwt.Registered{
			Issuer: c.Issuer, Subject: c.Subject, Audiences: c.Audience, ID: c.ID,
			Expires: jwt.NewNumericTime(c.ExpiresAt), Issued: jwt.NewNumericTime(c.IssuedAt),
		}, Set: map[string]any{
			"client_id": private.ClientID, "sid": private.SessionID, "ver": private.Version, "auth_time": private.AuthTime,
			"username": private.Username, "roles": private.Roles, "scope": private.Scope,
		}})
		return err
	}, nil
}
