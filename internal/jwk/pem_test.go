package jwk_test

import (
	"bytes"
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/durward-auth/durward/internal/jwk"
)

// ecParameters is what "openssl ecparam -genkey" writes before a P-256 key: the curve's OID.
func ecParameters() []byte {
	return armour("EC PARAMETERS", []byte{0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07})
}

func TestParsePEMReadsWhatMarshalPEMWrites(t *testing.T) {
	for name, key := range signers() {
		text, err := jwk.MarshalPrivatePEM(key)
		if err != nil {
			t.Fatal(err)
		}
		got, err := jwk.ParsePrivatePEM(text)
		if err != nil || !sameMaterial(private(got), private(key)) {
			t.Errorf("%s: got %T, error %v, want the private key", name, got, err)
		}
		if !bytes.HasPrefix(text, []byte("-----BEGIN PRIVATE KEY-----\n")) {
			t.Errorf("%s: not written as PKCS#8", name)
		}
		text, err = jwk.MarshalPublicPEM(key.Public())
		if err != nil {
			t.Fatal(err)
		}
		gotPublic, err := jwk.ParsePublicPEM(text)
		if err != nil || !sameMaterial(public(gotPublic), public(key.Public())) {
			t.Errorf("%s: got %T, error %v, want the public key", name, gotPublic, err)
		}
		if !bytes.HasPrefix(text, []byte("-----BEGIN PUBLIC KEY-----\n")) {
			t.Errorf("%s: not written as PKIX", name)
		}
	}
}

