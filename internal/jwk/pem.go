package jwk

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
)

// maxPEMBytes bounds a PEM file: an RSA private key of the greatest size takes some 6.5 KiB.
const maxPEMBytes = 64 << 10

// ParsePrivatePEM reads the private key in a PEM text (RFC 7468): PKCS#8 ("PRIVATE KEY"), PKCS#1
// ("RSA PRIVATE KEY") or SEC 1 ("EC PRIVATE KEY", with or without "EC PARAMETERS" before it).
// Besides white space the text holds nothing else. The key is sound as Check says.
func ParsePrivatePEM(data []byte) (crypto.Signer, error) {
	block, err := onlyBlock(data, "EC PARAMETERS")
	if err != nil {
		return nil, err
	}
	var parsed any
	switch block.Type {
	case "PRIVATE KEY":
		parsed, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		parsed, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		parsed, err = x509.ParseECPrivateKey(block.Bytes)
	case "OPENSSH PRIVATE KEY":
		return nil, unsupported("this is an OpenSSH private key: convert it to PKCS#8 first (ssh-keygen -p -m PKCS8)")
	case "PUBLIC KEY", "RSA PUBLIC KEY", "CERTIFICATE":
		return nil, invalid("a private key is needed, this is a public one (%s)", block.Type)
	default:
		return nil, unsupported("PEM block %.40q is not a private key: want PRIVATE KEY (PKCS#8), RSA PRIVATE KEY or EC PRIVATE KEY", block.Type)
	}
	if err != nil || trailing(block.Bytes) {
		return nil, invalid("PEM block %s does not hold a key of that form that can be used", block.Type)
	}
	signer, ok := parsed.(crypto.Signer)
	if !ok {
		return nil, unsupported("a private key of type %T is not supported: want RSA, EC or Ed25519", parsed)
	}
	if err := examine(Material{Private: signer}); err != nil {
		return nil, err
	}
	return signer, nil
}

// ParsePublicPEM reads the public key in a PEM text (RFC 7468): "PUBLIC KEY" (PKIX) or "RSA PUBLIC KEY" (PKCS#1).
// Besides white space the text holds nothing else. The key is sound as Check says.
func ParsePublicPEM(data []byte) (crypto.PublicKey, error) {
	block, err := onlyBlock(data, "")
	if err != nil {
		return nil, err
	}
	var public crypto.PublicKey
	switch block.Type {
	case "PUBLIC KEY":
		public, err = x509.ParsePKIXPublicKey(block.Bytes)
	case "RSA PUBLIC KEY":
		public, err = x509.ParsePKCS1PublicKey(block.Bytes)
	case "CERTIFICATE":
		return nil, unsupported("this is a certificate, whose validity nobody would check here: take its public key out first (openssl x509 -pubkey -noout)")
	case "PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "OPENSSH PRIVATE KEY":
		return nil, invalid("a public key is needed, this is a private one (%s): keep it away from verifiers", block.Type)
	default:
		return nil, unsupported("PEM block %.40q is not a public key: want PUBLIC KEY (PKIX) or RSA PUBLIC KEY", block.Type)
	}
	if err != nil || trailing(block.Bytes) {
		return nil, invalid("PEM block %s does not hold a key of that form that can be used", block.Type)
	}
	if err := examine(Material{Public: public}); err != nil {
		return nil, err
	}
	return public, nil
}

// MarshalPrivatePEM writes a private key as PKCS#8 (RFC 5958). The key must be sound as Check says.
func MarshalPrivatePEM(key crypto.Signer) ([]byte, error) {
	var der []byte
	err := examine(Material{Private: key})
	if err == nil {
		der, err = x509.MarshalPKCS8PrivateKey(key)
	}
	if err != nil {
		return nil, fmt.Errorf("marshal private key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// MarshalPublicPEM writes a public key as PKIX (RFC 5280 §4.1). The key must be sound as Check says.
func MarshalPublicPEM(key crypto.PublicKey) ([]byte, error) {
	var der []byte
	err := examine(Material{Public: key})
	if err == nil {
		der, err = x509.MarshalPKIXPublicKey(key)
	}
	if err != nil {
		return nil, fmt.Errorf("marshal public key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), nil
}

// onlyBlock is the one block of a PEM text; before it there may be one of the type prelude.
func onlyBlock(data []byte, prelude string) (*pem.Block, error) {
	if len(data) > maxPEMBytes {
		return nil, invalid("PEM text has %d bytes, at most %d are accepted", len(data), maxPEMBytes)
	}
	block, rest, err := nextBlock(data)
	if err != nil {
		return nil, err
	}
	if block.Type == prelude && len(rest) > 0 {
		if block, rest, err = nextBlock(rest); err != nil {
			return nil, err
		}
	}
	if len(rest) > 0 {
		return nil, invalid("PEM text goes on after the %s block: want exactly one key", block.Type)
	}
	return block, nil
}

// nextBlock reads a block that begins the text, which pem.Decode alone would search for; rest is trimmed.
func nextBlock(data []byte) (block *pem.Block, rest []byte, err error) {
	begin := []byte("-----BEGIN ")
	data = bytes.TrimSpace(data)
	if !bytes.HasPrefix(data, begin) {
		return nil, nil, invalid("not a PEM text: it does not begin with -----BEGIN")
	}
	block, rest = pem.Decode(data)
	if block == nil || bytes.Count(data[:len(data)-len(rest)], begin) != 1 {
		return nil, nil, invalid("not a well-formed PEM block")
	}
	if block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "" || block.Headers["Proc-Type"] != "" {
		return nil, nil, unsupported("the private key is encrypted with a passphrase: decrypt it first (openssl pkey)")
	}
	if len(block.Headers) > 0 {
		return nil, nil, invalid("PEM block %.40q has headers, which a key has not (RFC 7468 §2)", block.Type)
	}
	return block, bytes.TrimSpace(rest), nil
}

// trailing reports whether bytes follow the DER value.
func trailing(der []byte) bool {
	var value asn1.RawValue
	rest, err := asn1.Unmarshal(der, &value)
	return err != nil || len(rest) > 0
}
