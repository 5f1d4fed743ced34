package jwe

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"

	"github.com/go-jose/go-jose/v4"

	"github.com/durward-auth/durward"
)

// ParsePrivateJWK reads a private or secret key as a JSON Web Key (RFC 7517) and binds it to a pair of algorithms.
//
// Its "alg", if there, must be the key algorithm (for [Direct], the content algorithm passes too); its "use", "enc"; its
// "key_ops", operations of encryption. The material is checked as strictly as durward.ParsePrivateJWK does. Without
// a "kid" it has no key id.
func ParsePrivateJWK(alg KeyAlgorithm, enc ContentAlgorithm, data []byte) (*DecryptionKey, error) {
	p := pair{alg, enc}
	o, id, err := p.parseJWK(data)
	if err != nil {
		return nil, fmt.Errorf("parse JWK: %w", err)
	}
	if alg == Direct {
		secret, present, err := o.bytes("k")
		if err != nil || !present {
			return nil, errors.New("parse JWK: the key has no secret")
		}
		key, err := NewDirectKey(enc, secret)
		if err != nil {
			return nil, fmt.Errorf("parse JWK: %w", err)
		}
		return key.WithID(id), nil
	}
	text, err := o.material()
	if err != nil {
		return nil, fmt.Errorf("parse JWK: %w", err)
	}
	checked, err := durward.ParsePrivateJWK(text)
	if err != nil {
		return nil, err
	}
	encoded, err := checked.MarshalPrivatePEM()
	if err != nil {
		return nil, fmt.Errorf("parse JWK: %w", err)
	}
	private, err := readPEM(encoded, x509.ParsePKCS8PrivateKey)
	if err != nil {
		return nil, fmt.Errorf("parse JWK: %w", err)
	}
	key, err := NewDecryptionKey(alg, enc, private)
	if err != nil {
		return nil, err
	}
	return key.WithID(id), nil
}

// ParsePublicJWK reads a public key as a JSON Web Key; see [ParsePrivateJWK]. A private or secret key is refused.
func ParsePublicJWK(alg KeyAlgorithm, enc ContentAlgorithm, data []byte) (*EncryptionKey, error) {
	if alg == Direct {
		return nil, errors.New("parse JWK: a shared secret has no public part")
	}
	p := pair{alg, enc}
	o, id, err := p.parseJWK(data)
	if err != nil {
		return nil, fmt.Errorf("parse JWK: %w", err)
	}
	text, err := o.material()
	if err != nil {
		return nil, fmt.Errorf("parse JWK: %w", err)
	}
	checked, err := durward.ParsePublicJWK(text)
	if err != nil {
		return nil, err
	}
	encoded, err := checked.MarshalPEM()
	if err != nil {
		return nil, fmt.Errorf("parse JWK: %w", err)
	}
	public, err := readPEM(encoded, x509.ParsePKIXPublicKey)
	if err != nil {
		return nil, fmt.Errorf("parse JWK: %w", err)
	}
	key, err := NewEncryptionKey(alg, enc, public)
	if err != nil {
		return nil, err
	}
	return key.WithID(id), nil
}

func readPEM(encoded []byte, parse func([]byte) (any, error)) (crypto.PrivateKey, error) {
	block, _ := pem.Decode(encoded)
	if block == nil {
		return nil, errors.New("the key has no PEM form")
	}
	return parse(block.Bytes)
}

const maxKeyBytes = 64 << 10

// parseJWK checks what a key says of itself besides its material, and returns its kid.
func (p pair) parseJWK(data []byte) (o object, id string, err error) {
	if err := p.check(); err != nil {
		return nil, "", err
	}
	if len(data) > maxKeyBytes {
		return nil, "", fmt.Errorf("the key has %d bytes, it may have %d", len(data), maxKeyBytes)
	}
	if o, err = parseObject(data); err != nil {
		return nil, "", fmt.Errorf("the key is %w", err)
	}
	kty, _, err := o.text("kty")
	if err != nil {
		return nil, "", err
	}
	if want := p.kty(); kty != want {
		return nil, "", fmt.Errorf("the key is of type %.40q, %s wants %s", kty, p.key, want)
	}
	named, present, err := o.text("alg")
	if err != nil {
		return nil, "", err
	}
	if present && named != string(p.key) && !(p.key == Direct && named == string(p.content)) {
		return nil, "", fmt.Errorf("the key is for the algorithm %.40q, not for %s", named, p.key)
	}
	use, present, err := o.text("use")
	if err != nil {
		return nil, "", err
	}
	if present && use != "enc" {
		return nil, "", fmt.Errorf("the key's use is %.40q: it is not for encryption", use)
	}
	if err := o.checkOperations(); err != nil {
		return nil, "", err
	}
	if id, _, err = o.text("kid"); err != nil {
		return nil, "", err
	}
	if len(id) > maxKeyID {
		return nil, "", errors.New("kid is too long")
	}
	return o, id, nil
}

func (p pair) kty() string {
	switch p.key {
	case Direct:
		return "oct"
	case RSAOAEP256:
		return "RSA"
	default:
		return "EC"
	}
}

// checkOperations holds key_ops to encryption (RFC 7517 §4.3).
func (o object) checkOperations() error {
	raw, present := o["key_ops"]
	if !present {
		return nil
	}
	var operations []string
	if err := json.Unmarshal(raw, &operations); err != nil || operations == nil {
		return errors.New("key_ops is not a list of strings")
	}
	for _, operation := range operations {
		if !slices.Contains([]string{"encrypt", "decrypt", "wrapKey", "unwrapKey", "deriveKey", "deriveBits"}, operation) {
			return fmt.Errorf("key_ops names %.40q: the key is not for encryption alone", operation)
		}
	}
	return nil
}

// material is the key as one for signatures, in which form durward reads and checks it.
func (o object) material() ([]byte, error) {
	alg := json.RawMessage(`"RS256"`)
	if crv, present := o["crv"]; present {
		switch {
		case bytes.Equal(crv, []byte(`"P-256"`)):
			alg = json.RawMessage(`"ES256"`)
		case bytes.Equal(crv, []byte(`"P-384"`)):
			alg = json.RawMessage(`"ES384"`)
		case bytes.Equal(crv, []byte(`"P-521"`)):
			alg = json.RawMessage(`"ES512"`)
		default:
			return nil, errors.New("the key's curve is not P-256, P-384 or P-521")
		}
	}
	material := object{"alg": alg}
	for name, value := range o {
		if !slices.Contains([]string{"alg", "use", "key_ops", "kid"}, name) {
			material[name] = value
		}
	}
	return json.Marshal(material)
}

// MarshalJWK returns the public key as a JSON Web Key with "use", "alg" and "kid". For [Direct] it is an error: there is no
// public part.
func (k *EncryptionKey) MarshalJWK() ([]byte, error) {
	if k.key == Direct {
		return nil, errors.New("marshal key: a shared secret has no public part")
	}
	return k.marshal(k.public)
}

// MarshalPrivateJWK returns the private or secret key as a JSON Web Key. Keep it secret.
func (k *DecryptionKey) MarshalPrivateJWK() ([]byte, error) { return k.public.marshal(k.private) }

func (k *EncryptionKey) marshal(key any) ([]byte, error) {
	text, err := jose.JSONWebKey{Key: key, KeyID: k.id, Algorithm: string(k.pair.key), Use: "enc"}.MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("marshal key: %w", err)
	}
	return text, nil
}
