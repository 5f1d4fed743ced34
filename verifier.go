package durward

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
	"unsafe"

	"github.com/durward-auth/durward/internal/jws"
	"github.com/durward-auth/durward/revocation"
)

// A Verifier checks tokens. It is immutable and safe for concurrent use.
type Verifier struct {
	config Config
	cache  *cache              // nil if off
	sole   *trusted            // the only issuer, or nil
	table  map[string]*trusted // several issuers by name, or nil
	work   sync.Pool           // of *workspace
}

// NewVerifier checks the configuration and reports all of its problems together. The fields that
// concern only guards (Locations, Identify, OnRefuse) are not used.
func NewVerifier(c Config) (*Verifier, error) {
	c, err := c.checked()
	if err != nil {
		return nil, err
	}
	return newVerifier(c), nil
}

func newVerifier(c Config) *Verifier {
	v := &Verifier{
		config: c,
		work:   sync.Pool{New: func() any { return new(workspace) }},
	}
	v.sole, v.table = trustedBy(&c)
	if c.CacheBytes > 0 {
		v.cache = newCache(c.CacheBytes)
	}
	return v
}

// Verify checks a compact token (RFC 7515 §7.1, RFC 7519 §7.2, RFC 8725, RFC 9068 §4) and
// returns its claims. The error is under ErrToken when the token is refused and under
// ErrUnavailable when it cannot be judged now; the claims are zero then.
//
// The order is fixed: size, [Config].Unwrap, alphabet, header, type, key, signature, payload, issuer, audience, times,
// revocation. No claim is read before the signature has been found right.
//
// With several issuers (Config.AlsoTrust) the payload comes first: "iss" alone is read from it, once all of it has
// passed the strict scan, to select among the issuers of the configuration. One that is not among them is
// refused with ErrTokenIssuer, and nothing is fetched for it. From there on only the selected issuer's types, keys
// and audience count, in the order above.
func (v *Verifier) Verify(ctx context.Context, token string) (claims Claims, err error) {
	if len(token) > v.config.MaxTokenSize {
		return Claims{}, ErrTokenMalformed
	}
	if v.config.Unwrap != nil {
		if token, err = v.unwrap(ctx, token); err != nil {
			return Claims{}, err
		}
	}
	now := v.config.Clock()
	if v.cache != nil {
		if entry := v.cache.get(token); entry != nil && v.stillKnown(ctx, entry) {
			if err := v.checkCurrent(ctx, &entry.claims, now); err != nil {
				return Claims{}, err
			}
			return entry.claims, nil
		}
	}
	key, err := v.verify(ctx, token, now, false, &claims)
	if err != nil {
		return Claims{}, err
	}
	if v.cache != nil {
		v.cache.put(token, claims, key, now)
	}
	if err := v.checkRevocation(ctx, &claims); err != nil {
		return Claims{}, err
	}
	return claims, nil
}

// unwrap takes a token out of its encryption. Whatever it returns is a token as any other: what it was in
// proves nothing about who made it.
func (v *Verifier) unwrap(ctx context.Context, token string) (string, error) {
	inner, err := v.config.Unwrap(ctx, token)
	switch {
	case err == nil && len(inner) > v.config.MaxTokenSize:
		return "", ErrTokenMalformed
	case err == nil:
		return inner, nil
	case errors.Is(err, ErrToken), errors.Is(err, ErrUnavailable):
		return "", err
	default:
		return "", fmt.Errorf("%w: unwrap the token: %w", ErrUnavailable, err)
	}
}

// VerifyForLogout checks everything but the expiry and the revocation. It serves one purpose: a logout
// must end the session of a token that has just expired, and say yes again for one that has
// ended. Let nothing else in by it.
func (v *Verifier) VerifyForLogout(ctx context.Context, token string) (claims Claims, err error) {
	if len(token) > v.config.MaxTokenSize {
		return Claims{}, ErrTokenMalformed
	}
	if v.config.Unwrap != nil {
		if token, err = v.unwrap(ctx, token); err != nil {
			return Claims{}, err
		}
	}
	if _, err := v.verify(ctx, token, v.config.Clock(), true, &claims); err != nil {
		return Claims{}, err
	}
	return claims, nil
}

