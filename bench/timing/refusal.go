package timing

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"strings"
	"time"

	"github.com/durward-auth/durward"
)

const (
	issuer   = "https://id.example.org"
	audience = "orders"
	variants = 64 // tokens of each kind, so that it is not about one
)

// A Refusal is a verifier and tokens whose MAC is wrong in one byte: the first or the last.
type Refusal struct {
	verifier *durward.Verifier
	tokens   [2][]string // wrong in the first byte, wrong in the last
}

// HS256 is the library's own verification.
func HS256() (*Refusal, error) {
	key, err := durward.GenerateKey(durward.HS256)
	if err != nil {
		return nil, err
	}
	signer, err := durward.NewSigner(durward.SignerConfig{Issuer: issuer, Audience: audience, Key: key})
	if err != nil {
		return nil, err
	}
	return newRefusal(key, func() (string, error) {
		token, _, err := signer.Sign(context.Background(), durward.Claims{Subject: "ada"})
		return token, err
	})
}

// Leaky is the same with an HMAC that is compared byte by byte up to the first difference: what the measurement must be
// able to see.
func Leaky() (*Refusal, error) {
	secret := make([]byte, 64)
	rand.Read(secret)
	sum := func(message []byte) []byte {
		mac := hmac.New(sha512.New, secret)
		mac.Write(message)
		return mac.Sum(nil)
	}
	signer, err := durward.GenerateKey(durward.EdDSA)
	if err != nil {
		return nil, err
	}
	key, err := signer.Public().WithVerifier(func(message, signature []byte) bool {
		for i, b := range sum(message) {
			if signature[i] != b {
				return false
			}
		}
		return true
	})
	if err != nil {
		return nil, err
	}
	return newRefusal(key, func() (string, error) {
		now := time.Now().Unix()
		input := encode(fmt.Appendf(nil, `{"alg":"EdDSA","typ":"at+jwt","kid":%q}`, key.ID())) + "." +
			encode(fmt.Appendf(nil, `{"iss":%q,"aud":%q,"sub":"ada","iat":%d,"exp":%d,"jti":%q}`, issuer, audience, now, now+900, rand.Text()))
		return input + "." + encode(sum([]byte(input))), nil
	})
}

func newRefusal(keys durward.KeySource, issue func() (string, error)) (*Refusal, error) {
	verifier, err := durward.NewVerifier(durward.Config{Issuer: issuer, Audience: audience, Keys: keys, CacheBytes: -1})
	if err != nil {
		return nil, err
	}
	r := &Refusal{verifier: verifier}
	for range variants {
		token, err := issue()
		if err != nil {
			return nil, err
		}
		// So that its header is known.
		if _, err := verifier.Verify(context.Background(), token); err != nil {
			return nil, err
		}
		dot := strings.LastIndexByte(token, '.') + 1
		mac, err := base64.RawURLEncoding.DecodeString(token[dot:])
		if err != nil {
			return nil, err
		}
		for kind, at := range []int{0, len(mac) - 1} {
			wrong := append([]byte(nil), mac...)
			wrong[at] ^= 0x55
			r.tokens[kind] = append(r.tokens[kind], token[:dot]+encode(wrong))
		}
	}
	return r, nil
}

func encode(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }

// Measure refuses n tokens, each of a kind that is drawn at random, and returns the nanoseconds of those wrong
// in the first byte and of those wrong in the last.
func (r *Refusal) Measure(n int) (first, last []float64, err error) {
	ctx := context.Background()
	samples := [2][]float64{make([]float64, 0, n), make([]float64, 0, n)}
	for range n {
		kind := mathrand.IntN(2)
		// Both kinds in fresh memory, or the places of the tokens are what is measured.
		token := strings.Clone(r.tokens[kind][mathrand.IntN(variants)])
		begin := time.Now()
		_, err := r.verifier.Verify(ctx, token)
		took := time.Since(begin)
		if !errors.Is(err, durward.ErrTokenSignature) {
			return nil, nil, fmt.Errorf("a wrong MAC was answered with %v", err)
		}
		samples[kind] = append(samples[kind], float64(took))
	}
	return samples[0], samples[1], nil
}
