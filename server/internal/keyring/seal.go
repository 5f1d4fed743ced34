package keyring

import (
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/chacha20poly1305"
)

// sealPrefix names the envelope: XChaCha20-Poly1305 under the key derived for "signing keys", a
// random nonce of 24 bytes in front, and the kid as associated data, so that two rows cannot
// be exchanged.
const sealPrefix = "x1."

type sealer struct{ aead cipher.AEAD }

func newSealer(m Master) (sealer, error) {
	aead, err := chacha20poly1305.NewX(m.Derive("signing keys"))
	if err != nil {
		return sealer{}, fmt.Errorf("keyring: %w", err)
	}
	return sealer{aead}, nil
}

func (s sealer) seal(kid string, secret []byte) string {
	nonce := make([]byte, s.aead.NonceSize(), s.aead.NonceSize()+len(secret)+s.aead.Overhead())
	rand.Read(nonce)
	return sealPrefix + base64.RawURLEncoding.EncodeToString(s.aead.Seal(nonce, nonce, secret, []byte(kid)))
}

// open returns ErrMasterWrong for whatever was not sealed under this master key for this kid.
func (s sealer) open(kid, sealed string) ([]byte, error) {
	encoded, ok := strings.CutPrefix(sealed, sealPrefix)
	if !ok {
		return nil, fmt.Errorf("the signing key %s is sealed in a way that this version does not know", kid)
	}
	envelope, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	if err != nil || len(envelope) < s.aead.NonceSize() {
		return nil, fmt.Errorf("the signing key %s: %w", kid, ErrMasterWrong)
	}
	nonce, box := envelope[:s.aead.NonceSize()], envelope[s.aead.NonceSize():]
	secret, err := s.aead.Open(nil, nonce, box, []byte(kid))
	if err != nil {
		return nil, fmt.Errorf("the signing key %s: %w", kid, ErrMasterWrong)
	}
	return secret, nil
}
