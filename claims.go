package durward

import (
	"slices"
	"time"

	"github.com/durward-auth/durward/internal/strictjson"
)

// Claims is what a verified token says (RFC 7519 §4.1, RFC 9068 §2.2). It is a plain
// value: changing it changes no other request's. The slices it holds must not be written to.
type Claims struct {
	Issuer    string    // iss
	Subject   string    // sub: the user's id, 1 to 255 bytes; may be empty if the issuer sets none
	Audience  []string  // aud
	ExpiresAt time.Time // exp
	NotBefore time.Time // nbf; zero if absent
	IssuedAt  time.Time // iat; zero if absent
	ID        string    // jti

	ClientID  string    // client_id
	SessionID string    // sid: the session that a logout ends
	Version   int64     // ver: the generation of the user's tokens
	AuthTime  time.Time // auth_time: when the user last gave a password; zero if absent
	AMR       []string  // amr: how the user proved who they are, such as "pwd" (RFC 8176)
	Username  string    // username
	Roles     []string  // roles (RFC 9068 §2.2.3.1)
	Scopes    []string  // scope, split at its spaces (RFC 6749 §3.3)

	// Status is the place in a status list that says whether the token still stands
	// (status.status_list); zero if the token names none. A verifier reads it; package statuslist asks it.
	Status StatusReference

	// KeyID is the kid of the key that checked the signature. A signer ignores it.
	KeyID string

	payload string // the decoded payload, which passed the strict scan
}

// StatusReference is the entry of one token in a Token Status List (draft-ietf-oauth-status-list §6.2).
type StatusReference struct {
	URI   string // uri: where the list is; empty if there is no entry
	Index int64  // idx: the place in the list, from 0
}

// HasRole says whether the token carries exactly this role.
func (c Claims) HasRole(role string) bool { return slices.Contains(c.Roles, role) }

// HasScope says whether the token carries exactly this scope.
func (c Claims) HasScope(scope string) bool { return slices.Contains(c.Scopes, scope) }

// Decode stores the whole payload in the struct or map that into points to. Names are
// matched exactly, at every depth: a claim "SUB" never fills a field tagged `json:"sub"`,
// as encoding/json would have it. Claims that into does not know are ignored.
func (c Claims) Decode(into any) error {
	payload := c.payload
	if payload == "" {
		payload = "{}"
	}
	return strictjson.DecodeKnown(payload, strictjson.Limits{}, into)
}

// DecodeClaims returns the whole payload as a T; see [Claims.Decode].
func DecodeClaims[T any](c Claims) (T, error) {
	var value T
	if err := c.Decode(&value); err != nil {
		var zero T
		return zero, err
	}
	return value, nil
}
