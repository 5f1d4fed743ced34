package durward_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"strings"
	"testing"

	"github.com/durward-auth/durward"
)

func TestWeakSecretsAreRefused(t *testing.T) {
	secret := func(n int) []byte { b := make([]byte, n); rand.Read(b); return b }
	for algorithm, least := range map[durward.Algorithm]int{durward.HS256: 32, durward.HS384: 48, durward.HS512: 64} {
		for _, n := range []int{0, 1, 16, least - 1} {
			if key, err := durward.NewHMACKey(algorithm, secret(n)); err == nil || key != nil {
				t.Errorf("B21 %s with %d bytes: got a key, want an error", algorithm, n)
			}
		}
		if _, err := durward.NewHMACKey(algorithm, make([]byte, least)); err == nil {
			t.Errorf("B21 %s with zeros: got a key, want an error", algorithm)
		}
		if _, err := durward.NewHMACKey(algorithm, secret(least)); err != nil {
			t.Errorf("%s with %d bytes: got %v, want a key", algorithm, least, err)
		}
	}
	for _, known := range []string{"secret", "changeme", "your-256-bit-secret", "random", ""} {
		if _, err := durward.NewHMACKey(durward.HS256, []byte(known)); err == nil {
			t.Errorf("B22 %q: got a key, want an error", known)
		}
	}
}

func TestASecretIsCopied(t *testing.T) {
	secret := make([]byte, 32)
	rand.Read(secret)
	m := &material{algorithm: durward.HS256, secret: bytes.Clone(secret)}
	key, err := durward.NewHMACKey(durward.HS256, secret)
	if err != nil {
		t.Fatal(err)
	}
	clear(secret)
	m.key = key
	accepted(t, newVerifier(t, config(key)), m.forge(t, m.header(), payload()))
}

