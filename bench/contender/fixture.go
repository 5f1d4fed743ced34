package contender

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/bench/oracle"
)

// A Contender is one implementation at one task. Do does it once.
type Contender struct {
	Name string
	Do   func() error
}

// What every contender checks and writes.
const (
	issuer   = "https://id.example.org"
	audience = "orders"
	keyID    = "2026-11"
)

// A Fixture is a key and the token that every contender checks with it, valid for an hour.
type Fixture struct {
	Algorithm durward.Algorithm
	Token     string
	Claims    durward.Claims

	key     *durward.SigningKey
	forms   oracle.Key
	private any // the key in the types of the standard library; a []byte for HMAC
	public  any
}

var errRefused = errors.New("contender: a claim or the type is wrong")

// NewFixture makes a key and a token with a payload of 380 bytes.
func NewFixture(algorithm durward.Algorithm) (*Fixture, error) {
	key, err := durward.GenerateKey(algorithm)
	if err != nil {
		return nil, err
	}
	f := &Fixture{Algorithm: algorithm, key: key.WithID(keyID), Claims: exampleClaims(time.Now())}
	if f.forms, err = oracle.Publish(f.key); err != nil {
		return nil, err
	}
	f.private, f.public = f.forms.Secret, f.forms.Secret
	if f.forms.Secret == nil {
		block, _ := pem.Decode(f.forms.PrivatePEM)
		parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("read own key: %w", err)
		}
		f.private, f.public = parsed, parsed.(crypto.Signer).Public()
	}
	signer, err := durward.NewSigner(durward.SignerConfig{Issuer: issuer, Audience: audience, Key: f.key})
	if err != nil {
		return nil, err
	}
	f.Token, _, err = signer.Sign(context.Background(), f.Claims)
	return f, err
}

func exampleClaims(now time.Time) durward.Claims {
	return durward.Claims{
		Issuer: issuer, Audience: []string{audience}, Subject: "9f3c1a52-0d0e-4c3b-8a57-2f6d1f0f9b11",
		ExpiresAt: now.Add(time.Hour).Truncate(time.Second), IssuedAt: now.Truncate(time.Second), ID: "4N5Z7QK2XH3M6WYB1TRC8DJVPF",
		ClientID: "web-shop.storefront-1", SessionID: "5b1d2c7e-63a4-4a0e-9c51-7e0b0a4d8f23", Version: 3, AuthTime: now.Add(-time.Hour).Truncate(time.Second),
		Username: "ingeborg.lindqvist", Roles: []string{"admin", "packer"}, Scopes: []string{"orders:read", "orders:write", "profile:read"},
	}
}

// typed are the private claims for the contenders that decode into a struct.
type typed struct {
	ClientID  string   `json:"client_id"`
	SessionID string   `json:"sid"`
	Version   int64    `json:"ver"`
	AuthTime  int64    `json:"auth_time"`
	Username  string   `json:"username"`
	Roles     []string `json:"roles"`
	Scope     string   `json:"scope"`
}

const scope = "orders:read orders:write profile:read"

func (f *Fixture) typed() typed {
	c := f.Claims
	return typed{c.ClientID, c.SessionID, c.Version, c.AuthTime.Unix(), c.Username, c.Roles, scope}
}

// Refused returns tokens that are wrong in one way each, signed with the fixture's key unless that is the way.
func (f *Fixture) Refused(ctx context.Context) (map[string]string, error) {
	tokens := map[string]string{}
	for name, change := range map[string]func(*durward.SignerConfig, *durward.Claims){
		"another issuer":   func(c *durward.SignerConfig, claims *durward.Claims) { c.Issuer, claims.Issuer = issuer+"/", "" },
		"another audience": func(_ *durward.SignerConfig, claims *durward.Claims) { claims.Audience = []string{audience + "s"} },
		"another type":     func(c *durward.SignerConfig, _ *durward.Claims) { c.Type = "rt+jwt" },
		"an expired token": func(c *durward.SignerConfig, claims *durward.Claims) {
			c.Clock = func() time.Time { return time.Now().Add(-3 * time.Hour) }
			claims.ExpiresAt = time.Now().Add(-2 * time.Hour)
		},
	} {
		config, claims := durward.SignerConfig{Issuer: issuer, Audience: audience, Key: f.key}, f.Claims
		change(&config, &claims)
		signer, err := durward.NewSigner(config)
		if err != nil {
			return nil, err
		}
		token, _, err := signer.Sign(ctx, claims)
		if err != nil {
			return nil, err
		}
		tokens[name] = token
	}
	dot := len(f.Token) - 1
	for f.Token[dot] != '.' {
		dot--
	}
	first := "A"
	if f.Token[dot+1] == 'A' {
		first = "B"
	}
	tokens["another signature"] = f.Token[:dot+1] + first + f.Token[dot+2:]
	return tokens, nil
}
