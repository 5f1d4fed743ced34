package contender

import (
	"encoding/json"

	"github.com/kataras/jwt"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/bench/oracle"
)

var katarasAlgorithms = map[durward.Algorithm]jwt.Alg{
	durward.HS256: jwt.HS256, durward.RS256: jwt.RS256, durward.PS256: jwt.PS256, durward.ES256: jwt.ES256, durward.EdDSA: jwt.EdDSA,
}

type katarasHeader struct {
	Algorithm string `json:"alg"`
	Type      string `json:"typ"`
	KeyID     string `json:"kid"`
}

type katarasClaims struct {
	jwt.Claims
	typed
}

func katarasCheck(f *Fixture) (func() error, error) {
	algorithm := katarasAlgorithms[f.Algorithm]
	keys := map[string]any{keyID: f.public}
	read := func(_ string, decoded []byte) (jwt.Alg, jwt.PublicKey, jwt.InjectFunc, error) {
		var header katarasHeader
		if err := json.Unmarshal(decoded, &header); err != nil {
			return nil, nil, nil, err
		}
		key, ok := keys[header.KeyID]
		if !ok || header.Algorithm != algorithm.Name() || header.Type != oracle.Type {
			return nil, nil, nil, errRefused
		}
		return algorithm, key, nil, nil
	}
	expected := jwt.Expected{Issuer: issuer, Audience: jwt.Audience{audience}}
	return func() error {
		token, err := jwt.VerifyWithHeaderValidator(algorithm, f.public, []byte(f.Token), read, expected)
		if err != nil {
			return err
		}
		var claims katarasClaims
		if err := token.Claims(&claims); err != nil {
			return err
		}
		if claims.Expiry == 0 {
			return errRefused
		}
		return nil
	}, nil
}

func katarasSign(f *Fixture) (func() error, error) {
	algorithm := katarasAlgorithms[f.Algorithm]
	c, private := f.Claims, f.typed()
	return func() error {
		_, err := jwt.SignWithHeader(algorithm, f.private, katarasClaims{jwt.Claims{
			Issuer: c.Issuer, Subject: c.Subject, Audience: jwt.Audience(c.Audience), ID: c.ID,
			Expiry: c.ExpiresAt.Unix(), IssuedAt: c.IssuedAt.Unix(),
		}, private}, katarasHeader{algorithm.Name(), oracle.Type, keyID})
		return err
	}, nil
}
