package contender

import (
	"github.com/golang-jwt/jwt/v5"

	"github.com/durward-auth/durward/bench/oracle"
)

func golangJWTCheck(f *Fixture) (func() error, error) {
	parse := golangJWTParse(f)
	return func() error { return parse(f.Token) }, nil
}

// golangJWTParse decodes into a struct, which is its faster way.
func golangJWTParse(f *Fixture) func(token string) error {
	parser := jwt.NewParser(jwt.WithValidMethods([]string{string(f.Algorithm)}), jwt.WithIssuer(issuer),
		jwt.WithAudience(audience), jwt.WithExpirationRequired())
	keys := map[any]any{keyID: f.public}
	find := func(t *jwt.Token) (any, error) {
		key, ok := keys[t.Header["kid"]]
		if !ok || t.Header["typ"] != oracle.Type {
			return nil, errRefused
		}
		return key, nil
	}
	return func(token string) error {
		var claims oracle.TypedClaims
		_, err := parser.ParseWithClaims(token, &claims, find)
		return err
	}
}

func golangJWTSign(f *Fixture) (func() error, error) {
	method := jwt.GetSigningMethod(string(f.Algorithm))
	c, private := f.Claims, f.typed()
	return func() error {
		token := jwt.NewWithClaims(method, &oracle.TypedClaims{
			RegisteredClaims: jwt.RegisteredClaims{
				Issuer: c.Issuer, Subject: c.Subject, Audience: c.Audience, ID: c.ID,
				ExpiresAt: jwt.NewNumericDate(c.ExpiresAt), IssuedAt: jwt.NewNumericDate(c.IssuedAt),
			},
			ClientID: private.ClientID, SessionID: private.SessionID, Version: private.Version, AuthTime: private.AuthTime,
			Username: private.Username, Roles: private.Roles, Scope: private.Scope,
		})
		token.Header["typ"], token.Header["kid"] = oracle.Type, keyID
		_, err := token.SignedString(f.private)
		return err
	}, nil
}