// stillKnown says whether the key that checked a cached token is still the one to check it.
func (v *Verifier) stillKnown(ctx context.Context, entry *cacheEntry) bool {
	from := v.sole
	if from == nil {
		from = v.table[entry.claims.Issuer]
	}
	key, err := from.Keys.Lookup(ctx, entry.key.algorithm, entry.key.id)
	return err == nil && key == entry.key
}

// checkCurrent repeats what can change between two sights of one token.
func (v *Verifier) checkCurrent(ctx context.Context, c *Claims, now time.Time) error {
	if err := v.checkTimes(c, now); err != nil {
		return err
	}
	return v.checkRevocation(ctx, c)
}

func (v *Verifier) checkRevocation(ctx context.Context, c *Claims) error {
	if v.config.Revocation == nil {
		return nil
	}
	err := v.config.Revocation(ctx, *c)
	if err == nil || errors.Is(err, ErrToken) || errors.Is(err, ErrUnavailable) {
		return err
	}
	return fmt.Errorf("%w: check revocation: %w", ErrUnavailable, err)
}

// verify does everything but the look at the revocations, and on wish without the one at the expiry.
// It fills zero claims in place, and what an error leaves of them is not to be used.
func (v *Verifier) verify(ctx context.Context, token string, now time.Time, expired bool, claims *Claims) (*VerificationKey, error) {
	if key, done, err := v.verifyFamiliar(ctx, token, now, expired, claims); done {
		return key, err
	}
	signingInput, encodedHeader, encodedPayload, encodedSignature, err := jws.Split(token, v.config.MaxTokenSize)
	if err != nil {
		return nil, ErrTokenMalformed
	}
	from := v.sole
	if from == nil {
		if from, err = v.trustedFor(encodedPayload); err != nil {
			return nil, err
		}
	}
	header, familiar, err := from.header(encodedHeader)
	if err != nil {
		return nil, err
	}
	key, err := from.key(ctx, header)
	if err != nil {
		return nil, err
	}
	if err := v.checkSignature(key, signingInput, encodedSignature); err != nil {
		return nil, err
	}
	if !familiar {
		from.remember(encodedHeader, header)
	}
	payload, err := jws.AppendDecoded(make([]byte, 0, jws.DecodedLen(len(encodedPayload))), encodedPayload)
	if err != nil {
		return nil, ErrTokenMalformed
	}
	if err := v.readClaims(claims, textOf(payload), from, key, now, expired); err != nil {
		return nil, err
	}
	return key, nil
}

// readClaims reads a payload whose signature was right, and checks what it says.
func (v *Verifier) readClaims(claims *Claims, payload string, from *trusted, key *VerificationKey, now time.Time, expired bool) error {
	if err := claims.parse(payload); err != nil {
		return err
	}
	claims.KeyID = key.id
	err := v.checkClaims(claims, from, now)
	if expired && err == ErrTokenExpired {
		return nil
	}
	return err
}

// verifyFamiliar is verify for a token whose header is known. Signature and payload are decoded into
// reused memory at the start, which checks their alphabet on the way. It is not done, and has refused
// nothing, if anything about the token's spelling or its issuer is wrong: verify knows in which order to say so.
func (v *Verifier) verifyFamiliar(ctx context.Context, token string, now time.Time, expired bool, claims *Claims) (key *VerificationKey, done bool, err error) {
	signingInput, encodedHeader, encodedPayload, encodedSignature, ok := jws.Cut(token, v.config.MaxTokenSize)
	if !ok || len(encodedSignature) > jws.EncodedLen(maxSignature) {
		return nil, false, nil
	}
	from, header := v.sole, jws.Header{}
	if from != nil {
		if header, ok = (*from.headers.Load())[encodedHeader]; !ok {
			return nil, false, nil
		}
	}
	work := v.work.Get().(*workspace)
	defer v.work.Put(work)
	signature, err := jws.AppendDecoded(work.signature[:0], encodedSignature)
	if err != nil {
		return nil, false, nil
	}
	payload, err := jws.AppendDecoded(work.payload[:0], encodedPayload)
	if err != nil {
		return nil, false, nil
	}
	work.payload = payload
	if from == nil {
		if from, err = v.issuerOf(textOf(payload)); err != nil {
			return nil, false, nil
		}
		if header, ok = (*from.headers.Load())[encodedHeader]; !ok {
			return nil, false, nil
		}
	}
	if key, err = from.key(ctx, header); err != nil {
		return nil, true, err
	}
	if !key.verify(bytesOf(signingInput), signature) {
		return nil, true, ErrTokenSignature
	}
	if err := v.readClaims(claims, string(payload), from, key, now, expired); err != nil {
		return nil, true, err
	}
	return key, true, nil
}

