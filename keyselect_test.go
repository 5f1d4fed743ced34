package durward_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/durward-auth/durward"
)

// countingKeys answers from a single key and counts the questions.
type countingKeys struct {
	durward.KeySource
	asked atomic.Int64
}

func (k *countingKeys) Lookup(ctx context.Context, algorithm durward.Algorithm, id string) (*durward.VerificationKey, error) {
	k.asked.Add(1)
	return k.KeySource.Lookup(ctx, algorithm, id)
}

// headerOf is a header with any text as algorithm and key id.
func headerOf(t *testing.T, algorithm, id string) string {
	t.Helper()
	text, err := json.Marshal(map[string]string{"alg": algorithm, "typ": "at+jwt", "kid": id})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestTheHeaderDoesNotChooseTheAlgorithm(t *testing.T) {
	for _, algorithm := range algorithms {
		m := materialOf(t, algorithm)
		keys := &countingKeys{KeySource: m.key}
		v := newVerifier(t, config(keys))
		header := func(alg string) string { return headerOf(t, alg, m.key.ID()) }
		good := m.forge(t, m.header(), payload())
		signature := good[strings.LastIndexByte(good, '.')+1:]
		for _, alg := range []string{
			"none", "None", "NONE", "nOnE", "none ", "none\u0000", "non\u0435", // B01
			strings.ToLower(string(algorithm)) + " ", string(algorithm) + " ", "hs256", "Hs256", "rs256", "eDdSA", // B03
			"ES256K", "Ed448", "HS1", "RS1", "dir", "A128GCM", "RSA-OAEP", "ML-DSA-65", // B07, B08, B26
		} {
			t.Run(fmt.Sprintf("%s key, B01 B03 alg %q", algorithm, alg), func(t *testing.T) {
				input := encode(header(alg)) + "." + encode(payload())
				refused(t, v, input+".", durward.ErrToken)
				refused(t, v, input+"."+signature, durward.ErrTokenKey)
				refused(t, v, input+"."+encode(rand.Text()), durward.ErrTokenKey)
				refused(t, v, input+"."+encode(string(m.sign(t, algorithm, input))), durward.ErrTokenKey)
			})
		}
		for _, other := range algorithms {
			if other == algorithm {
				continue
			}
			input := encode(header(string(other))) + "." + encode(payload())
			refused(t, v, input+"."+encode(string(m.sign(t, algorithm, input))), durward.ErrTokenKey)
		}
	}
}

// publicForms lists the texts of a public key that an attacker may try as an HMAC secret.
func publicForms(t *testing.T, m *material) map[string][]byte {
	t.Helper()
	public := m.private.Public()
	pkix, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	block := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: pkix})
	jwk, err := m.key.Public().MarshalJWK()
	if err != nil {
		t.Fatal(err)
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, jwk, "", "  "); err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, public, m.private)
	if err != nil {
		t.Fatal(err)
	}
	forms := map[string][]byte{
		"PEM":                      block,
		"PEM without last newline": bytes.TrimRight(block, "\n"),
		"PEM with CRLF":            bytes.ReplaceAll(block, []byte("\n"), []byte("\r\n")),
		"certificate PEM":          pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}),
		"DER":                      pkix,
		"base64 of DER":            []byte(base64.StdEncoding.EncodeToString(pkix)),
		"JWK":                      jwk,
		"JWK with spaces":          pretty.Bytes(),
		"certificate DER":          certificate,
	}
	switch key := public.(type) {
	case *rsa.PublicKey:
		forms["PKCS#1 DER"] = x509.MarshalPKCS1PublicKey(key)
		forms["PKCS#1 PEM"] = pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: forms["PKCS#1 DER"]})
		forms["n"] = key.N.Bytes()
		forms["base64 of n"] = []byte(base64.RawURLEncoding.EncodeToString(key.N.Bytes()))
		forms["SSH"] = sshForm(key)
	case *ecdsa.PublicKey:
		point, err := key.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		forms["point"] = point
		x := point[1 : 1+len(point)/2]
		forms["compressed point"] = append([]byte{2 + point[len(point)-1]&1}, x...)
	case ed25519.PublicKey:
		forms["raw"] = key
	}
	return forms
}

func sshForm(key *rsa.PublicKey) []byte {
	var b []byte
	for _, part := range [][]byte{[]byte("ssh-rsa"), big.NewInt(int64(key.E)).Bytes(), append([]byte{0}, key.N.Bytes()...)} {
		b = binary.BigEndian.AppendUint32(b, uint32(len(part)))
		b = append(b, part...)
	}
	return []byte("ssh-rsa " + base64.StdEncoding.EncodeToString(b))
}

