package jwk_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rsa"
	_ "crypto/sha512"
	"encoding/json"
	"errors"
	"math/big"
	"strings"
	"testing"

	"github.com/durward-auth/durward/internal/jwk"
	"github.com/durward-auth/durward/internal/vectors"
)

func TestRFC7520Keys(t *testing.T) {
	for _, c := range []struct{ file, kind, algorithm string }{
		{"3_1.ec_public_key.json", "EC P-521 public key", "ES512"},
		{"3_2.ec_private_key.json", "EC P-521 private key [secret]", "ES512"},
		{"3_3.rsa_public_key.json", "RSA public key", "RS256"},
		{"3_4.rsa_private_key.json", "RSA private key [secret]", "PS384"},
		{"3_5.symmetric_key_mac_computation.json", "oct [secret]", "HS256"},
	} {
		t.Run(c.file, func(t *testing.T) {
			data := vectors.Read(t, "rfc7520-cookbook", "jwk", c.file)
			key, err := jwk.Parse(data)
			if err != nil {
				t.Fatal(err)
			}
			if got := key.Material.String(); got != c.kind || key.Use != "sig" || !key.HasKeyID {
				t.Errorf("got %s, use %q, kid %v, want %s, sig and a kid", got, key.Use, key.HasKeyID, c.kind)
			}
			if err := jwk.Check(c.algorithm, key.Material); err != nil {
				t.Errorf("%s: got error %v, want none", c.algorithm, err)
			}
			if key.Public != nil {
				return
			}
			written, err := jwk.MarshalPrivate(key)
			if err != nil {
				t.Fatal(err)
			}
			var got, want doc
			if err := errors.Join(json.Unmarshal(written, &got), json.Unmarshal(data, &want)); err != nil {
				t.Fatal(err)
			}
			for name, value := range want {
				if got[name] != value {
					t.Errorf("member %s is written otherwise than in the RFC", name)
				}
			}
		})
	}
	_, err := jwk.Parse(vectors.Read(t, "rfc7520-cookbook", "jwk", "3_6.symmetric_key_encryption.json"))
	wantError(t, err, jwk.ErrUnsupported, `use is "enc"`)
}

func TestRFC7520SignaturesVerifyUnderTheirKeys(t *testing.T) {
	for _, c := range []struct{ file, algorithm string }{
		{"4_1.rsa_v15_signature.json", "RS256"},
		{"4_2.rsa-pss_signature.json", "PS384"},
		{"4_3.ecdsa_signature.json", "ES512"},
		{"4_4.hmac-sha2_integrity_protection.json", "HS256"},
	} {
		t.Run(c.file, func(t *testing.T) {
			var v struct {
				Input  struct{ Key json.RawMessage }
				Output struct{ Compact string }
			}
			if err := json.Unmarshal(vectors.Read(t, "rfc7520-cookbook", "jws", c.file), &v); err != nil {
				t.Fatal(err)
			}
			wantVerified(t, c.algorithm, v.Input.Key, v.Output.Compact)
		})
	}
	var v struct {
		Input struct{ Key []json.RawMessage }
	}
	if err := json.Unmarshal(vectors.Read(t, "rfc7520-cookbook", "jws", "4_8.multiple_signatures.json"), &v); err != nil {
		t.Fatal(err)
	}
	for i, data := range v.Input.Key {
		if _, err := jwk.Parse(data); err != nil {
			t.Errorf("key %d of 4.8: got error %v, want none", i, err)
		}
	}
}

func TestRFC7515And8037SignaturesVerifyUnderTheirKeys(t *testing.T) {
	var v struct {
		JWS []struct {
			Source, Alg, Token string
			JWK                json.RawMessage
			Valid              bool
		}
	}
	if err := json.Unmarshal(vectors.Read(t, "rfc-examples", "rfc-examples.json"), &v); err != nil {
		t.Fatal(err)
	}
	if len(v.JWS) != 6 {
		t.Fatalf("got %d examples, want 6", len(v.JWS))
	}
	for _, example := range v.JWS {
		t.Run(example.Source, func(t *testing.T) {
			if !example.Valid {
				_, err := jwk.Parse(example.JWK)
				wantError(t, err, jwk.ErrInvalid, "kty is missing")
				return
			}
			wantVerified(t, example.Alg, example.JWK, example.Token)
		})
	}
}

