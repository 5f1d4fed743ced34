package durward_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/durward-auth/durward"
)

// toy is a primitive whose signatures are a MAC repeated to any length, with a key that is both public and private: enough to
// show what is around a primitive.
func toy(algorithm durward.Algorithm, size int) durward.Primitive {
	pub := []byte("0123456789abcdef")
	sign := func(message []byte) ([]byte, error) {
		mac := hmac.New(sha256.New, pub)
		mac.Write(message)
		return bytes.Repeat(mac.Sum(nil), size/32+1)[:size], nil
	}
	return durward.Primitive{
		Algorithm: algorithm, ID: "toy-1", SignatureSize: size,
		Type: "TOY", Public: map[string][]byte{"pub": pub},
		Private: func() map[string][]byte { return map[string][]byte{"priv": []byte("the seed of the toy")} },
		Sign:    sign,
		Verify: func(message, signature []byte) bool {
			want, err := sign(message)
			return err == nil && hmac.Equal(want, signature)
		},
	}
}

// toyType reads what toy writes.
func toyType(size int) durward.KeyType {
	primitive := func(k durward.JWK) (durward.Primitive, error) {
		p := toy(k.Algorithm(), size)
		if k.Algorithm() != "TOY-1" {
			return durward.Primitive{}, fmt.Errorf("algorithm %q: %w", k.Algorithm(), errors.ErrUnsupported)
		}
		if !bytes.Equal(k.Bytes("pub"), p.Public["pub"]) {
			return durward.Primitive{}, errors.New("another toy")
		}
		return p, nil
	}
	return durward.KeyType{
		Name: "TOY", Public: []string{"pub"}, Private: []string{"priv"},
		NewVerificationKey: func(k durward.JWK) (*durward.VerificationKey, error) {
			p, err := primitive(k)
			if err != nil {
				return nil, err
			}
			return durward.NewVerificationKeyFunc(p)
		},
		NewSigningKey: func(k durward.JWK) (*durward.SigningKey, error) {
			p, err := primitive(k)
			if err != nil {
				return nil, err
			}
			if string(k.Bytes("priv")) != "the seed of the toy" {
				return nil, errors.New("another seed")
			}
			return durward.NewSigningKeyFunc(p)
		},
	}
}

func TestAPrimitiveSignsAndVerifies(t *testing.T) {
	for _, size := range []int{2, 32, 1024, 1025, 2420, 4627} {
		t.Run(fmt.Sprint(size, " bytes"), func(t *testing.T) {
			key, err := durward.NewSigningKeyFunc(toy("TOY-1", size))
			if err != nil {
				t.Fatal(err)
			}
			token, _, err := newSigner(t, key).Sign(context.Background(), durward.Claims{Subject: "ann"})
			if err != nil {
				t.Fatal(err)
			}
			v := newVerifier(t, config(key))
			claims := accepted(t, v, token)
			if claims.Subject != "ann" || claims.KeyID != "toy-1" {
				t.Errorf("got subject %q and key id %q, want ann and toy-1", claims.Subject, claims.KeyID)
			}
			head, signature := token[:strings.LastIndexByte(token, '.')+1], token[strings.LastIndexByte(token, '.')+1:]
			raw, err := base64.RawURLEncoding.DecodeString(signature)
			if err != nil || len(raw) != size {
				t.Fatalf("got a signature of %d bytes and %v, want %d", len(raw), err, size)
			}
			for bit := range min(len(raw)*8, 2048) {
				flipped := bytes.Clone(raw)
				flipped[len(raw)-1-bit/8] ^= 1 << (bit % 8)
				refused(t, v, head+base64.RawURLEncoding.EncodeToString(flipped), durward.ErrTokenSignature)
			}
			refused(t, v, head+base64.RawURLEncoding.EncodeToString(raw[:size-1]), durward.ErrToken)
			refused(t, v, head+base64.RawURLEncoding.EncodeToString(append(raw, 0)), durward.ErrTokenSignature)
		})
	}
}

func TestALongSignatureIsStrictBase64URL(t *testing.T) {
	key, err := durward.NewSigningKeyFunc(toy("TOY-1", 2420)) // 2 bytes in the last group: 2 bits are unused
	if err != nil {
		t.Fatal(err)
	}
	token, _, err := newSigner(t, key).Sign(context.Background(), durward.Claims{Subject: "ann"})
	if err != nil {
		t.Fatal(err)
	}
	v := newVerifier(t, config(key))
	accepted(t, v, token)
	refused(t, v, sibling(token), durward.ErrTokenMalformed)
}

func TestALongSignatureUnderAKeyOfThisPackageIsRefused(t *testing.T) {
	m := materialOf(t, durward.ES256)
	token := m.forge(t, m.header(), payload())
	head := token[:strings.LastIndexByte(token, '.')+1]
	refused(t, newVerifier(t, config(m.key)), head+strings.Repeat("A", 4*1025), durward.ErrTokenSignature)
}

