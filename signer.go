package durward

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/durward-auth/durward/internal/jws"
	"github.com/durward-auth/durward/internal/strictjson"
)

// A SigningKeySource gives the key that signs now. A single [SigningKey] is one.
type SigningKeySource interface {
	SigningKey(context.Context) (*SigningKey, error)
}

// SignerConfig says what a [Signer] writes into tokens. Issuer, Audience and Key are required.
type SignerConfig struct {
	Issuer   string           // iss
	Audience string           // aud, unless the claims name others
	Key      SigningKeySource // a *SigningKey, or a source that rotates
	// TTL is the lifetime of a token whose claims set no ExpiresAt. The default is 15 minutes, the
	// most 24 hours.
	TTL time.Duration
	// Type is the "typ" header. The default is "at+jwt" (RFC 9068 §2.1).
	Type string
	// Clock tells the time. The default is time.Now.
	Clock func() time.Time
}

// A Signer makes tokens. It is immutable and safe for concurrent use.
type Signer struct {
	config  SignerConfig
	known   atomic.Pointer[knownHeader]
	scratch sync.Pool // of *[maxSignature]byte
}

const defaultTTL = 15 * time.Minute

// maxKeyID is the longest kid that is written, in bytes.
const maxKeyID = 255

var errBadKeyID = errors.New("sign: the key id must be UTF-8 of at most 255 bytes")