func TestParsePEMReadsTheOlderForms(t *testing.T) {
	sec1 := armour("EC PRIVATE KEY", must(x509.MarshalECPrivateKey(p256())))
	for name, c := range map[string]struct {
		text []byte
		want crypto.Signer
	}{
		"PKCS#1":                         {armour("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey())), rsaKey()},
		"SEC 1":                          {sec1, p256()},
		"SEC 1 after parameters":         {append(ecParameters(), sec1...), p256()},
		"SEC 1, parameters, white space": {append(append([]byte("\n "), ecParameters()...), append([]byte("\r\n\n"), append(sec1, " \t\n\n"...)...)...), p256()},
		"CRLF":                           {bytes.ReplaceAll(sec1, []byte("\n"), []byte("\r\n")), p256()},
		"no final newline":               {bytes.TrimSpace(sec1), p256()},
	} {
		got, err := jwk.ParsePrivatePEM(c.text)
		if err != nil || !sameMaterial(private(got), private(c.want)) {
			t.Errorf("%s: got %T, error %v, want the key", name, got, err)
		}
	}
	got, err := jwk.ParsePublicPEM(armour("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&rsaKey().PublicKey)))
	if err != nil || !sameMaterial(public(got), public(rsaKey().Public())) {
		t.Errorf("PKCS#1 public: got %T, error %v, want the key", got, err)
	}
}

func TestParsePrivatePEMRefuses(t *testing.T) {
	good := must(jwk.MarshalPrivatePEM(p256()))
	pkcs8 := must(x509.MarshalPKCS8PrivateKey(p256()))
	sec1 := armour("EC PRIVATE KEY", must(x509.MarshalECPrivateKey(p256())))
	//lint:ignore SA1019 the encryption of PEM is what is refused here.
	legacy := must(x509.EncryptPEMBlock(rand.Reader, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey()), []byte("secret"), x509.PEMCipherAES256))
	for name, c := range map[string]struct {
		text     []byte
		sentinel error
		sentence string
	}{
		"nothing":                       {nil, jwk.ErrInvalid, "does not begin with -----BEGIN"},
		"white space":                   {[]byte(" \n"), jwk.ErrInvalid, "does not begin with -----BEGIN"},
		"a JWK":                         {of(private(p256())).json(), jwk.ErrInvalid, "not a PEM text"},
		"DER":                           {pkcs8, jwk.ErrInvalid, "not a PEM text"},
		"text before":                   {append([]byte("my key:\n"), good...), jwk.ErrInvalid, "does not begin with"},
		"text after":                    {append(good, "the end"...), jwk.ErrInvalid, "goes on after the PRIVATE KEY block"},
		"two keys":                      {append(good, good...), jwk.ErrInvalid, "exactly one key"},
		"a certificate after":           {append(good, armour("CERTIFICATE", selfSigned(p256()))...), jwk.ErrInvalid, "exactly one key"},
		"parameters after":              {append(sec1, ecParameters()...), jwk.ErrInvalid, "exactly one key"},
		"parameters twice":              {bytes.Join([][]byte{ecParameters(), ecParameters(), sec1}, nil), jwk.ErrInvalid, "exactly one key"},
		"parameters alone":              {ecParameters(), jwk.ErrUnsupported, `"EC PARAMETERS" is not a private key`},
		"parameters and then text":      {append(ecParameters(), "what"...), jwk.ErrInvalid, "does not begin with"},
		"a block without an end":        {good[:len(good)-10], jwk.ErrInvalid, "not a well-formed PEM block"},
		"a broken block and a good one": {append([]byte("-----BEGIN PRIVATE KEY-----\n!!\n-----END PRIVATE KEY-----\n"), good...), jwk.ErrInvalid, "not a well-formed PEM block"},
		"encrypted PKCS#8":              {armour("ENCRYPTED PRIVATE KEY", pkcs8), jwk.ErrUnsupported, "encrypted with a passphrase: decrypt it first"},
		"encrypted PKCS#1":              {pem.EncodeToMemory(legacy), jwk.ErrUnsupported, "encrypted with a passphrase: decrypt it first"},
		"headers":                       {pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Headers: map[string]string{"Comment": "x"}, Bytes: pkcs8}), jwk.ErrInvalid, "has headers"},
		"OpenSSH":                       {armour("OPENSSH PRIVATE KEY", []byte("openssh-key-v1\x00")), jwk.ErrUnsupported, "convert it to PKCS#8"},
		"a public key":                  {must(jwk.MarshalPublicPEM(p256().Public())), jwk.ErrInvalid, "a private key is needed, this is a public one"},
		"a certificate":                 {armour("CERTIFICATE", selfSigned(p256())), jwk.ErrInvalid, "a private key is needed"},
		"another block":                 {armour("DH PARAMETERS", pkcs8), jwk.ErrUnsupported, `"DH PARAMETERS" is not a private key`},
		"PKCS#8 called PKCS#1":          {armour("RSA PRIVATE KEY", pkcs8), jwk.ErrInvalid, "RSA PRIVATE KEY does not hold a key of that form"},
		"PKCS#8 called SEC 1":           {armour("EC PRIVATE KEY", pkcs8), jwk.ErrInvalid, "does not hold a key of that form"},
		"an empty block":                {armour("PRIVATE KEY", nil), jwk.ErrInvalid, "PRIVATE KEY"},
		"bytes after the DER":           {armour("PRIVATE KEY", append(pkcs8, 0)), jwk.ErrInvalid, "does not hold a key of that form"},
		"X25519":                        {armour("PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(must(ecdh.X25519().GenerateKey(rand.Reader))))), jwk.ErrUnsupported, "*ecdh.PrivateKey is not supported"},
		"P-224":                         {armour("PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(must(ecdsa.GenerateKey(elliptic.P224(), rand.Reader))))), jwk.ErrUnsupported, "curve is not supported"},
		"B23: 1024 bits":                {armour("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(must(rsa.GenerateKey(rand.Reader, 1024)))), jwk.ErrWeak, "RSA key has 1024 bits"},
		"more than 64 KiB":              {append(good, strings.Repeat(" ", 64<<10)...), jwk.ErrInvalid, "at most 65536"},
	} {
		t.Run(name, func(t *testing.T) {
			key, err := jwk.ParsePrivatePEM(bytes.Clone(c.text))
			wantError(t, err, c.sentinel, c.sentence)
			if key != nil {
				t.Errorf("got a %T with the error, want none", key)
			}
		})
	}
}

func TestParsePublicPEMRefuses(t *testing.T) {
	good := must(jwk.MarshalPublicPEM(p256().Public()))
	pkix := must(x509.MarshalPKIXPublicKey(p256().Public()))
	small := &rsa.PublicKey{N: oddNumber(1024), E: 65537}
	identity := make(ed25519.PublicKey, 32)
	identity[0] = 1
	for name, c := range map[string]struct {
		text     []byte
		sentinel error
		sentence string
	}{
		"nothing":                       {nil, jwk.ErrInvalid, "does not begin with -----BEGIN"},
		"two keys":                      {append(good, good...), jwk.ErrInvalid, "exactly one key"},
		"text before":                   {append([]byte("# key\n"), good...), jwk.ErrInvalid, "does not begin with"},
		"a certificate":                 {armour("CERTIFICATE", selfSigned(p256())), jwk.ErrUnsupported, "this is a certificate"},
		"a private key":                 {must(jwk.MarshalPrivatePEM(p256())), jwk.ErrInvalid, "a public key is needed, this is a private one (PRIVATE KEY)"},
		"a PKCS#1 private key":          {armour("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey())), jwk.ErrInvalid, "this is a private one"},
		"an encrypted private key":      {armour("ENCRYPTED PRIVATE KEY", pkix), jwk.ErrUnsupported, "encrypted with a passphrase"},
		"parameters":                    {ecParameters(), jwk.ErrUnsupported, `"EC PARAMETERS" is not a public key`},
		"parameters before a key":       {append(ecParameters(), good...), jwk.ErrInvalid, "exactly one key"},
		"another block":                 {armour("CERTIFICATE REQUEST", pkix), jwk.ErrUnsupported, `"CERTIFICATE REQUEST" is not a public key`},
		"PKIX called PKCS#1":            {armour("RSA PUBLIC KEY", pkix), jwk.ErrInvalid, "does not hold a key of that form"},
		"bytes after the DER":           {armour("PUBLIC KEY", append(pkix, 0)), jwk.ErrInvalid, "does not hold a key of that form"},
		"X25519":                        {armour("PUBLIC KEY", must(x509.MarshalPKIXPublicKey(must(ecdh.X25519().GenerateKey(rand.Reader)).Public()))), jwk.ErrUnsupported, "*ecdh.PublicKey is not supported"},
		"B23: 1024 bits":                {armour("PUBLIC KEY", must(x509.MarshalPKIXPublicKey(small))), jwk.ErrWeak, "RSA key has 1024 bits"},
		"B23: 1024 bits, PKCS#1":        {armour("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(small)), jwk.ErrWeak, "RSA key has 1024 bits"},
		"B25: the identity":             {armour("PUBLIC KEY", must(x509.MarshalPKIXPublicKey(identity))), jwk.ErrWeak, "small order"},
		"B24: a point off the curve":    {armour("PUBLIC KEY", append(bytes.Clone(pkix[:len(pkix)-1]), pkix[len(pkix)-1]^1)), jwk.ErrInvalid, "does not hold a key"},
		"an SSH line":                   {[]byte("ssh-ed25519 AAAA user@host"), jwk.ErrInvalid, "not a PEM text"},
		"a block with the wrong ending": {bytes.Replace(good, []byte("END PUBLIC"), []byte("END OTHER"), 1), jwk.ErrInvalid, "not a well-formed PEM block"},
	} {
		t.Run(name, func(t *testing.T) {
			key, err := jwk.ParsePublicPEM(bytes.Clone(c.text))
			wantError(t, err, c.sentinel, c.sentence)
			if key != nil {
				t.Errorf("got a %T with the error, want none", key)
			}
		})
	}
}

func TestMarshalPEMRefuses(t *testing.T) {
	_, err := jwk.MarshalPrivatePEM(nil)
	wantError(t, err, jwk.ErrInvalid, "the key is empty")
	_, err = jwk.MarshalPrivatePEM(hsm{})
	wantError(t, err, jwk.ErrUnsupported, "jwk_test.hsm")
	_, err = jwk.MarshalPublicPEM(nil)
	wantError(t, err, jwk.ErrInvalid, "the key is empty")
	_, err = jwk.MarshalPublicPEM(p256())
	wantError(t, err, jwk.ErrUnsupported, "*ecdsa.PrivateKey")
	_, err = jwk.MarshalPublicPEM(&rsa.PublicKey{N: oddNumber(1024), E: 65537})
	wantError(t, err, jwk.ErrWeak, "1024 bits")
}
