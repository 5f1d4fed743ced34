package durward

import (
	"errors"
	"fmt"

	"github.com/durward-auth/durward/internal/jwk"
)

// ParsePrivatePEM reads one private key in PEM (PKCS#8, PKCS#1 or SEC1) and binds it to
// the algorithm.
func ParsePrivatePEM(algorithm Algorithm, pem []byte) (*SigningKey, error) {
	private, err := jwk.ParsePrivatePEM(pem)
	if err != nil {
		return nil, fmt.Errorf("parse private key: %w", err)
	}
	return NewSigningKey(algorithm, private)
}

// ParsePublicPEM reads one public key in PEM (PKIX or PKCS#1) and binds it to the algorithm.
func ParsePublicPEM(algorithm Algorithm, pem []byte) (*VerificationKey, error) {
	public, err := jwk.ParsePublicPEM(pem)
	if err != nil {
		return nil, fmt.Errorf("parse public key: %w", err)
	}
	return NewVerificationKey(algorithm, public)
}

// ParsePrivateJWK reads a private or secret key as a JSON Web Key (RFC 7517). The key must name its
// algorithm ("alg"), unless its type has only one; without a "kid" it has no key id. Keys of the further types are
// read as well.
func ParsePrivateJWK(data []byte, further ...KeyType) (*SigningKey, error) {
	parsed, err := parseJWK(data, further)
	if err != nil {
		return nil, err
	}
	if parsed.IsPublic() {
		return nil, errors.New("parse JWK: this is a public key, a private or secret one is needed")
	}
	if parsed.Further != nil {
		return furtherSigningKey(further, parsed)
	}
	algorithm, err := algorithmOf(parsed)
	if err != nil {
		return nil, fmt.Errorf("parse JWK: %w", err)
	}
	key, err := newSigningKey(algorithm, parsed.Material)
	if err != nil {
		return nil, err
	}
	return key.WithID(parsed.KeyID), nil
}

// ParsePublicJWK reads a public key as a JSON Web Key (RFC 7517); see [ParsePrivateJWK]. A private
// or secret key is refused: it has no business where a public one is expected.
func ParsePublicJWK(data []byte, further ...KeyType) (*VerificationKey, error) {
	parsed, err := parseJWK(data, further)
	if err != nil {
		return nil, err
	}
	if !parsed.IsPublic() {
		return nil, errors.New("parse JWK: this is a private or secret key, a public one is needed")
	}
	if parsed.Further != nil {
		return furtherVerificationKey(further, parsed)
	}
	algorithm, err := algorithmOf(parsed)
	if err != nil {
		return nil, fmt.Errorf("parse JWK: %w", err)
	}
	key, err := newVerificationKey(algorithm, parsed.Material)
	if err != nil {
		return nil, err
	}
	return key.WithID(parsed.KeyID), nil
}

func parseJWK(data []byte, further []KeyType) (jwk.Key, error) {
	types, err := furtherTypes(further)
	if err != nil {
		return jwk.Key{}, fmt.Errorf("parse JWK: %w", err)
	}
	parsed, err := jwk.Parse(data, types...)
	if err != nil {
		return jwk.Key{}, fmt.Errorf("parse JWK: %w", err)
	}
	return parsed, nil
}

func algorithmOf(key jwk.Key) (Algorithm, error) {
	if key.Algorithm != "" {
		return Algorithm(key.Algorithm), nil
	}
	if inferred, ok := jwk.Infer(key.Material); ok {
		return Algorithm(inferred), nil
	}
	return "", errors.New(`the key names no algorithm ("alg"), and its type allows several`)
}

// MarshalJWK returns the public key as a JSON Web Key (RFC 7517) with "use", "alg" and "kid".
// For an HMAC key it is an error: there is no public part.
func (k *VerificationKey) MarshalJWK() ([]byte, error) {
	return jwk.MarshalPublic(k.jwk())
}

// MarshalPEM returns the public key in PEM (PKIX). For an HMAC key it is an error.
func (k *VerificationKey) MarshalPEM() ([]byte, error) {
	if k.further != nil {
		return nil, fmt.Errorf("marshal key: a key of type %s has no PEM form here", k.further.Type)
	}
	if k.material.Public == nil {
		return nil, errors.New("marshal key: an HMAC key has no public part")
	}
	return jwk.MarshalPublicPEM(k.material.Public)
}

// MarshalPrivateJWK returns the private or secret key as a JSON Web Key. Keep it secret.
func (k *SigningKey) MarshalPrivateJWK() ([]byte, error) {
	if k.public.further != nil {
		return k.marshalFurther()
	}
	return jwk.MarshalPrivate(jwk.Key{
		Material: k.material, Algorithm: string(k.algorithm), Use: "sig",
		KeyID: k.id, HasKeyID: k.id != "",
	})
}

// MarshalPrivatePEM returns the private key in PEM (PKCS#8). Keep it secret. For an HMAC key
// it is an error.
func (k *SigningKey) MarshalPrivatePEM() ([]byte, error) {
	if further := k.public.further; further != nil {
		return nil, fmt.Errorf("marshal key: a key of type %s has no PEM form here", further.Type)
	}
	if k.material.Private == nil {
		return nil, errors.New("marshal key: an HMAC secret has no PEM form")
	}
	return jwk.MarshalPrivatePEM(k.material.Private)
}

func (k *VerificationKey) jwk() jwk.Key {
	return jwk.Key{
		Material: k.material, Further: k.further, Algorithm: string(k.algorithm), Use: "sig",
		KeyID: k.id, HasKeyID: k.id != "",
	}
}
