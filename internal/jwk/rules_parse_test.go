package jwk_test

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/durward-auth/durward/internal/jwk"
)

func TestLimitsCanBeReached(t *testing.T) {
	pad := func(data []byte, size int) []byte { return append(data, bytes.Repeat([]byte(" "), size-len(data))...) }
	kid := strings.Repeat("k", 255)
	key, err := jwk.Parse(pad(ecDoc().with("kid", kid).json(), 64<<10))
	if err != nil || key.KeyID != kid {
		t.Errorf("a JWK of 64 KiB with a kid of 255 bytes: got %v, error %v, want the key", key, err)
	}
	_, err = jwk.Parse(ecDoc().with("kid", kid+"k").json())
	wantError(t, err, jwk.ErrInvalid, "kid has 256 bytes, at most 255")
	if keys, _, err := jwk.ParseSet(pad(set(ecDoc()), 1<<20)); err != nil || len(keys) != 1 {
		t.Errorf("a set of 1 MiB: got %v, error %v, want one key", keys, err)
	}
	text := must(jwk.MarshalPublicPEM(p256().Public()))
	if _, err := jwk.ParsePublicPEM(pad(text, 64<<10)); err != nil {
		t.Errorf("a PEM text of 64 KiB: got error %v, want none", err)
	}
	largest := doc{"kty": "RSA", "n": b64(oddNumber(8192).Bytes()), "e": b64([]byte{0x7f, 0xff, 0xff, 0xff})}
	if _, err := jwk.Parse(largest.json()); err != nil {
		t.Errorf("an RSA key of 8192 bits with the exponent 2^31 - 1: got error %v, want none", err)
	}
	_, err = jwk.Parse(largest.with("n", b64(oddNumber(8193).Bytes())).json())
	wantError(t, err, jwk.ErrInvalid, "n has 1025 bytes, RSA keys of at most 8192 bits are supported")
}

func TestEveryPrivateMemberIsRefusedInASet(t *testing.T) { // B27
	for _, name := range []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"} {
		_, _, err := jwk.ParseSet(set(doc{"kty": "unknown", name: "AQ"}))
		wantError(t, err, jwk.ErrInvalid, "private member "+name+" in a set")
	}
}

func TestAKeyHoldsTheMaterialOfNoOther(t *testing.T) {
	own := map[string][]string{
		"oct": {"k"},
		"RSA": {"n", "e", "d", "p", "q", "dp", "dq", "qi", "oth"},
		"EC":  {"crv", "x", "y", "d"},
		"OKP": {"crv", "x", "d"},
	}
	for kty, key := range map[string]doc{"oct": octDoc(), "RSA": rsaDoc(), "EC": ecDoc(), "OKP": edDoc()} {
		for _, name := range []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv", "n", "e", "crv", "x", "y", "pub"} {
			if slices.Contains(own[kty], name) {
				continue
			}
			_, err := jwk.Parse(key.with(name, "AQ").json())
			wantError(t, err, jwk.ErrInvalid, "member "+name+" does not belong to a key of kty "+kty)
		}
	}
}

func TestAnRSAKeyHasAllItsPrivateMembersOrNone(t *testing.T) {
	whole := of(private(rsaKey()))
	names := []string{"d", "p", "q", "dp", "dq", "qi"}
	for _, name := range names {
		_, err := jwk.Parse(whole.with(name, nil).json())
		wantError(t, err, jwk.ErrInvalid, "must have all of d, p, q, dp, dq and qi")
		_, err = jwk.Parse(rsaDoc().with(name, whole[name]).json())
		if name == "d" {
			wantError(t, err, jwk.ErrUnsupported, "d alone")
			continue
		}
		wantError(t, err, jwk.ErrInvalid, "must have all of d, p, q, dp, dq and qi")
	}
}

func TestAKeyForAnotherAlgorithmIsSkippedWhateverItsMaterial(t *testing.T) { // B26
	weak := rsaDoc().with("n", b64(oddNumber(1024).Bytes())).with("alg", "RSA-OAEP")
	for _, key := range []doc{weak, ecDoc().with("x", "AQ").with("alg", "ECDH-ES")} {
		keys, skipped, err := jwk.ParseSet(set(key, edDoc()))
		if err != nil || len(keys) != 1 || len(skipped) != 1 {
			t.Fatalf("got %v, %v and error %v, want one key and one skipped", keys, skipped, err)
		}
		wantError(t, skipped[0], jwk.ErrUnsupported, "is not supported")
	}
}

func TestEveryROCAModulusIsFound(t *testing.T) { // B23
	for range 40 {
		key := &rsa.PublicKey{N: rocaModulus(), E: 65537}
		wantError(t, jwk.Check("RS256", public(key)), jwk.ErrWeak, "ROCA")
	}
}