// NewSigner checks the configuration and reports all of its problems together.
func NewSigner(c SignerConfig) (*Signer, error) {
	var problems []error
	require := func(ok bool, problem string) {
		if !ok {
			problems = append(problems, errors.New(problem))
		}
	}
	require(c.Issuer != "" && utf8.ValidString(c.Issuer), "Issuer is required and must be UTF-8")
	require(c.Audience != "" && utf8.ValidString(c.Audience), "Audience is required and must be UTF-8")
	require(c.Key != nil, "Key is required")
	require(c.TTL >= 0 && c.TTL <= defaultMaxLifetime, "TTL must be between a second and 24 hours")
	require(c.TTL == 0 || c.TTL >= time.Second, "TTL is shorter than a second")
	require(utf8.ValidString(c.Type) && c.Type != InsecureNoType, "Type must be a media type in UTF-8")
	if len(problems) > 0 {
		return nil, fmt.Errorf("durward: %w", errors.Join(problems...))
	}
	if c.TTL == 0 {
		c.TTL = defaultTTL
	}
	if c.Type == "" {
		c.Type = "at+jwt"
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	return &Signer{config: c, scratch: sync.Pool{New: func() any { return new([maxSignature]byte) }}}, nil
}

// TTL is the lifetime of a token whose claims set no ExpiresAt.
func (s *Signer) TTL() time.Duration { return s.config.TTL }

// Sign makes a token in compact form (RFC 7515 §7.1) and returns it with its expiry.
//
// The signer sets iss, iat and, unless the claims bring their own, aud, exp and a jti of 130 random
// bits. Each private value is a struct or a map that marshals to a JSON object; its
// members are added to the payload. A member with the name of a registered claim, or one that
// occurs twice, is refused with ErrReservedClaim: nothing is overridden unnoticed. A key that
// cannot be had is an error under ErrUnavailable.
func (s *Signer) Sign(ctx context.Context, c Claims, private ...any) (string, time.Time, error) {
	key, err := s.config.Key.SigningKey(ctx)
	if err != nil {
		return "", time.Time{}, fmt.Errorf("sign token: %w: %w", ErrUnavailable, err)
	}
	header, err := s.header(key)
	if err != nil {
		return "", time.Time{}, err
	}
	now := s.config.Clock()
	if c.Issuer != "" && c.Issuer != s.config.Issuer {
		return "", time.Time{}, fmt.Errorf("sign token: the issuer is set by the signer: %w", ErrReservedClaim)
	}
	if c.ExpiresAt.IsZero() {
		c.ExpiresAt = now.Add(s.config.TTL)
	}
	c.ExpiresAt = c.ExpiresAt.Truncate(time.Second)
	if !c.ExpiresAt.After(now) || c.ExpiresAt.Sub(now) > defaultMaxLifetime {
		return "", time.Time{}, fmt.Errorf("sign token: it would expire at %v, which is not within 24 hours of now", c.ExpiresAt)
	}
	c.Issuer, c.IssuedAt = s.config.Issuer, now
	if c.ID == "" {
		c.ID = rand.Text()
	}
	var stack [1024]byte
	payload, err := s.appendPayload(stack[:0], &c, private)
	if err != nil {
		return "", time.Time{}, fmt.Errorf("sign token: %w", err)
	}
	size := len(header) + jws.EncodedLen(len(payload)) + jws.EncodedLen(key.usualSignature()) + 1
	token := append(make([]byte, 0, size), header...)
	token = jws.AppendEncoded(token, payload)
	scratch := s.scratch.Get().(*[maxSignature]byte)
	defer s.scratch.Put(scratch)
	signature, err := key.sign(scratch[:0], token)
	if err != nil {
		return "", time.Time{}, fmt.Errorf("sign token: %w", err)
	}
	token = jws.AppendEncoded(append(token, '.'), signature)
	return textOf(token), c.ExpiresAt, nil
}

// knownHeader is the header that was written last: it changes with the key alone.
type knownHeader struct {
	algorithm Algorithm
	id        string
	text      string // encoded, with the dot behind it
}

// header returns the encoded header and its dot.
func (s *Signer) header(key *SigningKey) (string, error) {
	if known := s.known.Load(); known != nil && known.algorithm == key.algorithm && known.id == key.id {
		return known.text, nil
	}
	if len(key.id) > maxKeyID || !utf8.ValidString(key.id) {
		return "", errBadKeyID
	}
	text := string(jws.AppendEncoded(nil, appendHeader(nil, key, s.config.Type))) + "."
	s.known.Store(&knownHeader{key.algorithm, key.id, text})
	return text, nil
}

func appendHeader(b []byte, key *SigningKey, typ string) []byte {
	b = append(b, `{"alg":"`...)
	b = append(b, key.algorithm...)
	b = appendText(append(b, `","typ":`...), typ)
	if key.id != "" {
		b = appendText(append(b, `,"kid":`...), key.id)
	}
	return append(b, '}')
}

func (s *Signer) appendPayload(b []byte, c *Claims, private []any) ([]byte, error) {
	if err := checkSigned(c); err != nil {
		return nil, err
	}
	b = appendText(append(b, `{"iss":`...), c.Issuer)
	if c.Subject != "" {
		b = appendText(append(b, `,"sub":`...), c.Subject)
	}
	b = append(b, `,"aud":`...)
	switch {
	case len(c.Audience) == 0:
		b = appendText(b, s.config.Audience)
	case len(c.Audience) == 1:
		b = appendText(b, c.Audience[0])
	default:
		b = appendList(b, c.Audience)
	}
	b = appendDate(b, `,"exp":`, c.ExpiresAt)
	b = appendDate(b, `,"nbf":`, c.NotBefore)
	b = appendDate(b, `,"iat":`, c.IssuedAt)
	b = appendText(append(b, `,"jti":`...), c.ID)
	if c.ClientID != "" {
		b = appendText(append(b, `,"client_id":`...), c.ClientID)
	}
	if c.SessionID != "" {
		b = appendText(append(b, `,"sid":`...), c.SessionID)
	}
	if c.Version != 0 {
		b = strconv.AppendInt(append(b, `,"ver":`...), c.Version, 10)
	}
	b = appendDate(b, `,"auth_time":`, c.AuthTime)
	if c.AMR != nil {
		b = appendList(append(b, `,"amr":`...), c.AMR)
	}
	if c.Username != "" {
		b = appendText(append(b, `,"username":`...), c.Username)
	}
	if c.Roles != nil {
		b = appendList(append(b, `,"roles":`...), c.Roles)
	}
	if c.Scopes != nil {
		b = append(b, `,"scope":"`...)
		for i, scope := range c.Scopes {
			if i > 0 {
				b = append(b, ' ')
			}
			b = append(b, scope...)
		}
		b = append(b, '"')
	}
	if c.Status.URI != "" {
		b = strconv.AppendInt(append(b, `,"status":{"status_list":{"idx":`...), c.Status.Index, 10)
		b = append(appendText(append(b, `,"uri":`...), c.Status.URI), "}}"...)
	}
	b, err := appendPrivate(b, private)
	if err != nil {
		return nil, err
	}
	return append(b, '}'), nil
}

// checkSigned refuses claims that a verifier would refuse, or read in another way.
func checkSigned(c *Claims) error {
	for _, text := range [...]string{c.Subject, c.ID, c.ClientID, c.SessionID, c.Username, c.Status.URI} {
		if !utf8.ValidString(text) {
			return errors.New("a claim is not UTF-8")
		}
	}
	if len(c.Subject) > maxSubject {
		return fmt.Errorf("the subject has %d bytes, it may have %d", len(c.Subject), maxSubject)
	}
	if c.Status.Index < 0 || c.Status.URI == "" && c.Status.Index != 0 || len(c.Status.URI) > maxStatusURI {
		return fmt.Errorf("the status needs an index from 0 and a URI of at most %d bytes", maxStatusURI)
	}
	for _, list := range [...][]string{c.Audience, c.AMR, c.Roles, c.Scopes} {
		if len(list) > maxList {
			return fmt.Errorf("a list has %d elements, it may have %d", len(list), maxList)
		}
	}
	for _, list := range [...][]string{c.Audience, c.AMR, c.Roles} {
		for _, text := range list {
			if !utf8.ValidString(text) {
				return errors.New("an element of a list is not UTF-8")
			}
		}
	}
	for _, scope := range c.Scopes {
		if !validScopeToken(scope) {
			return fmt.Errorf("the scope %q is not a scope token (RFC 6749 §3.3)", scope)
		}
	}
	for _, date := range [...]time.Time{c.ExpiresAt, c.NotBefore, c.IssuedAt, c.AuthTime} {
		if !date.IsZero() && (date.Unix() < 1 || date.Unix() > maxNumericDate) {
			return fmt.Errorf("the time %v is not between 1970 and 9999", date)
		}
	}
	return nil
}

// appendPrivate adds the members of the private values to an object that is still open.
func appendPrivate(b []byte, private []any) ([]byte, error) {
	seen := map[string]bool{}
	for _, value := range private {
		encoded, err := json.Marshal(value)
		if err != nil {
			return nil, fmt.Errorf("private claims: %w", err)
		}
		members, err := strictjson.AppendObject(nil, string(encoded), strictjson.Limits{})
		if err != nil {
			return nil, fmt.Errorf("private claims must be a JSON object: %w", err)
		}
		for _, m := range members {
			if registeredClaims[m.Name] || seen[m.Name] {
				return nil, fmt.Errorf("private claim %q: %w", m.Name, ErrReservedClaim)
			}
			seen[m.Name] = true
			b = appendText(append(b, ','), m.Name)
			b = append(append(b, ':'), m.Value.Raw()...)
		}
	}
	return b, nil
}

func appendDate(b []byte, name string, t time.Time) []byte {
	if t.IsZero() {
		return b
	}
	return strconv.AppendInt(append(b, name...), t.Unix(), 10)
}

func appendList(b []byte, texts []string) []byte {
	b = append(b, '[')
	for i, text := range texts {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendText(b, text)
	}
	return append(b, ']')
}

// appendText writes a JSON string (RFC 8259 §7). Text that is not UTF-8 gets U+FFFD in its place.
func appendText(b []byte, text string) []byte {
	b = append(b, '"')
	if isPlain(text) {
		return append(append(b, text...), '"')
	}
	plain := 0
	for i := 0; i < len(text); {
		c := text[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(text[i:])
			if r == utf8.RuneError && size == 1 {
				b = append(append(b, text[plain:i]...), "\uFFFD"...)
				plain = i + 1
			}
			i += size
			continue
		}
		b = append(b, text[plain:i]...)
		if c >= ' ' {
			b = append(b, '\\', c)
		} else {
			const hex = "0123456789abcdef"
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		i++
		plain = i
	}
	return append(append(b, text[plain:]...), '"')
}

// isPlain says whether each byte of text is ASCII that stands for itself in a JSON string. It looks at eight
// bytes at a time: a byte below ' ', equal to '"' or '\\', or above ASCII, leaves its high bit set.
func isPlain(text string) bool {
	const low, high = 0x0101010101010101, 0x8080808080808080
	for len(text) >= 8 {
		x := binary.LittleEndian.Uint64(bytesOf(text))
		if (((x^low*'"')-low)|((x^low*'\\')-low)|(x-low*' ')|x)&high != 0 {
			return false
		}
		text = text[8:]
	}
	for i := range len(text) {
		if c := text[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
