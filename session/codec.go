package session

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
)

const (
	// TokenPrefix begins every refresh token, so that secret scanners find one.
	// The whole shape is
	//
	//	drt_[A-Za-z0-9_-]{1,64}\.[0-9]{1,19}\.[A-Za-z0-9_-]{43}
	TokenPrefix = "drt_"

	// MaxTokenLen is the length in bytes of the longest refresh token.
	MaxTokenLen = len(TokenPrefix) + maxIDLen + 1 + maxGenerationLen + 1 + tagLen

	// MinKeyLen is the length in bytes of the shortest key of a [Codec].
	MinKeyLen = 32

	maxIDLen         = 64
	maxGenerationLen = 19
	tagLen           = 43 // SHA-256 in base64url without padding

	domain = "durward refresh token v1"
)

// Codec makes and reads refresh tokens. A refresh token is a deterministic
// function of (session, generation) under the codec's key: the HMAC-SHA-256
// (RFC 2104) of both, written beside them in the one ASCII spelling that
// [Codec.Parse] accepts. A Codec is immutable and safe for concurrent use, and
// it prints as [secret].
type Codec struct {
	key   []byte
	party string
}

// NewCodec returns a codec for key, which has at least [MinKeyLen] random
// bytes, is copied, and must not be kept where the sessions are kept.
func NewCodec(key []byte) (*Codec, error) {
	if len(key) < MinKeyLen {
		return nil, fmt.Errorf("session: key has %d bytes, needs at least %d", len(key), MinKeyLen)
	}
	return &Codec{key: append([]byte(nil), key...)}, nil
}

// Bind returns a codec whose tokens belong to one party: a client id (RFC 6749
// section 6) or the thumbprint of a DPoP key (RFC 9449). Presented by any other
// party a token is [ErrInvalid], and its session is untouched. Binding again
// replaces the party; the empty party is the unbound codec.
func (c *Codec) Bind(party string) *Codec {
	return &Codec{key: c.key, party: party}
}

// Token returns the refresh token of a session's generation. It is the empty
// string, which is no token, for a session id that [ValidID] refuses and for a
// negative generation.
func (c *Codec) Token(sessionID string, generation int64) string {
	if !ValidID(sessionID) || generation < 0 {
		return ""
	}
	var buf [MaxTokenLen]byte
	return string(c.appendToken(buf[:0], sessionID, generation))
}

// Parse returns the session and the generation that token was made for, or
// [ErrInvalid] for every byte sequence that [Codec.Token] did not make: it
// accepts only what Token would write, byte for byte, compared in constant
// time. Its cost does not depend on the length of an oversized token.
func (c *Codec) Parse(token string) (sessionID string, generation int64, err error) {
	if len(token) > MaxTokenLen {
		return "", 0, ErrInvalid
	}
	rest, ok := strings.CutPrefix(token, TokenPrefix)
	if !ok {
		return "", 0, ErrInvalid
	}
	sessionID, rest, ok = strings.Cut(rest, ".")
	if !ok || !ValidID(sessionID) {
		return "", 0, ErrInvalid
	}
	number, _, ok := strings.Cut(rest, ".")
	if !ok {
		return "", 0, ErrInvalid
	}
	generation, err = strconv.ParseInt(number, 10, 64)
	if err != nil || generation < 0 {
		return "", 0, ErrInvalid
	}
	var want, got [MaxTokenLen]byte
	made := c.appendToken(want[:0], sessionID, generation)
	if subtle.ConstantTimeCompare(got[:copy(got[:], token)], made) != 1 {
		return "", 0, ErrInvalid
	}
	return sessionID, generation, nil
}

// String returns [secret].
func (c Codec) String() string { return redacted }

// Format writes [secret], whatever the verb.
func (c Codec) Format(f fmt.State, _ rune) { io.WriteString(f, redacted) }

// LogValue returns [secret].
func (c Codec) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns [secret].
func (c Codec) MarshalText() ([]byte, error) { return []byte(redacted), nil }

func (c *Codec) appendToken(dst []byte, sessionID string, generation int64) []byte {
	tag := c.tag(sessionID, generation)
	dst = append(dst, TokenPrefix...)
	dst = append(dst, sessionID...)
	dst = append(dst, '.')
	dst = strconv.AppendInt(dst, generation, 10)
	dst = append(dst, '.')
	return base64.RawURLEncoding.AppendEncode(dst, tag[:])
}

// tag authenticates domain, party, session and generation. Each part of
// variable length follows its own length, so no two inputs share an encoding.
func (c *Codec) tag(sessionID string, generation int64) (tag [sha256.Size]byte) {
	var message []byte
	for _, part := range []string{domain, c.party, sessionID} {
		message = binary.BigEndian.AppendUint64(message, uint64(len(part)))
		message = append(message, part...)
	}
	message = binary.BigEndian.AppendUint64(message, uint64(generation))
	mac := hmac.New(sha256.New, c.key)
	mac.Write(message)
	mac.Sum(tag[:0])
	return tag
}

// NewID returns a new session id: 128 random bits in base64url, 22 characters.
func NewID() string {
	var id [16]byte
	rand.Read(id[:])
	return base64.RawURLEncoding.EncodeToString(id[:])
}

// ValidID reports whether id can be a session id: 1 to 64 characters of
// A–Z a–z 0–9 _ and -.
func ValidID(id string) bool {
	if len(id) == 0 || len(id) > maxIDLen {
		return false
	}
	for i := range len(id) {
		switch b := id[i]; {
		case 'A' <= b && b <= 'Z', 'a' <= b && b <= 'z', '0' <= b && b <= '9', b == '_', b == '-':
		default:
			return false
		}
	}
	return true
}