func TestEverySmallFactorIsFound(t *testing.T) { // B23
	for factor := int64(3); factor < 752; factor += 2 {
		if big.NewInt(factor).ProbablyPrime(0) {
			n := new(big.Int).Mul(oddNumber(2060), big.NewInt(factor))
			wantError(t, jwk.Check("RS256", public(&rsa.PublicKey{N: n, E: 65537})), jwk.ErrWeak, "is divisible by "+big.NewInt(factor).String())
		}
	}
}

func TestAPEMTextIsOneKeyOfItsKind(t *testing.T) {
	signer := must(jwk.MarshalPrivatePEM(p256()))
	key := must(jwk.MarshalPublicPEM(p256().Public()))
	encrypted := func(name string) []byte {
		return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Headers: map[string]string{name: "x"}, Bytes: x509.MarshalPKCS1PrivateKey(rsaKey())})
	}
	for name, c := range map[string]struct {
		text     []byte
		sentinel error
		sentence string
	}{
		"one byte after it":              {append(signer, 'x'), jwk.ErrInvalid, "exactly one key"},
		"one byte after parameters":      {append(ecParameters(), 'x'), jwk.ErrInvalid, "does not begin with -----BEGIN"},
		"parameters alone":               {ecParameters(), jwk.ErrUnsupported, "is not a private key"},
		"a PKIX public key":              {armour("PUBLIC KEY", nil), jwk.ErrInvalid, "this is a public one (PUBLIC KEY)"},
		"a PKCS#1 public key":            {armour("RSA PUBLIC KEY", nil), jwk.ErrInvalid, "this is a public one (RSA PUBLIC KEY)"},
		"a certificate":                  {armour("CERTIFICATE", nil), jwk.ErrInvalid, "this is a public one (CERTIFICATE)"},
		"a header Proc-Type":             {encrypted("Proc-Type"), jwk.ErrUnsupported, "encrypted with a passphrase"},
		"a header DEK-Info":              {encrypted("DEK-Info"), jwk.ErrUnsupported, "encrypted with a passphrase"},
		"another header":                 {encrypted("Comment"), jwk.ErrInvalid, "has headers"},
		"an encrypted PKCS#8 key":        {armour("ENCRYPTED PRIVATE KEY", nil), jwk.ErrUnsupported, "encrypted with a passphrase"},
		"a private key of OpenSSH's own": {armour("OPENSSH PRIVATE KEY", nil), jwk.ErrUnsupported, "OpenSSH"},
	} {
		t.Run("private, "+name, func(t *testing.T) {
			_, err := jwk.ParsePrivatePEM(c.text)
			wantError(t, err, c.sentinel, c.sentence)
		})
	}
	_, err := jwk.ParsePublicPEM(append(key, 'x'))
	wantError(t, err, jwk.ErrInvalid, "exactly one key")
	for _, kind := range []string{"PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "OPENSSH PRIVATE KEY"} {
		_, err := jwk.ParsePublicPEM(armour(kind, nil))
		wantError(t, err, jwk.ErrInvalid, "this is a private one ("+kind+")")
	}
}

func TestEveryWayOfPrintingSaysTheSame(t *testing.T) {
	key := jwk.Key{Material: jwk.Material{Secret: random(32)}, KeyID: "k", HasKeyID: true}
	const whole, bare = `oct [secret] "k"`, `oct [secret]`
	for _, got := range []string{key.String(), key.GoString(), key.LogValue().String()} {
		if got != whole {
			t.Errorf("a key: got %s, want %s", got, whole)
		}
	}
	for _, got := range []string{key.Material.String(), key.Material.GoString(), key.Material.LogValue().String()} {
		if got != bare {
			t.Errorf("its material: got %s, want %s", got, bare)
		}
	}
	key.KeyID = ""
	if got, want := key.String(), bare+` ""`; got != want {
		t.Errorf("an empty kid: got %s, want %s", got, want)
	}
}

func TestASetHas16384MembersAtMost(t *testing.T) {
	text := func(elements int) []byte {
		return []byte(`{"keys":[],"x":[1` + strings.Repeat(",1", elements-1) + `]}`)
	}
	if _, _, err := jwk.ParseSet(text(16382)); err != nil {
		t.Errorf("two members and 16382 elements: got error %v, want none", err)
	}
	_, _, err := jwk.ParseSet(text(16383))
	wantError(t, err, jwk.ErrInvalid, "not a strict JSON object")
}

func TestEveryOperationOfEncryptionContradictsAUseForSignatures(t *testing.T) { // B26
	for _, operation := range []string{"encrypt", "decrypt", "wrapKey", "unwrapKey", "deriveKey", "deriveBits"} {
		for use, want := range map[string]error{"sig": jwk.ErrInvalid, "": jwk.ErrUnsupported} {
			document := ecDoc().with("key_ops", []string{"verify", operation})
			if use != "" {
				document = document.with("use", use)
			}
			_, err := jwk.Parse(document.json())
			wantError(t, err, want, `key_ops names "`+operation+`"`)
		}
	}
}
