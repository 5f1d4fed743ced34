package durward

import (
	"fmt"
	"strings"
	"time"

	"github.com/durward-auth/durward/internal/strictjson"
)

// maxNumericDate is the last second of the year 9999: a later date is a mistake or an attack.
const maxNumericDate = 253402300799

// maxList bounds aud, roles and scope: what a token says must be quick to look through.
const maxList = 256

// maxSubject bounds sub, in bytes.
const maxSubject = 255

// maxStatusURI bounds the address of a status list, in bytes.
const maxStatusURI = 2048

// registeredClaims are the names that only this package sets (RFC 7519 §4.1, RFC 9068 §2.2).
var registeredClaims = map[string]bool{
	"iss": true, "sub": true, "aud": true, "exp": true, "nbf": true, "iat": true, "jti": true,
	"client_id": true, "sid": true, "ver": true, "auth_time": true, "amr": true, "username": true, "roles": true,
	"scope": true, "cnf": true, "status": true,
}

// parse reads a payload whose signature was right into zero claims. Their strings are parts of it.
func (c *Claims) parse(payload string) error {
	var members strictjson.Members
	members.Start(payload, strictjson.Limits{})
	c.payload = payload
	var p claimsParser
	refused, wrong := "", false
	for m, ok := members.Next(); ok; m, ok = members.Next() {
		// A refused claim is not the reason before the syntax of all the rest is known to be right.
		if !wrong && !p.claim(c, m.Name, m.Value) {
			refused, wrong = m.Name, true
		}
	}
	if err := members.Err(); err != nil {
		return fmt.Errorf("%w: %w", ErrTokenMalformed, err)
	}
	if wrong {
		return refusedClaim(refused)
	}
	if c.ExpiresAt.IsZero() {
		return fmt.Errorf("%w: exp is missing", ErrTokenClaims)
	}
	return nil
}

type claimsParser struct {
	texts []string // backing of every list, so that one allocation mostly does
}

func refusedClaim(name string) error {
	if name == "cnf" {
		return ErrTokenBound
	}
	return fmt.Errorf("%w: %s", ErrTokenClaims, name)
}

// claim stores one claim and says whether its type was right. Claims without a meaning here pass.
func (p *claimsParser) claim(c *Claims, name string, v strictjson.Value) (ok bool) {
	switch name {
	case "iss":
		c.Issuer, ok = v.Text()
	case "sub":
		c.Subject, ok = v.Text()
		ok = ok && len(c.Subject) >= 1 && len(c.Subject) <= maxSubject
	case "aud":
		c.Audience, ok = p.audience(v)
	case "exp":
		c.ExpiresAt, ok = numericDate(v, false)
	case "nbf":
		c.NotBefore, ok = numericDate(v, true)
	case "iat":
		c.IssuedAt, ok = numericDate(v, false)
	case "jti":
		c.ID, ok = v.Text()
	case "client_id":
		c.ClientID, ok = v.Text()
	case "sid":
		c.SessionID, ok = v.Text()
	case "auth_time":
		c.AuthTime, ok = numericDate(v, false)
	case "amr":
		c.AMR, ok = p.list(v)
	case "roles":
		c.Roles, ok = p.list(v)
	case "scope":
		c.Scopes, ok = p.scopes(v)
	case "ver":
		// Other issuers write other things here. Zero is the lowest version: it is revoked first.
		c.Version, _ = v.Int64()
		ok = true
	case "username":
		c.Username, _ = v.Text()
		ok = true
	case "status":
		c.Status, ok = statusReference(v)
	case "cnf":
		ok = false
	default:
		ok = true
	}
	return ok
}

// statusReference reads the claim status (draft-ietf-oauth-status-list §6.1): an object with a member for each way in
// which the status can be learnt. Ways other than status_list are passed over.
func statusReference(v strictjson.Value) (r StatusReference, ok bool) {
	var buffer [8]strictjson.Member
	ways, ok := v.AppendMembers(buffer[:0])
	if !ok || len(ways) == 0 {
		return StatusReference{}, false
	}
	for _, way := range ways {
		if way.Name != "status_list" {
			continue
		}
		members, ok := way.Value.AppendMembers(nil)
		if !ok {
			return StatusReference{}, false
		}
		r.Index = -1
		for _, m := range members {
			switch m.Name {
			case "idx":
				if r.Index, ok = m.Value.Int64(); !ok || m.Value.Raw()[0] == '-' {
					return StatusReference{}, false
				}
			case "uri":
				if r.URI, ok = m.Value.Text(); !ok {
					return StatusReference{}, false
				}
			}
		}
		if r.URI == "" || len(r.URI) > maxStatusURI || r.Index < 0 {
			return StatusReference{}, false
		}
	}
	return r, true
}

