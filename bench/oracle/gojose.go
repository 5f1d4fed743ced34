package oracle

import (
	"encoding/json"
	"fmt"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// GoJose is go-jose v4 with its JSON Web Key Set.
func GoJose() Oracle {
	return Oracle{
		Name:        "go-jose",
		Unsupported: []string{"Ed25519"},
		Sign:        signGoJose,
		Verifier: func(key Key, policy Policy) (Verify, error) {
			var set jose.JSONWebKeySet
			if err := json.Unmarshal(key.JWKS, &set); err != nil {
				return nil, fmt.Errorf("read key set: %w", err)
			}
			return goJose(&set, key.Algorithm, policy), nil
		},
	}
}

func goJose(set *jose.JSONWebKeySet, algorithm string, policy Policy) Verify {
	algorithms := []jose.SignatureAlgorithm{jose.SignatureAlgorithm(algorithm)}
	expected := jwt.Expected{Issuer: policy.Issuer, AnyAudience: jwt.Audience{policy.Audience}, Time: policy.Now}
	return func(token string) (map[string]any, error) {
		parsed, err := jwt.ParseSigned(token, algorithms)
		if err != nil {
			return nil, err
		}
		var registered jwt.Claims
		var payload json.RawMessage
		if err := parsed.Claims(set, &registered, &payload); err != nil {
			return nil, err
		}
		if err := registered.ValidateWithLeeway(expected, 0); err != nil {
			return nil, err
		}
		return overlaid(payload, registered)
	}
}

func signGoJose(key Key, claims map[string]any) (string, error) {
	var private jose.JSONWebKey
	if err := private.UnmarshalJSON(key.PrivateJWK); err != nil {
		return "", fmt.Errorf("read key: %w", err)
	}
	signing := jose.SigningKey{Algorithm: jose.SignatureAlgorithm(key.Algorithm), Key: private}
	options := (&jose.SignerOptions{}).WithType(Type)
	if key.Secret != nil { // the kid of a secret key is left out otherwise
		options = options.WithHeader("kid", key.ID)
	}
	signer, err := jose.NewSigner(signing, options)
	if err != nil {
		return "", fmt.Errorf("make signer: %w", err)
	}
	return jwt.Signed(signer).Claims(claims).Serialize()
}