func TestAPrimitiveIsChecked(t *testing.T) {
	for name, change := range map[string]func(*durward.Primitive){
		"no algorithm":              func(p *durward.Primitive) { p.Algorithm = "" },
		"the algorithm none":        func(p *durward.Primitive) { p.Algorithm = "none" },
		"the algorithm NONE":        func(p *durward.Primitive) { p.Algorithm = "NONE" },
		"the algorithm nOnE":        func(p *durward.Primitive) { p.Algorithm = "nOnE" },
		"an algorithm of 33 bytes":  func(p *durward.Primitive) { p.Algorithm = durward.Algorithm(strings.Repeat("A", 33)) },
		"an algorithm with a space": func(p *durward.Primitive) { p.Algorithm = "TOY 1" },
		"an algorithm with a quote": func(p *durward.Primitive) { p.Algorithm = `TOY"1` },
		"an algorithm beyond ASCII": func(p *durward.Primitive) { p.Algorithm = "TÖY" },
		"the algorithm ES256":       func(p *durward.Primitive) { p.Algorithm = durward.ES256 },
		"the algorithm HS256":       func(p *durward.Primitive) { p.Algorithm = durward.HS256 },
		"the algorithm EdDSA":       func(p *durward.Primitive) { p.Algorithm = durward.EdDSA },
		"no signature size":         func(p *durward.Primitive) { p.SignatureSize = 0 },
		"a negative signature size": func(p *durward.Primitive) { p.SignatureSize = -1 },
		"a huge signature size":     func(p *durward.Primitive) { p.SignatureSize = 48<<10 + 1 },
		"no type":                   func(p *durward.Primitive) { p.Type = "" },
		"the type oct":              func(p *durward.Primitive) { p.Type = "oct" },
		"the type EC":               func(p *durward.Primitive) { p.Type = "EC" },
		"no public members":         func(p *durward.Primitive) { p.Public = nil },
		"a public member kid":       func(p *durward.Primitive) { p.Public = map[string][]byte{"kid": {1}} },
		"an empty public member":    func(p *durward.Primitive) { p.Public = map[string][]byte{"pub": {}} },
		"no verify function":        func(p *durward.Primitive) { p.Verify = nil },
		"no sign function":          func(p *durward.Primitive) { p.Sign = nil },
	} {
		t.Run(name, func(t *testing.T) {
			p := toy("TOY-1", 100)
			change(&p)
			if key, err := durward.NewSigningKeyFunc(p); err == nil || key != nil {
				t.Errorf("got the signing key %v and error %v, want an error alone", key, err)
			}
			if p.Sign == nil {
				return
			}
			if key, err := durward.NewVerificationKeyFunc(p); err == nil || key != nil {
				t.Errorf("got the verification key %v and error %v, want an error alone", key, err)
			}
		})
	}
}

func TestAPrimitiveThatSignsBadlyMakesNoToken(t *testing.T) {
	broken := errors.New("the device is gone")
	for name, sign := range map[string]func([]byte) ([]byte, error){
		"an error":            func([]byte) ([]byte, error) { return nil, broken },
		"a byte too few":      func([]byte) ([]byte, error) { return make([]byte, 99), nil },
		"a byte too many":     func([]byte) ([]byte, error) { return make([]byte, 101), nil },
		"no signature at all": func([]byte) ([]byte, error) { return nil, nil },
	} {
		t.Run(name, func(t *testing.T) {
			p := toy("TOY-1", 100)
			p.Sign = sign
			key, err := durward.NewSigningKeyFunc(p)
			if err != nil {
				t.Fatal(err)
			}
			if token, _, err := newSigner(t, key).Sign(context.Background(), durward.Claims{}); err == nil || token != "" {
				t.Errorf("got the token %q and error %v, want an error alone", token, err)
			}
		})
	}
}

func TestTheVerifierOfAKeyCanBeReplaced(t *testing.T) {
	for _, algorithm := range algorithms {
		m := materialOf(t, algorithm)
		calls := 0
		replaced, err := m.key.Public().WithVerifier(func(message, signature []byte) bool {
			calls++
			return false
		})
		if m.secret != nil {
			if err == nil || replaced != nil {
				t.Errorf("%s: got %v and %v, want an error alone", algorithm, replaced, err)
			}
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", algorithm, err)
		}
		if replaced.ID() != m.key.ID() || replaced.Algorithm() != algorithm {
			t.Errorf("got %v, want the same key id and algorithm as %v", replaced, m.key.Public())
		}
		token := m.forge(t, m.header(), payload())
		refused(t, newVerifier(t, config(replaced)), token, durward.ErrTokenSignature)
		if calls == 0 {
			t.Errorf("%s: got no call, want some", algorithm)
		}
		calls = 0
		head, signature := token[:strings.LastIndexByte(token, '.')+1], decode(t, token[strings.LastIndexByte(token, '.')+1:])
		for _, wrong := range [][]byte{signature[:len(signature)-1], append(signature, 0)} {
			refused(t, newVerifier(t, config(replaced)), head+base64.RawURLEncoding.EncodeToString(wrong), durward.ErrTokenSignature)
		}
		if calls != 0 {
			t.Errorf("%s: got %d calls for signatures of the wrong length, want none", algorithm, calls)
		}
		accepted(t, newVerifier(t, config(m.key)), token)
	}
	if key, err := materialOf(t, durward.ES256).key.Public().WithVerifier(nil); err == nil || key != nil {
		t.Errorf("no function: got %v and %v, want an error alone", key, err)
	}
}

func TestAReplacedVerifierChecksTheKeysOwnSignatures(t *testing.T) {
	m := materialOf(t, durward.EdDSA)
	public := m.private.Public().(ed25519.PublicKey)
	replaced, err := m.key.Public().WithVerifier(func(message, signature []byte) bool { return ed25519.Verify(public, message, signature) })
	if err != nil {
		t.Fatal(err)
	}
	accepted(t, newVerifier(t, config(replaced)), m.forge(t, m.header(), payload()))
	first, _ := m.key.Public().MarshalJWK()
	second, err := replaced.MarshalJWK()
	if err != nil || !bytes.Equal(first, second) {
		t.Errorf("got %s and %v, want %s", second, err, first)
	}
}
