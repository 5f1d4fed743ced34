package jwk_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"

	"github.com/durward-auth/durward/internal/jwk"
)

func TestTheTextOfAKeyIsNoSecret(t *testing.T) { // B04
	for kind, key := range signers() {
		pkix := must(x509.MarshalPKIXPublicKey(key.Public()))
		certificate := selfSigned(key)
		texts := map[string][]byte{
			"PEM PKIX":                armour("PUBLIC KEY", pkix),
			"PEM certificate":         armour("CERTIFICATE", certificate),
			"DER PKIX":                pkix,
			"DER certificate":         certificate,
			"DER PKCS#8":              must(x509.MarshalPKCS8PrivateKey(key)),
			"JWK":                     must(jwk.MarshalPublic(jwk.Key{Material: public(key.Public())})),
			"JWK set":                 must(jwk.MarshalSet([]jwk.Key{{Material: public(key.Public())}})),
			"private JWK":             must(jwk.MarshalPrivate(jwk.Key{Material: private(key)})),
			"base64 of DER":           []byte(base64.StdEncoding.EncodeToString(pkix)),
			"base64url of DER":        []byte(base64.RawURLEncoding.EncodeToString(pkix)),
			"PEM with text before it": append([]byte("# our key\n"), armour("PUBLIC KEY", pkix)...),
			"PEM with a BOM":          append([]byte("\uFEFF"), armour("PUBLIC KEY", pkix)...),
		}
		texts["PEM without final newline"] = bytes.TrimSpace(texts["PEM PKIX"])
		texts["PEM with CRLF"] = bytes.ReplaceAll(texts["PEM PKIX"], []byte("\n"), []byte("\r\n"))
		texts["PEM on one line"] = bytes.ReplaceAll(texts["PEM PKIX"], []byte("\n"), []byte(`\n`))
		lines := strings.Split(string(texts["PEM without final newline"]), "\n")
		texts["base64 lines"] = []byte(strings.Join(lines[1:len(lines)-1], "\n"))
		if kind == "RSA" {
			texts["PEM PKCS#1"] = armour("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&rsaKey().PublicKey))
			texts["DER PKCS#1"] = x509.MarshalPKCS1PublicKey(&rsaKey().PublicKey)
			texts["DER private PKCS#1"] = x509.MarshalPKCS1PrivateKey(rsaKey())
			wire := sshWire("ssh-rsa", big.NewInt(65537).Bytes(), rsaKey().N.Bytes())
			texts["SSH"] = []byte("ssh-rsa " + base64.StdEncoding.EncodeToString(wire) + " user@host\n")
			texts["SSH wire"] = wire
			texts["SSH base64"] = []byte(base64.StdEncoding.EncodeToString(wire))
			texts["SSH2"] = []byte("---- BEGIN SSH2 PUBLIC KEY ----\n" + base64.StdEncoding.EncodeToString(wire) + "\n---- END SSH2 PUBLIC KEY ----\n")
		}
		if kind == "P-256" {
			texts["DER SEC 1"] = must(x509.MarshalECPrivateKey(p256()))
			texts["SSH"] = []byte("ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBB user@host")
		}
		for name, text := range texts {
			var pretty bytes.Buffer
			if json.Indent(&pretty, text, "", "  ") == nil {
				wantNoSecret(t, kind+" "+name+" indented", pretty.Bytes())
			}
			wantNoSecret(t, kind+" "+name, text)
			if !strings.Contains(name, "DER") && !strings.Contains(name, "wire") {
				wantNoSecret(t, kind+" "+name+" in white space", append([]byte(" \r\n\t"), append(text, " \n\n"...)...))
			}
		}
	}
}

func wantNoSecret(t *testing.T, name string, text []byte) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		for _, algorithm := range []string{"HS256", "HS384", "HS512"} {
			wantError(t, jwk.Check(algorithm, jwk.Material{Secret: text}), jwk.ErrWeak, "secret is the text of a")
		}
	})
}

func TestARandomSecretIsNoKeyText(t *testing.T) {
	for i := range 2000 {
		secret := random(32 + i%64)
		secret[0] = 0x30 // as DER begins
		for _, s := range [][]byte{secret, []byte(b64(secret)), []byte(base64.StdEncoding.EncodeToString(secret)), append([]byte{0, 0, 0, 7}, secret...)} {
			if err := jwk.Check("HS256", jwk.Material{Secret: s}); err != nil {
				t.Fatalf("got error %v, want none", err)
			}
		}
	}
	for _, s := range []string{"correct horse battery staple, twice over", `{"not":"a key","but":"a poor secret all the same"}`} {
		if err := jwk.Check("HS256", jwk.Material{Secret: []byte(s)}); err != nil {
			t.Errorf("%s: got error %v, want none", s, err)
		}
	}
}

func armour(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func selfSigned(key crypto.Signer) []byte {
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	return must(x509.CreateCertificate(rand.Reader, template, template, key.Public(), key))
}

func sshWire(fields ...any) []byte {
	var wire []byte
	for _, f := range fields {
		var data []byte
		switch f := f.(type) {
		case string:
			data = []byte(f)
		case []byte:
			data = f
		}
		wire = append(binary.BigEndian.AppendUint32(wire, uint32(len(data))), data...)
	}
	return wire
}