func TestUnsoundPublicKeysAreRefused(t *testing.T) {
	b64 := func(n *big.Int) string { return base64.RawURLEncoding.EncodeToString(n.Bytes()) }
	sound := materialOf(t, durward.RS256).private.(*rsa.PrivateKey).N
	one := big.NewInt(1)
	ones := func(bits uint) *big.Int { return new(big.Int).Sub(new(big.Int).Lsh(one, bits), one) }
	rsaKey := func(n *big.Int, e string) string {
		return fmt.Sprintf(`{"kty":"RSA","alg":"RS256","n":%q,"e":%q}`, b64(n), e)
	}
	ec := func(crv, x, y string) string {
		return fmt.Sprintf(`{"kty":"EC","crv":%q,"x":%q,"y":%q}`, crv, x, y)
	}
	zero32 := base64.RawURLEncoding.EncodeToString(make([]byte, 32))
	okp := func(x string) string {
		raw, err := hex.DecodeString(x)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf(`{"kty":"OKP","crv":"Ed25519","x":%q}`, base64.RawURLEncoding.EncodeToString(raw))
	}
	for name, jwk := range map[string]string{
		"B23 1024 bits":                     rsaKey(ones(1024), "AQAB"),
		"B23 2047 bits":                     rsaKey(ones(2047), "AQAB"),
		"B23 8193 bits":                     rsaKey(ones(8193), "AQAB"),
		"B23 16384 bits":                    rsaKey(ones(16384), "AQAB"),
		"B23 e is 1":                        rsaKey(sound, "AQ"),
		"B23 e is 3":                        rsaKey(sound, "Aw"),
		"B23 e is even":                     rsaKey(sound, "AQAC"),
		"B23 e is 2^32+1":                   rsaKey(sound, "AQAAAAE"),
		"B23 n is even":                     rsaKey(new(big.Int).Sub(sound, one), "AQAB"),
		"B24 the point (0,0)":               ec("P-256", zero32, zero32),
		"B24 a point off the curve":         ec("P-256", zero32, base64.RawURLEncoding.EncodeToString(append(make([]byte, 31), 1))),
		"B24 a coordinate too large":        ec("P-256", strings.Repeat("_", 42)+"8", zero32),
		"B24 a short coordinate":            ec("P-256", zero32[:42-1], zero32),
		"B24 an unknown curve":              ec("P-256 ", zero32, zero32),
		"B24 secp256k1":                     ec("secp256k1", zero32, zero32),
		"B25 the identity":                  okp("01" + strings.Repeat("00", 31)),
		"B25 the identity, other sign":      okp("01" + strings.Repeat("00", 30) + "80"),
		"B25 the identity, not canonical":   okp("ee" + strings.Repeat("ff", 30) + "7f"),
		"B25 a point of order 2":            okp("ec" + strings.Repeat("ff", 30) + "7f"),
		"B25 a point of order 4":            okp(strings.Repeat("00", 32)),
		"B25 a point of order 4, other one": okp(strings.Repeat("00", 31) + "80"),
		"B25 a point of order 8":            okp("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
		"B25 another point of order 8":      okp("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
		"B26 a key for encryption":          `{"kty":"RSA","alg":"RSA-OAEP","n":"` + b64(sound) + `","e":"AQAB"}`,
		"B26 use enc":                       `{"kty":"RSA","alg":"RS256","use":"enc","n":"` + b64(sound) + `","e":"AQAB"}`,
		"B26 key_ops encrypt":               `{"kty":"RSA","alg":"RS256","key_ops":["encrypt"],"n":"` + b64(sound) + `","e":"AQAB"}`,
		"no algorithm where several fit":    `{"kty":"RSA","n":"` + b64(sound) + `","e":"AQAB"}`,
		"a secret as a public key":          `{"kty":"oct","alg":"HS256","k":"` + encode(rand.Text()+rand.Text()) + `"}`,
		"nothing":                           ``,
		"an array":                          `[]`,
	} {
		if key, err := durward.ParsePublicJWK([]byte(jwk)); err == nil || key != nil {
			t.Errorf("%s: got a key, want an error", name)
		}
	}
	identity := ed25519.PublicKey(append([]byte{1}, make([]byte, 31)...))
	if _, err := durward.NewVerificationKey(durward.EdDSA, identity); err == nil {
		t.Error("B25 the identity as a Go value: got a key, want an error")
	}
	if _, err := durward.NewVerificationKey(durward.RS256, nil); err == nil {
		t.Error("nil as a public key: got a key, want an error")
	}
	if _, err := durward.NewSigningKey(durward.RS256, nil); err == nil {
		t.Error("nil as a private key: got a key, want an error")
	}
}

func TestKeysSurviveTheirTexts(t *testing.T) {
	for _, algorithm := range algorithms {
		t.Run(string(algorithm), func(t *testing.T) {
			m := materialOf(t, algorithm)
			named := m.key.WithID("key-1")
			private, err := named.MarshalPrivateJWK()
			if err != nil {
				t.Fatal(err)
			}
			parsed, err := durward.ParsePrivateJWK(private)
			if err != nil {
				t.Fatal(err)
			}
			if parsed.ID() != "key-1" || parsed.Algorithm() != algorithm {
				t.Errorf("private JWK: got %s %q, want %s key-1", parsed.Algorithm(), parsed.ID(), algorithm)
			}
			accepted(t, newVerifier(t, config(named)), sign(t, parsed))
			if _, err := durward.ParsePublicJWK(private); err == nil {
				t.Error("a private JWK as a public one: got a key, want an error")
			}
			public, err := named.Public().MarshalJWK()
			if m.secret != nil {
				if err == nil {
					t.Error("public JWK of a secret: got one, want an error")
				}
				if _, err := named.Public().MarshalPEM(); err == nil {
					t.Error("PEM of a secret: got one, want an error")
				}
				if _, err := named.MarshalPrivatePEM(); err == nil {
					t.Error("private PEM of a secret: got one, want an error")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			check, err := durward.ParsePublicJWK(public)
			if err != nil {
				t.Fatal(err)
			}
			accepted(t, newVerifier(t, config(check)), sign(t, named))
			if _, err := durward.ParsePrivateJWK(public); err == nil {
				t.Error("a public JWK as a private one: got a key, want an error")
			}

			block, err := m.key.MarshalPrivatePEM()
			if err != nil {
				t.Fatal(err)
			}
			fromPEM, err := durward.ParsePrivatePEM(algorithm, block)
			if err != nil {
				t.Fatal(err)
			}
			block, err = fromPEM.Public().MarshalPEM()
			if err != nil {
				t.Fatal(err)
			}
			publicFromPEM, err := durward.ParsePublicPEM(algorithm, block)
			if err != nil {
				t.Fatal(err)
			}
			accepted(t, newVerifier(t, config(publicFromPEM)), sign(t, m.key))
		})
	}
}

func sign(t *testing.T, key *durward.SigningKey) string {
	t.Helper()
	token, _, err := newSigner(t, key).Sign(t.Context(), durward.Claims{Subject: "ada"})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestKeySets(t *testing.T) {
	first, second := materialOf(t, durward.ES256).key, materialOf(t, durward.EdDSA).key
	secret := materialOf(t, durward.HS256).key
	set, err := durward.NewKeySet(first.Public(), second.Public(), secret.Public())
	if err != nil {
		t.Fatal(err)
	}
	text, err := set.MarshalJWKS()
	if err != nil {
		t.Fatal(err)
	}
	for _, member := range []string{`"k"`, `"d"`, `"p"`, `"q"`, `"dp"`, `"dq"`, `"qi"`} {
		if bytes.Contains(text, []byte(member)) {
			t.Errorf("B27 the published set has the member %s: %s", member, text)
		}
	}
	parsed, err := durward.ParseKeySet(text)
	if err != nil {
		t.Fatal(err)
	}
	if got := len(parsed.Keys()); got != 2 {
		t.Errorf("got %d keys, want the 2 public ones", got)
	}
	v := newVerifier(t, config(parsed))
	accepted(t, v, sign(t, first))
	accepted(t, v, sign(t, second))
	refused(t, v, sign(t, secret), durward.ErrTokenKey)

	if _, err := durward.NewKeySet(first.Public(), second.WithID(first.ID()).Public()); err == nil {
		t.Error("B28 two keys with one id: got a set, want an error")
	}
	if _, err := durward.NewKeySet(first.Public(), nil); err == nil {
		t.Error("a nil key: got a set, want an error")
	}
	public, err := first.Public().MarshalJWK()
	if err != nil {
		t.Fatal(err)
	}
	private, err := first.MarshalPrivateJWK()
	if err != nil {
		t.Fatal(err)
	}
	oct, err := secret.MarshalPrivateJWK()
	if err != nil {
		t.Fatal(err)
	}
	for name, keys := range map[string]string{
		"B27 a private key":       string(private),
		"B27 a secret":            string(public) + "," + string(oct),
		"B28 one id twice":        string(public) + "," + string(public),
		"no key":                  "",
		"only keys of other uses": strings.Replace(string(public), `"sig"`, `"enc"`, 1),
	} {
		if set, err := durward.ParseKeySet([]byte(`{"keys":[` + keys + `]}`)); err == nil || set != nil {
			t.Errorf("%s: got a set, want an error", name)
		}
	}
}

func TestAKeySetIsReadForOneAlgorithm(t *testing.T) {
	m := materialOf(t, durward.RS256)
	text, err := m.key.Public().MarshalJWK()
	if err != nil {
		t.Fatal(err)
	}
	silent := []byte(`{"keys":[` + strings.Replace(string(text), `"alg":"RS256",`, "", 1) + `]}`)
	if set, err := durward.ParseKeySet(silent); err == nil || set != nil {
		t.Errorf("an RSA key without alg: got a set, want an error")
	}
	for _, algorithm := range []durward.Algorithm{"", "none", "rs256", durward.HS256, durward.HS384, durward.HS512} {
		if set, err := durward.ParseKeySetFor(algorithm, silent); err == nil || set != nil {
			t.Errorf("for %q: got a set, want an error", algorithm)
		}
	}
	if set, err := durward.ParseKeySetFor(durward.ES256, silent); err == nil || set != nil {
		t.Errorf("for another type of key: got a set, want an error")
	}
	set, err := durward.ParseKeySetFor(durward.RS256, silent)
	if err != nil {
		t.Fatal(err)
	}
	v := newVerifier(t, config(set))
	accepted(t, v, sign(t, m.key))
	for _, algorithm := range []durward.Algorithm{durward.RS384, durward.RS512, durward.PS256} {
		other, err := durward.NewSigningKey(algorithm, m.private.(*rsa.PrivateKey))
		if err != nil {
			t.Fatal(err)
		}
		refused(t, v, sign(t, other.WithID(m.key.ID())), durward.ErrTokenKey)
	}
}

// Whatever a program does to print a key, the secret is not in it.
func TestKeysPrintNoSecret(t *testing.T) {
	for _, algorithm := range []durward.Algorithm{durward.HS256, durward.ES256, durward.EdDSA} {
		m := materialOf(t, algorithm)
		text, err := m.key.MarshalPrivateJWK()
		if err != nil {
			t.Fatal(err)
		}
		var jwk struct{ K, D string }
		if err := json.Unmarshal(text, &jwk); err != nil {
			t.Fatal(err)
		}
		secret := decode(t, jwk.K+jwk.D)
		var out strings.Builder
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%b", "%o"} {
			for _, value := range []any{m.key, *m.key, m.key.Public(), *m.key.Public(), []any{m.key}, struct{ K *durward.SigningKey }{m.key}} {
				fmt.Fprintf(&out, verb+"\n", value)
			}
		}
		logger := slog.New(slog.NewJSONHandler(&out, nil))
		logger.Info("keys", "private", m.key, "public", m.key.Public(), "value", *m.key)
		marshalled, err := json.Marshal([]any{m.key, m.key.Public()})
		if err != nil {
			t.Fatal(err)
		}
		out.Write(marshalled)
		for form, text := range map[string]string{
			"base64": jwk.K + jwk.D, "hex": hex.EncodeToString(secret), "HEX": strings.ToUpper(hex.EncodeToString(secret)),
			"decimal": strings.Trim(fmt.Sprint(secret), "[]"), "raw": string(secret),
			"standard base64": base64.StdEncoding.EncodeToString(secret),
		} {
			if strings.Contains(out.String(), text) {
				t.Errorf("%s: the secret is printed in %s", algorithm, form)
			}
		}
		if !strings.Contains(out.String(), "[secret]") || !strings.Contains(out.String(), m.key.ID()) {
			t.Errorf("%s: got neither [secret] nor the key id: %s", algorithm, out.String())
		}
	}
}

func TestASingleKeyIsASource(t *testing.T) {
	key := materialOf(t, durward.ES256).key
	var source durward.SigningKeySource = key
	if got, err := source.SigningKey(context.Background()); got != key || err != nil {
		t.Errorf("SigningKey: got %v, %v, want the key", got, err)
	}
	for name, c := range map[string]struct {
		algorithm durward.Algorithm
		id        string
		want      error
	}{
		"its own name":      {durward.ES256, key.ID(), nil},
		"another algorithm": {durward.ES384, key.ID(), durward.ErrTokenKey},
		"another id":        {durward.ES256, "x", durward.ErrTokenKey},
		"no id":             {durward.ES256, "", durward.ErrTokenKey},
	} {
		if _, err := key.Lookup(context.Background(), c.algorithm, c.id); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}