func (p *claimsParser) audience(v strictjson.Value) ([]string, bool) {
	if single, ok := v.Text(); ok {
		from := p.grow(1)
		p.texts = append(p.texts, single)
		return p.cut(from), true
	}
	return p.list(v)
}

func (p *claimsParser) list(v strictjson.Value) ([]string, bool) {
	from := p.grow(1)
	texts, ok := v.AppendTexts(p.texts, maxList)
	if !ok {
		return nil, false
	}
	p.texts = texts
	return p.cut(from), true
}

// scopes splits a scope string (RFC 6749 §3.3): tokens of visible ASCII without '"' and '\', with single
// spaces between. The empty string holds none.
func (p *claimsParser) scopes(v strictjson.Value) ([]string, bool) {
	text, ok := v.Text()
	if !ok || !validScope(text) {
		return nil, false
	}
	if text == "" {
		return nil, true
	}
	if strings.Count(text, " ") >= maxList {
		return nil, false
	}
	from := p.grow(1)
	for space := strings.IndexByte(text, ' '); space >= 0; space = strings.IndexByte(text, ' ') {
		p.texts = append(p.texts, text[:space])
		text = text[space+1:]
	}
	p.texts = append(p.texts, text)
	return p.cut(from), true
}

func validScope(text string) bool {
	previous := byte(' ')
	for i := range len(text) {
		c := text[i]
		if c < ' ' || c > '~' || c == '"' || c == '\\' || c == ' ' && previous == ' ' {
			return false
		}
		previous = c
	}
	return text == "" || previous != ' '
}

// validScopeToken says whether text is exactly one scope.
func validScopeToken(text string) bool {
	for i := range len(text) {
		if c := text[i]; c <= ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return text != ""
}

// grow makes room for n more texts and returns where they begin. Lists that were cut before keep
// their old backing when a larger one is made.
func (p *claimsParser) grow(n int) int {
	if cap(p.texts)-len(p.texts) < n {
		p.texts = make([]string, 0, max(n, 8))
	}
	return len(p.texts)
}

// cut returns the texts since from; its capacity ends with it, so that appending to one list
// cannot write into the next.
func (p *claimsParser) cut(from int) []string { return p.texts[from:len(p.texts):len(p.texts)] }

// numericDate reads a NumericDate (RFC 7519 §2): seconds after 1970, positive, at most the year
// 9999. A fraction is cut off, or rounded up if so asked; an exponent is refused.
func numericDate(v strictjson.Value, up bool) (time.Time, bool) {
	if v.Kind() != strictjson.Number {
		return time.Time{}, false
	}
	raw := v.Raw()
	var seconds int64
	i := 0
	for ; i < len(raw) && raw[i] != '.'; i++ {
		if raw[i] < '0' || raw[i] > '9' || seconds > maxNumericDate {
			return time.Time{}, false
		}
		seconds = seconds*10 + int64(raw[i]-'0')
	}
	fraction := false
	for i++; i < len(raw); i++ {
		if raw[i] < '0' || raw[i] > '9' {
			return time.Time{}, false
		}
		fraction = fraction || raw[i] != '0'
	}
	if up && fraction {
		seconds++
	}
	if seconds < 1 || seconds > maxNumericDate {
		return time.Time{}, false
	}
	return time.Unix(seconds, 0), true
}

// checkClaims checks what cannot change while the token lives, and then the times.
func (v *Verifier) checkClaims(c *Claims, from *trusted, now time.Time) error {
	if c.Issuer != from.Issuer {
		return ErrTokenIssuer
	}
	accepted := false
	for _, audience := range c.Audience {
		accepted = accepted || audience == from.Audience
	}
	if !accepted {
		return ErrTokenAudience
	}
	issued := c.IssuedAt
	if issued.IsZero() {
		issued = now
	}
	if !issued.Before(c.ExpiresAt) && !c.IssuedAt.IsZero() || c.IssuedAt.After(now.Add(max(issuedAtTolerance, v.config.Leeway))) {
		return fmt.Errorf("%w: iat", ErrTokenClaims)
	}
	if err := v.checkTimes(c, now); err != nil {
		return err
	}
	if c.ExpiresAt.Sub(issued) > v.config.MaxLifetime {
		return ErrTokenLifetime
	}
	return nil
}

// checkTimes holds iff nbf - leeway <= now < exp + leeway (RFC 7519 §4.1.4 and §4.1.5).
func (v *Verifier) checkTimes(c *Claims, now time.Time) error {
	if !now.Before(c.ExpiresAt.Add(v.config.Leeway)) {
		return ErrTokenExpired
	}
	if !c.NotBefore.IsZero() && now.Before(c.NotBefore.Add(-v.config.Leeway)) {
		return ErrTokenNotYetValid
	}
	return nil
}
