package oracle

import (
	"fmt"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jws"
	"github.com/lestrrat-go/jwx/v3/jwt"
)

// JWX is lestrrat-go/jwx v3 with its JSON Web Key Set.
func JWX() Oracle {
	return Oracle{
		Name: "jwx",
		Sign: signJWX,
		Verifier: func(key Key, policy Policy) (Verify, error) {
			set, err := jwk.Parse(key.JWKS)
			if err != nil {
				return nil, fmt.Errorf("read key set: %w", err)
			}
			return jwx(set, policy), nil
		},
	}
}

func jwx(set jwk.Set, policy Policy) Verify {
	options := []jwt.ParseOption{
		jwt.WithKeySet(set), jwt.WithIssuer(policy.Issuer), jwt.WithAudience(policy.Audience), jwt.WithRequiredClaim("exp"),
		jwt.WithClock(jwt.ClockFunc(func() time.Time { return policy.Now })),
	}
	return func(token string) (map[string]any, error) {
		parsed, err := jwt.ParseString(token, options...)
		if err != nil {
			return nil, err
		}
		return normalOf(parsed)
	}
}

func signJWX(key Key, claims map[string]any) (string, error) {
	private, err := jwk.ParseKey(key.PrivateJWK)
	if err != nil {
		return "", fmt.Errorf("read key: %w", err)
	}
	algorithm, ok := jwa.LookupSignatureAlgorithm(key.Algorithm)
	if !ok {
		return "", fmt.Errorf("jwx does not know %q", key.Algorithm)
	}
	builder := jwt.NewBuilder()
	for name, value := range claims {
		builder = builder.Claim(name, value)
	}
	token, err := builder.Build()
	if err != nil {
		return "", fmt.Errorf("build token: %w", err)
	}
	header := jws.NewHeaders()
	if err := header.Set(jws.TypeKey, Type); err != nil {
		return "", fmt.Errorf("set header: %w", err)
	}
	signed, err := jwt.Sign(token, jwt.WithKey(algorithm, private, jws.WithProtectedHeaders(header)))
	return string(signed), err
}
