package oracle

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/durward-auth/durward"
)

// Publish returns a signing key in every form in which other implementations can read it.
func Publish(key *durward.SigningKey) (Key, error) {
	published := Key{Algorithm: string(key.Algorithm()), ID: key.ID()}
	var err error
	if published.PrivateJWK, err = key.MarshalPrivateJWK(); err != nil {
		return Key{}, fmt.Errorf("publish: %w", err)
	}
	if published.Algorithm[:2] == "HS" {
		var secret struct {
			K Base64 `json:"k"`
		}
		if err := json.Unmarshal(published.PrivateJWK, &secret); err != nil {
			return Key{}, fmt.Errorf("publish: %w", err)
		}
		published.Secret = secret.K
		published.JWKS = []byte(`{"keys":[` + string(published.PrivateJWK) + `]}`)
		return published, nil
	}
	if published.PrivatePEM, err = key.MarshalPrivatePEM(); err != nil {
		return Key{}, fmt.Errorf("publish: %w", err)
	}
	if published.PublicPEM, err = key.Public().MarshalPEM(); err != nil {
		return Key{}, fmt.Errorf("publish: %w", err)
	}
	set, err := durward.NewKeySet(key.Public())
	if err != nil {
		return Key{}, fmt.Errorf("publish: %w", err)
	}
	published.JWKS, err = set.MarshalJWKS()
	return published, err
}

// Durward is this library in the form of an oracle's verifier.
func Durward(keys durward.KeySource, policy Policy) (Verify, error) {
	verifier, err := durward.NewVerifier(durward.Config{
		Issuer: policy.Issuer, Audience: policy.Audience, Keys: keys,
		Clock: func() time.Time { return policy.Now }, CacheBytes: -1,
	})
	if err != nil {
		return nil, err
	}
	return func(token string) (map[string]any, error) {
		claims, err := verifier.Verify(context.Background(), token)
		if err != nil {
			return nil, err
		}
		payload, err := durward.DecodeClaims[json.RawMessage](claims)
		if err != nil {
			return nil, err
		}
		return overlaid(payload, registered{
			Issuer: claims.Issuer, Subject: claims.Subject, Audience: claims.Audience, ID: claims.ID,
			ExpiresAt: seconds(claims.ExpiresAt), NotBefore: seconds(claims.NotBefore), IssuedAt: seconds(claims.IssuedAt),
		})
	}, nil
}

// registered are the claims that durward reads by itself and others do too.
type registered struct {
	Issuer    string   `json:"iss"`
	Subject   string   `json:"sub,omitempty"`
	Audience  []string `json:"aud"`
	ID        string   `json:"jti,omitempty"`
	ExpiresAt int64    `json:"exp"`
	NotBefore int64    `json:"nbf,omitempty"`
	IssuedAt  int64    `json:"iat,omitempty"`
}

func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}
