package jwk

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"strings"
)

// keyText says which published form of a key a secret is, "" if it is none.
// A verifier that takes such a text for an HMAC secret accepts what anybody signs with it (RFC 8725 §2.1, CVE-2015-9235).
func keyText(secret []byte) string {
	text := bytes.TrimSpace(bytes.TrimPrefix(bytes.TrimSpace(secret), []byte("\uFEFF")))
	switch {
	case bytes.Contains(text, []byte("-----BEGIN ")), bytes.Contains(text, []byte("---- BEGIN SSH2 ")):
		return "a PEM file"
	case isSSH(text), isSSHWire(secret):
		return "an SSH key"
	case isJWK(text):
		return "a JWK"
	case isDER(secret):
		return "a DER key or certificate"
	case isBase64DER(text):
		return "a DER key or certificate in base64"
	}
	return ""
}

// sshTypes begin a public key's line and, after its length, its wire form (RFC 4253 §6.6).
func sshTypes() []string {
	return []string{"ssh-rsa", "ssh-dss", "ssh-ed25519", "ecdsa-sha2-", "sk-ssh-ed25519", "sk-ecdsa-sha2-", "PuTTY-User-Key-File-"}
}

func isSSH(text []byte) bool {
	for _, prefix := range sshTypes() {
		if bytes.HasPrefix(text, []byte(prefix)) {
			return true
		}
	}
	return false
}

func isSSHWire(secret []byte) bool {
	return len(secret) > 4 && bytes.HasPrefix(secret, []byte{0, 0, 0}) && isSSH(secret[4:])
}

// isJWK also finds sets, and text that is not quite JSON.
func isJWK(text []byte) bool {
	return bytes.HasPrefix(text, []byte("{")) && bytes.Contains(text, []byte(`"kty"`))
}

func isDER(data []byte) bool {
	for _, parse := range []func([]byte) error{
		func(der []byte) error { _, err := x509.ParsePKIXPublicKey(der); return err },
		func(der []byte) error { _, err := x509.ParsePKCS1PublicKey(der); return err },
		func(der []byte) error { _, err := x509.ParseCertificate(der); return err },
		func(der []byte) error { _, err := x509.ParsePKCS8PrivateKey(der); return err },
		func(der []byte) error { _, err := x509.ParsePKCS1PrivateKey(der); return err },
		func(der []byte) error { _, err := x509.ParseECPrivateKey(der); return err },
	} {
		if parse(data) == nil {
			return true
		}
	}
	return false
}

// isBase64DER finds PEM without its frame, in either alphabet.
func isBase64DER(text []byte) bool {
	compact := strings.Join(strings.Fields(string(text)), "")
	compact = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(compact, "="))
	data, err := base64.RawStdEncoding.DecodeString(compact)
	return err == nil && (isDER(data) || isSSHWire(data))
}