func TestAPublicKeyIsNoSecret(t *testing.T) {
	for _, algorithm := range []durward.Algorithm{durward.RS256, durward.PS256, durward.ES256, durward.ES512, durward.EdDSA} {
		m := materialOf(t, algorithm)
		v := newVerifier(t, config(m.key.Public()))
		for form, secret := range publicForms(t, m) {
			for _, hmacAlgorithm := range []durward.Algorithm{durward.HS256, durward.HS384, durward.HS512} {
				t.Run(fmt.Sprintf("B04 B05 %s by the %s of the %s key", hmacAlgorithm, form, algorithm), func(t *testing.T) {
					attacker := &material{algorithm: hmacAlgorithm, secret: secret}
					for _, header := range []string{
						fmt.Sprintf(`{"alg":%q,"typ":"at+jwt","kid":%q}`, hmacAlgorithm, m.key.ID()),
						fmt.Sprintf(`{"alg":%q,"typ":"at+jwt"}`, hmacAlgorithm),
					} {
						refused(t, v, attacker.forge(t, header, payload()), durward.ErrTokenKey)
					}
				})
			}
			switch form {
			case "PEM", "PEM without last newline", "PEM with CRLF", "certificate PEM", "DER", "JWK", "JWK with spaces", "PKCS#1 PEM", "PKCS#1 DER":
				if _, err := durward.NewHMACKey(durward.HS256, secret); err == nil {
					t.Errorf("B04 the %s of the %s key as a secret: got a key, want an error", form, algorithm)
				}
			}
		}
	}
}

