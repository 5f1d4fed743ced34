package oracle

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"
)

// Policy is what a token must fulfil.
type Policy struct {
	Issuer   string
	Audience string
	Now      time.Time
}

// Key is one key in the forms in which it travels. Public forms are empty for HMAC, PEM forms too.
type Key struct {
	Algorithm  string // alg
	ID         string // kid
	Secret     []byte // of an HMAC key
	JWKS       []byte // the public key set, or for HMAC a set of the secret key
	PublicPEM  []byte
	PrivateJWK []byte
	PrivatePEM []byte
}

// A Verify judges a compact token and returns its claims in the form of [Normal].
type Verify func(token string) (map[string]any, error)

// Oracle is another implementation, set up as its documentation advises and as strictly as options alone make it.
type Oracle struct {
	Name string
	// Verifier reads the published key.
	Verifier func(Key, Policy) (Verify, error)
	// Sign makes a token of the claims with the private key and the type at+jwt.
	Sign func(Key, map[string]any) (string, error)
	// Unsupported are the algorithms that the implementation does not know.
	Unsupported []string
}

// All returns every oracle, each with its most usual form of claims.
func All() []Oracle { return []Oracle{GolangJWT(), GoJose(), JWX()} }

// Type is the typ that every oracle writes.
const Type = "at+jwt"

// Normal returns a payload as a map in which audiences are a list and numbers keep their text, so that two
// readings of one token compare with reflect.DeepEqual.
func Normal(payload []byte) (map[string]any, error) {
	decoder := json.NewDecoder(strings.NewReader(string(payload)))
	decoder.UseNumber()
	var claims map[string]any
	if err := decoder.Decode(&claims); err != nil {
		return nil, fmt.Errorf("read claims: %w", err)
	}
	if audience, ok := claims["aud"].(string); ok {
		claims["aud"] = []any{audience}
	}
	return claims, nil
}

func normalOf(claims any) (map[string]any, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return nil, fmt.Errorf("write claims: %w", err)
	}
	return Normal(payload)
}

// overlaid returns the claims of a payload with those that an implementation reads by itself as it read them.
func overlaid(payload []byte, registered any) (map[string]any, error) {
	claims, err := Normal(payload)
	if err != nil {
		return nil, err
	}
	read, err := normalOf(registered)
	if err != nil {
		return nil, err
	}
	maps.Copy(claims, read)
	return claims, nil
}
