package oracle

import "encoding/base64"

// Base64 is bytes that stand in JSON as base64url without padding (RFC 7515 §2).
type Base64 []byte

// UnmarshalText reads base64url.
func (b *Base64) UnmarshalText(text []byte) error {
	decoded, err := Decode(string(text))
	*b = decoded
	return err
}

// Decode reads base64url without padding.
func Decode(text string) ([]byte, error) { return base64.RawURLEncoding.Strict().DecodeString(text) }
