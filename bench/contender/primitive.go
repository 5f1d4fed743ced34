package contender

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"

	"github.com/durward-auth/durward"
)

// primitiveCheck is the bare signature check of the standard library: of the signing input, with everything prepared
// that can be. The HMAC state is made once and reset.
func primitiveCheck(f *Fixture) (func() error, error) {
	dot := strings.LastIndexByte(f.Token, '.')
	message := []byte(f.Token[:dot])
	signature, err := base64.RawURLEncoding.DecodeString(f.Token[dot+1:])
	if err != nil {
		return nil, err
	}
	check := func(ok bool) error {
		if !ok {
			return errRefused
		}
		return nil
	}
	switch f.Algorithm {
	case durward.HS256:
		mac, sum := hmac.New(sha256.New, f.forms.Secret), make([]byte, 0, sha256.Size)
		return func() error {
			mac.Reset()
			mac.Write(message)
			return check(hmac.Equal(mac.Sum(sum), signature))
		}, nil
	case durward.RS256:
		return func() error {
			digest := sha256.Sum256(message)
			return rsa.VerifyPKCS1v15(f.public.(*rsa.PublicKey), crypto.SHA256, digest[:], signature)
		}, nil
	case durward.PS256:
		options := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}
		return func() error {
			digest := sha256.Sum256(message)
			return rsa.VerifyPSS(f.public.(*rsa.PublicKey), crypto.SHA256, digest[:], signature, options)
		}, nil
	case durward.ES256:
		der, err := derOf(signature)
		return func() error {
			digest := sha256.Sum256(message)
			return check(ecdsa.VerifyASN1(f.public.(*ecdsa.PublicKey), digest[:], der))
		}, err
	case durward.EdDSA:
		return func() error { return check(ed25519.Verify(f.public.(ed25519.PublicKey), message, signature)) }, nil
	}
	return nil, fmt.Errorf("contender: no primitive for %q", f.Algorithm)
}

// primitiveSign is the bare signature of the standard library; for HMAC the making of the state and the sum.
func primitiveSign(f *Fixture) (func() error, error) {
	message := []byte(f.Token[:strings.LastIndexByte(f.Token, '.')])
	switch f.Algorithm {
	case durward.HS256:
		sum := make([]byte, 0, sha256.Size)
		return func() error {
			mac := hmac.New(sha256.New, f.forms.Secret)
			mac.Write(message)
			sum = mac.Sum(sum[:0])
			return nil
		}, nil
	case durward.RS256:
		return func() error {
			digest := sha256.Sum256(message)
			_, err := rsa.SignPKCS1v15(nil, f.private.(*rsa.PrivateKey), crypto.SHA256, digest[:])
			return err
		}, nil
	case durward.PS256:
		options := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}
		return func() error {
			digest := sha256.Sum256(message)
			_, err := rsa.SignPSS(rand.Reader, f.private.(*rsa.PrivateKey), crypto.SHA256, digest[:], options)
			return err
		}, nil
	case durward.ES256:
		return func() error {
			digest := sha256.Sum256(message)
			_, err := ecdsa.SignASN1(rand.Reader, f.private.(*ecdsa.PrivateKey), digest[:])
			return err
		}, nil
	case durward.EdDSA:
		return func() error {
			_ = ed25519.Sign(f.private.(ed25519.PrivateKey), message)
			return nil
		}, nil
	}
	return nil, fmt.Errorf("contender: no primitive for %q", f.Algorithm)
}

// derOf turns R || S into the form that the standard library checks.
func derOf(raw []byte) ([]byte, error) {
	r, s := new(big.Int).SetBytes(raw[:len(raw)/2]), new(big.Int).SetBytes(raw[len(raw)/2:])
	return asn1.Marshal(struct{ R, S *big.Int }{r, s})
}
