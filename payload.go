package durward

import (
	"context"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/durward-auth/durward/internal/jws"
)

// SignPayload makes a compact JWS (RFC 7515 §7.1) of any payload, for what is no access token: a status list, for
// one. The type becomes the "typ" header, by which a reader tells it from other kinds; it is required, and so is a
// payload, for a token without one reads as a detached signature (RFC 7515 appendix F).
// A key that cannot be had is an error under ErrUnavailable.
func SignPayload(ctx context.Context, keys SigningKeySource, typ string, payload []byte) (string, error) {
	if typ == "" || typ == InsecureNoType || !utf8.ValidString(typ) {
		return "", errors.New("sign payload: a type is required")
	}
	if len(payload) == 0 {
		return "", errors.New("sign payload: a payload is required")
	}
	key, err := keys.SigningKey(ctx)
	if err != nil {
		return "", fmt.Errorf("sign payload: %w: %w", ErrUnavailable, err)
	}
	if len(key.id) > maxKeyID || !utf8.ValidString(key.id) {
		return "", errBadKeyID
	}
	header := appendHeader(nil, key, typ)
	size := jws.EncodedLen(len(header)) + jws.EncodedLen(len(payload)) + jws.EncodedLen(key.usualSignature()) + 2
	token := jws.AppendEncoded(make([]byte, 0, size), header)
	token = jws.AppendEncoded(append(token, '.'), payload)
	signature, err := key.sign(nil, token)
	if err != nil {
		return "", fmt.Errorf("sign payload: %w", err)
	}
	return textOf(jws.AppendEncoded(append(token, '.'), signature)), nil
}

// VerifyPayload checks size, spelling, header, type, key and signature of a compact JWS, as a [Verifier] does, and
// returns the payload. It says nothing of what the payload means: issuer, audience and times are the
// caller's to check, so it is not for access tokens. The type is required; [InsecureNoType] is for a JWS that has none.
// The size is in bytes. The error is as that of [Verifier.Verify].
func VerifyPayload(ctx context.Context, keys KeySource, typ, token string, maxSize int) ([]byte, error) {
	signingInput, encodedHeader, encodedPayload, encodedSignature, err := jws.Split(token, maxSize)
	if err != nil || typ == "" {
		return nil, ErrTokenMalformed
	}
	from := newTrusted(Trust{Keys: keys, Types: []string{typ}})
	header, _, err := from.header(encodedHeader)
	if err != nil {
		return nil, err
	}
	key, err := from.key(ctx, header)
	if err != nil {
		return nil, err
	}
	if err := checkSignature(key, signingInput, encodedSignature, nil); err != nil {
		return nil, err
	}
	payload, err := jws.AppendDecoded(make([]byte, 0, jws.DecodedLen(len(encodedPayload))), encodedPayload)
	if err != nil {
		return nil, ErrTokenMalformed
	}
	return payload, nil
}
