package oracle

import (
	"crypto"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// GolangJWT is golang-jwt/jwt v5 with MapClaims. It reads keys in PEM; key sets are none of its business.
func GolangJWT() Oracle {
	return Oracle{
		Name:        "golang-jwt",
		Unsupported: []string{"Ed25519"},
		Sign:        signGolangJWT,
		Verifier: func(key Key, policy Policy) (Verify, error) {
			return golangJWT(key, policy, func() jwt.Claims { return jwt.MapClaims{} })
		},
	}
}

// TypedClaims are the claims of durward in the form that golang-jwt advises.
type TypedClaims struct {
	jwt.RegisteredClaims
	ClientID  string   `json:"client_id,omitempty"`
	SessionID string   `json:"sid,omitempty"`
	Version   int64    `json:"ver,omitempty"`
	AuthTime  int64    `json:"auth_time,omitempty"`
	Username  string   `json:"username,omitempty"`
	Roles     []string `json:"roles,omitempty"`
	Scope     string   `json:"scope,omitempty"`
}

// GolangJWTStruct is golang-jwt/jwt v5 with [TypedClaims].
func GolangJWTStruct() Oracle {
	o := GolangJWT()
	o.Name = "golang-jwt, struct claims"
	o.Verifier = func(key Key, policy Policy) (Verify, error) {
		return golangJWT(key, policy, func() jwt.Claims { return &TypedClaims{} })
	}
	return o
}

func golangJWT(key Key, policy Policy, fresh func() jwt.Claims) (Verify, error) {
	public, err := golangJWTKey(key)
	if err != nil {
		return nil, err
	}
	parser := jwt.NewParser(
		jwt.WithValidMethods([]string{key.Algorithm}), jwt.WithIssuer(policy.Issuer), jwt.WithAudience(policy.Audience),
		jwt.WithExpirationRequired(), jwt.WithTimeFunc(func() time.Time { return policy.Now }), jwt.WithJSONNumber(),
	)
	return func(token string) (map[string]any, error) {
		parsed, err := parser.ParseWithClaims(token, fresh(), func(*jwt.Token) (any, error) { return public, nil })
		if err != nil {
			return nil, err
		}
		return normalOf(parsed.Claims)
	}, nil
}

func golangJWTKey(key Key) (any, error) {
	switch key.Algorithm[:2] {
	case "HS":
		return key.Secret, nil
	case "RS", "PS":
		return jwt.ParseRSAPublicKeyFromPEM(key.PublicPEM)
	case "ES":
		return jwt.ParseECPublicKeyFromPEM(key.PublicPEM)
	default:
		return jwt.ParseEdPublicKeyFromPEM(key.PublicPEM)
	}
}

func signGolangJWT(key Key, claims map[string]any) (string, error) {
	var private any
	var err error
	switch key.Algorithm[:2] {
	case "HS":
		private = key.Secret
	case "RS", "PS":
		private, err = jwt.ParseRSAPrivateKeyFromPEM(key.PrivatePEM)
	case "ES":
		private, err = jwt.ParseECPrivateKeyFromPEM(key.PrivatePEM)
	default:
		var parsed crypto.PrivateKey
		parsed, err = jwt.ParseEdPrivateKeyFromPEM(key.PrivatePEM)
		private = parsed
	}
	if err != nil {
		return "", fmt.Errorf("read key: %w", err)
	}
	method := jwt.GetSigningMethod(key.Algorithm)
	if method == nil {
		return "", fmt.Errorf("golang-jwt does not know %q", key.Algorithm)
	}
	token := jwt.NewWithClaims(method, jwt.MapClaims(claims))
	token.Header["typ"] = Type
	if key.ID != "" {
		token.Header["kid"] = key.ID
	}
	return token.SignedString(private)
}