func TestOneKeyHasOneAlgorithm(t *testing.T) {
	for _, c := range []struct {
		name         string
		bound, signs durward.Algorithm
	}{
		{"B06 PS256 under RS256", durward.RS256, durward.PS256},
		{"B06 RS256 under PS256", durward.PS256, durward.RS256},
		{"B06 RS512 under RS256", durward.RS256, durward.RS512},
		{"B06 RS256 under RS512", durward.RS512, durward.RS256},
		{"B06 PS256 under PS384", durward.PS384, durward.PS256},
		{"B06 HS512 under HS256", durward.HS256, durward.HS512},
		{"B06 a weaker hash under ES384", durward.ES384, durward.ES256},
		{"B06 a stronger hash under ES256", durward.ES256, durward.ES512},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := materialOf(t, c.bound)
			v := newVerifier(t, config(m.key))
			input := encode(m.header()) + "." + encode(payload())
			refused(t, v, input+"."+encode(string(m.sign(t, c.signs, input))), durward.ErrTokenSignature)
			input = encode(fmt.Sprintf(`{"alg":%q,"typ":"at+jwt","kid":%q}`, c.signs, m.key.ID())) + "." + encode(payload())
			refused(t, v, input+"."+encode(string(m.sign(t, c.signs, input))), durward.ErrTokenKey)
		})
	}
	p256, p384 := materialOf(t, durward.ES256).private, materialOf(t, durward.ES384).private
	for name, err := range map[string]error{
		"B07 ES256 with P-384":      second(durward.NewSigningKey(durward.ES256, p384)),
		"B07 ES512 with P-256":      second(durward.NewSigningKey(durward.ES512, p256)),
		"B07 ES384 with P-256":      second(durward.NewVerificationKey(durward.ES384, p256.Public())),
		"B07 RS256 with P-256":      second(durward.NewSigningKey(durward.RS256, p256)),
		"B07 EdDSA with P-256":      second(durward.NewSigningKey(durward.EdDSA, p256)),
		"B01 none with P-256":       second(durward.NewSigningKey("none", p256)),
		"B08 Ed448":                 second(durward.GenerateKey("Ed448")),
		"B07 ES256K":                second(durward.GenerateKey("ES256K")),
		"an algorithm without name": second(durward.GenerateKey("")),
		"B05 ES256 with a secret":   second(durward.NewHMACKey(durward.ES256, make([]byte, 64))),
	} {
		if err == nil {
			t.Errorf("%s: got a key, want an error", name)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// B08: a key is bound to one of the two names of the same signature.
func TestEdDSAAndEd25519AreTwoNames(t *testing.T) {
	eddsa, ed25519Key := materialOf(t, durward.EdDSA), materialOf(t, durward.Ed25519)
	for _, c := range []struct{ bound, other *material }{{eddsa, ed25519Key}, {ed25519Key, eddsa}} {
		v := newVerifier(t, config(c.bound.key))
		accepted(t, v, c.bound.forge(t, c.bound.header(), payload()))
		header := fmt.Sprintf(`{"alg":%q,"typ":"at+jwt","kid":%q}`, c.other.algorithm, c.bound.key.ID())
		refused(t, v, c.bound.forge(t, header, payload()), durward.ErrTokenKey)
	}
}

func TestKeyIDsSelectOneKeyAndNothingElse(t *testing.T) {
	m, other := materialOf(t, durward.HS256), newMaterial(t, durward.HS256)
	set, err := durward.NewKeySet(m.key.Public(), other.key.Public())
	if err != nil {
		t.Fatal(err)
	}
	keys := &countingKeys{KeySource: set}
	v := newVerifier(t, config(keys))
	header := func(kid string) string { return headerOf(t, "HS256", kid) }
	for name, kid := range map[string]string{
		"B09 unknown":            "unknown",
		"B12 /dev/null":          "../../../../dev/null",
		"B12 environ":            "/proc/self/environ",
		"B12 backslashes":        `..\..`,
		"B12 a file URL":         "file:///etc/passwd",
		"B12 percent":            "%2e%2e/",
		"B13 UNION":              "' UNION SELECT 'x'--",
		"B13 DROP":               "'; DROP TABLE keys;--",
		"B13 LDAP":               "*)(uid=*",
		"B13 NoSQL":              "$ne",
		"B14 a pipe":             "|sleep 10",
		"B14 a command":          "$(id)",
		"B14 backquotes":         "`id`",
		"B14 a template":         "{{7*7}}",
		"B14 verbs":              "%s%n",
		"the id in another case": strings.ToUpper(m.key.ID()),
		"the id and more":        m.key.ID() + "x",
	} {
		t.Run(name, func(t *testing.T) {
			before := keys.asked.Load()
			if _, err := v.Verify(t.Context(), m.forge(t, header(kid), payload())); !errors.Is(err, durward.ErrTokenKey) {
				t.Errorf("got %v, want %v", err, durward.ErrTokenKey)
			}
			if asked := keys.asked.Load() - before; asked != 1 {
				t.Errorf("B09 asked for keys %d times, want once", asked)
			}
		})
	}
	t.Run("the other key's id", func(t *testing.T) {
		refused(t, v, m.forge(t, header(other.key.ID()), payload()), durward.ErrTokenSignature)
	})
	t.Run("B10 no id where keys have ids", func(t *testing.T) {
		const bare = `{"alg":"HS256","typ":"at+jwt"}`
		refused(t, v, m.forge(t, bare, payload()), durward.ErrTokenKey)
		refused(t, newVerifier(t, config(m.key)), m.forge(t, bare, payload()), durward.ErrTokenKey)
		nameless := newVerifier(t, config(m.key.WithID("")))
		accepted(t, nameless, m.forge(t, bare, payload()))
		refused(t, nameless, m.forge(t, m.header(), payload()), durward.ErrTokenKey)
	})
	t.Run("B15 another issuer's key under the same id", func(t *testing.T) {
		theirs := newVerifier(t, config(other.key.WithID(m.key.ID())))
		refused(t, theirs, m.forge(t, m.header(), payload()), durward.ErrTokenSignature)
	})
}

// B16, B17, B18: what a header says about where keys are is not listened to, and nobody is called.
func TestKeysInAndBehindTheHeaderAreIgnored(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	connections := make(chan struct{}, 100)
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				close(connections)
				return
			}
			connections <- struct{}{}
			_ = connection.Close()
		}
	}()

	m, attacker := materialOf(t, durward.ES256), newMaterial(t, durward.ES256)
	v := newVerifier(t, config(m.key))
	jwk, err := attacker.key.Public().MarshalJWK()
	if err != nil {
		t.Fatal(err)
	}
	open := strings.TrimSuffix(m.header(), "}")
	nameless := `{"alg":"ES256","typ":"at+jwt"`
	base := "http://" + listener.Addr().String()
	for _, member := range []string{
		`"jwk":` + string(jwk), // B16
		`"jku":"` + base + `/jwks"`,
		`"jku":"` + strings.Replace(base, "http://", "http://issuer.test@", 1) + `/jwks"`,
		`"jku":"` + strings.Replace(base, "http://", "https://", 1) + `"`,
		`"x5u":"` + base + `/cert"`,
		`"x5c":["` + base64.StdEncoding.EncodeToString([]byte("certificate")) + `"]`, // B18
		`"x5t":"AAAA"`,
	} {
		refused(t, v, attacker.forge(t, open+","+member+"}", payload()), durward.ErrTokenSignature)
		refused(t, v, attacker.forge(t, nameless+","+member+"}", payload()), durward.ErrTokenKey)
		accepted(t, v, m.forge(t, open+","+member+"}", payload()))
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	if _, called := <-connections; called {
		t.Error("B17 the verifier opened a connection, want none")
	}
}