// workspace is memory that one verification after the other uses.
type workspace struct {
	signature [maxSignature + maxWork]byte
	payload   []byte
}

func (v *Verifier) checkSignature(key *VerificationKey, signingInput, encoded string) error {
	work := v.work.Get().(*workspace)
	defer v.work.Put(work)
	return checkSignature(key, signingInput, encoded, work.signature[:0])
}

// checkSignature decodes the signature into scratch memory.
func checkSignature(key *VerificationKey, signingInput, encoded string, scratch []byte) error {
	if len(encoded) > jws.EncodedLen(maxSignature) {
		return checkLongSignature(key, signingInput, encoded)
	}
	signature, err := jws.AppendDecoded(scratch, encoded)
	if err != nil {
		return ErrTokenMalformed
	}
	if !key.verify(bytesOf(signingInput), signature) {
		return ErrTokenSignature
	}
	return nil
}

// header reads a header and checks its type. Headers under which a signature was right before are remembered:
// an issuer writes very few, and an attacker cannot add to them.
func (t *trusted) header(encoded string) (h jws.Header, familiar bool, err error) {
	if h, ok := (*t.headers.Load())[encoded]; ok {
		return h, true, nil
	}
	if len(encoded) > jws.EncodedLen(maxHeader) {
		return jws.Header{}, false, ErrTokenHeader
	}
	decoded, err := jws.AppendDecoded(make([]byte, 0, jws.DecodedLen(len(encoded))), encoded)
	if err != nil {
		return jws.Header{}, false, ErrTokenMalformed
	}
	h, err = jws.ParseHeader(textOf(decoded))
	if err != nil {
		return jws.Header{}, false, fmt.Errorf("%w: %w", ErrTokenHeader, err)
	}
	if !t.accepts(h) {
		return jws.Header{}, false, ErrTokenType
	}
	return h, false, nil
}

func (t *trusted) accepts(h jws.Header) bool {
	for _, accepted := range t.Types {
		if accepted == InsecureNoType && !h.HasType || accepted != InsecureNoType && jws.MatchType(h.Type, accepted) {
			return true
		}
	}
	return false
}

// maxHeader bounds the decoded header, in bytes: what a token that is no token may cost in memory.
const maxHeader = 3 << 10

// maxHeaders bounds how many headers of one issuer are remembered.
const maxHeaders = 64

func (t *trusted) remember(encoded string, h jws.Header) {
	for {
		known := t.headers.Load()
		if len(*known) >= maxHeaders {
			return
		}
		grown := make(map[string]jws.Header, len(*known)+1)
		for text, header := range *known {
			grown[text] = header
		}
		// The key must not keep the whole token alive.
		grown[string([]byte(encoded))] = h
		if t.headers.CompareAndSwap(known, &grown) {
			return
		}
	}
}

func (t *trusted) key(ctx context.Context, h jws.Header) (*VerificationKey, error) {
	key, err := t.Keys.Lookup(ctx, Algorithm(h.Algorithm), h.KeyID)
	switch {
	case err == nil && key != nil && string(key.algorithm) == h.Algorithm && key.id == h.KeyID:
		return key, nil
	case errors.Is(err, ErrTokenRevoked):
		return nil, revokedAs[revocation.Key]
	case err == nil, errors.Is(err, ErrToken):
		return nil, ErrTokenKey
	case errors.Is(err, ErrUnavailable):
		return nil, err
	default:
		return nil, fmt.Errorf("%w: find the key: %w", ErrUnavailable, err)
	}
}

// bytesOf and textOf look at the same memory without a copy. Both sides are only read.
func bytesOf(text string) []byte   { return unsafe.Slice(unsafe.StringData(text), len(text)) }
func textOf(decoded []byte) string { return unsafe.String(unsafe.SliceData(decoded), len(decoded)) }
