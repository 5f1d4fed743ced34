package keyring

import (
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/chacha20poly1305"
)

// sealPrefix names the envelope: XChaCha20-Poly1305 under the key derived for "signing keys", a
// random nonce of 24 bytes in front, and the name of the row as associated data, so that two rows cannot
// be exchanged.
const sealPrefix = "x1."

// lock seals and opens under one master key.
type lock struct {
	id   string // Master.ID
	aead cipher.AEAD
}

func newLock(m Master) (*lock, error) {
	aead, err := chacha20poly1305.NewX(m.derive("signing keys"))
	if err != nil {
		return nil, fmt.Errorf("keyring: %w", err)
	}
	return &lock{m.ID(), aead}, nil
}

func (l *lock) seal(name string, secret []byte) string {
	nonce := make([]byte, l.aead.NonceSize(), l.aead.NonceSize()+len(secret)+l.aead.Overhead())
	rand.Read(nonce)
	return sealPrefix + base64.RawURLEncoding.EncodeToString(l.aead.Seal(nonce, nonce, secret, []byte(name)))
}

// open returns ErrMasterWrong for whatever was not sealed under this master key for this name.
func (l *lock) open(name, sealed string) ([]byte, error) {
	encoded, ok := strings.CutPrefix(sealed, sealPrefix)
	if !ok {
		return nil, errors.New("sealed in a way that this version does not know")
	}
	envelope, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	if err != nil || len(envelope) < l.aead.NonceSize() {
		return nil, ErrMasterWrong
	}
	nonce, box := envelope[:l.aead.NonceSize()], envelope[l.aead.NonceSize():]
	secret, err := l.aead.Open(nil, nonce, box, []byte(name))
	if err != nil {
		return nil, ErrMasterWrong
	}
	return secret, nil
}