// wantVerified checks a signature with the standard library alone.
func wantVerified(t *testing.T, algorithm string, data []byte, token string) {
	t.Helper()
	key, err := jwk.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	if err := jwk.Check(algorithm, key.Material); err != nil {
		t.Fatal(err)
	}
	dot := strings.LastIndexByte(token, '.')
	signed, signature := []byte(token[:dot]), unb64(t, token[dot+1:])
	hash := map[string]crypto.Hash{"256": crypto.SHA256, "384": crypto.SHA384, "512": crypto.SHA512, "DSA": crypto.SHA512}[algorithm[2:]]
	h := hash.New()
	h.Write(signed)
	verifier := key.Public
	if key.Private != nil {
		verifier = key.Private.Public()
	}
	var ok bool
	switch verifier := verifier.(type) {
	case *rsa.PublicKey:
		if algorithm[0] == 'P' {
			ok = rsa.VerifyPSS(verifier, hash, h.Sum(nil), signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}) == nil
		} else {
			ok = rsa.VerifyPKCS1v15(verifier, hash, h.Sum(nil), signature) == nil
		}
	case *ecdsa.PublicKey:
		half := len(signature) / 2
		ok = ecdsa.Verify(verifier, h.Sum(nil), new(big.Int).SetBytes(signature[:half]), new(big.Int).SetBytes(signature[half:]))
	case ed25519.PublicKey:
		ok = ed25519.Verify(verifier, signed, signature)
	default:
		mac := hmac.New(hash.New, key.Secret)
		mac.Write(signed)
		ok = hmac.Equal(mac.Sum(nil), signature)
	}
	if !ok {
		t.Errorf("the signature does not verify under %v", key)
	}
}

func TestRFC7638Thumbprint(t *testing.T) {
	var v struct {
		Thumbprint []struct {
			JWK    json.RawMessage
			SHA256 string
		} `json:"jwk_thumbprint"`
	}
	if err := json.Unmarshal(vectors.Read(t, "rfc-examples", "rfc-examples.json"), &v); err != nil {
		t.Fatal(err)
	}
	for _, example := range v.Thumbprint {
		wantThumbprint(t, example.JWK, example.SHA256)
	}
	if len(v.Thumbprint) == 0 {
		t.Error("got no example, want one")
	}
}

func TestRFC8037Keys(t *testing.T) {
	const (
		privateKey = `{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`
		publicKey  = `{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`
		thumbprint = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
	)
	wantThumbprint(t, []byte(privateKey), thumbprint)
	wantThumbprint(t, []byte(publicKey), thumbprint)
	key, err := jwk.Parse([]byte(privateKey))
	if err != nil {
		t.Fatal(err)
	}
	const want = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg" // A.4
	signature, err := key.Private.Sign(nil, []byte("eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"), crypto.Hash(0))
	if err != nil || b64(signature) != want {
		t.Errorf("got signature %s, error %v, want %s", b64(signature), err, want)
	}
}

// The hash inputs of RFC 7638 §3.1 for the other kinds, written out by hand.
func TestThumbprintHashesTheRequiredMembersInOrder(t *testing.T) {
	secret := random(32)
	x, y := coordinates(p521())
	size := make([]byte, 66)
	for _, c := range []struct {
		m    jwk.Material
		text string
	}{
		{jwk.Material{Secret: secret}, `{"k":"` + b64(secret) + `","kty":"oct"}`},
		{private(p521()), `{"crv":"P-521","kty":"EC","x":"` + b64(x.FillBytes(size)) + `","y":"` + b64(y.FillBytes(make([]byte, 66))) + `"}`},
	} {
		h := crypto.SHA256.New()
		h.Write([]byte(c.text))
		if got, err := jwk.Thumbprint(c.m); err != nil || got != b64(h.Sum(nil)) {
			t.Errorf("%v: got %s, error %v, want %s", c.m, got, err, b64(h.Sum(nil)))
		}
	}
}

func wantThumbprint(t *testing.T, data []byte, want string) {
	t.Helper()
	key, err := jwk.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := jwk.Thumbprint(key.Material); err != nil || got != want {
		t.Errorf("got %q, error %v, want %q", got, err, want)
	}
}
