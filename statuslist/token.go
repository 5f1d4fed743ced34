package statuslist

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/internal/strictjson"
)

// MediaType is the media type of a list that is fetched (draft-ietf-oauth-status-list §8.1). Without "application/" it is
// the "typ" of its token.
const MediaType = "application/statuslist+jwt"

const tokenType = "statuslist+jwt"

// A Token is a list as it is published (draft-ietf-oauth-status-list §5.1). Times count in whole seconds.
type Token struct {
	URI       string        // sub: where the list is, as the tokens write it
	Issuer    string        // iss; may be empty
	IssuedAt  time.Time     // iat
	ExpiresAt time.Time     // exp; zero if absent
	TTL       time.Duration // ttl: how long a copy may be used before the list is fetched anew; zero if absent
	List      *List
}

type tokenPayload struct {
	Issuer    string `json:"iss,omitempty"`
	Subject   string `json:"sub"`
	IssuedAt  int64  `json:"iat"`
	ExpiresAt int64  `json:"exp,omitempty"`
	TTL       int64  `json:"ttl,omitempty"`
	List      struct {
		Bits int    `json:"bits"`
		List string `json:"lst"`
	} `json:"status_list"`
}

// Sign makes the token in compact form. It has no audience: every reader may have it.
func (t Token) Sign(ctx context.Context, keys durward.SigningKeySource) (string, error) {
	switch {
	case t.URI == "" || t.List == nil || t.IssuedAt.Unix() < 1:
		return "", errors.New("sign status list: URI, IssuedAt and List are required")
	case !t.ExpiresAt.IsZero() && !t.ExpiresAt.After(t.IssuedAt):
		return "", errors.New("sign status list: it would expire before it is issued")
	case t.TTL != 0 && t.TTL < time.Second:
		return "", errors.New("sign status list: the TTL is shorter than a second")
	}
	p := tokenPayload{Issuer: t.Issuer, Subject: t.URI, IssuedAt: t.IssuedAt.Unix(), TTL: int64(t.TTL / time.Second)}
	if !t.ExpiresAt.IsZero() {
		p.ExpiresAt = t.ExpiresAt.Unix()
	}
	var err error
	p.List.Bits = t.List.bits
	if p.List.List, err = t.List.Compress(); err != nil {
		return "", err
	}
	payload, err := json.Marshal(p)
	if err != nil {
		return "", fmt.Errorf("sign status list: %w", err)
	}
	return durward.SignPayload(ctx, keys, tokenType, payload)
}

// Verify checks the signature of a published list, with the keys of its issuer, and reads it. The list unpacks to at most
// limit bytes. Address, issuer and times are the caller's to check.
func Verify(ctx context.Context, keys durward.KeySource, token string, limit int) (Token, error) {
	payload, err := durward.VerifyPayload(ctx, keys, tokenType, token, largestToken(limit))
	if err != nil {
		return Token{}, err
	}
	return parsePayload(string(payload), limit)
}

// largestToken is how long the token of a list of so many bytes may be: base64url twice, for what does not compress.
func largestToken(limit int) int { return limit*2 + 64<<10 }

func parsePayload(payload string, limit int) (Token, error) {
	members, err := strictjson.AppendObject(nil, payload, strictjson.Limits{})
	if err != nil {
		return Token{}, fmt.Errorf("statuslist: %w", err)
	}
	var t Token
	for _, m := range members {
		ok := true
		switch m.Name {
		case "sub":
			t.URI, ok = m.Value.Text()
		case "iss":
			t.Issuer, ok = m.Value.Text()
		case "iat":
			t.IssuedAt, ok = date(m.Value)
		case "exp":
			t.ExpiresAt, ok = date(m.Value)
		case "ttl":
			t.TTL, ok = lifetime(m.Value)
		case "status_list":
			if t.List, err = listOf(m.Value, limit); err != nil {
				return Token{}, err
			}
		}
		if !ok {
			return Token{}, fmt.Errorf("statuslist: malformed %s", m.Name)
		}
	}
	if t.URI == "" || t.IssuedAt.IsZero() || t.List == nil {
		return Token{}, errors.New("statuslist: sub, iat or status_list are missing")
	}
	return t, nil
}

func listOf(v strictjson.Value, limit int) (*List, error) {
	members, _ := v.AppendMembers(nil)
	var bits int64
	var lst string
	for _, m := range members {
		switch m.Name {
		case "bits":
			bits, _ = m.Value.Int64()
		case "lst":
			lst, _ = m.Value.Text()
		}
	}
	if bits < 1 || bits > 8 {
		return nil, errBits
	}
	return Decompress(int(bits), lst, limit)
}

// date reads a NumericDate (RFC 7519 §2) between 1970 and 9999, and cuts its fraction off.
func date(v strictjson.Value) (time.Time, bool) {
	seconds, ok := v.Float64()
	if !ok || seconds < 1 || seconds > 253402300799 {
		return time.Time{}, false
	}
	return time.Unix(int64(seconds), 0), true
}

// lifetime reads a positive number of seconds; more than a year is a year.
func lifetime(v strictjson.Value) (time.Duration, bool) {
	const year = 365 * 24 * 3600
	seconds, ok := v.Float64()
	if !ok || seconds <= 0 {
		return 0, false
	}
	return time.Duration(math.Min(seconds, year) * float64(time.Second)), true
}
