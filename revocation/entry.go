package revocation

import (
	"errors"
	"time"
)

// Kind is what an entry revokes. The zero Kind is none.
type Kind uint8

const (
	// Token revokes the one token whose jti is the entry's ID (RFC 7519 section 4.1.7).
	Token Kind = iota + 1

	// Session revokes every token whose sid is the entry's ID (OpenID Connect
	// Front-Channel Logout section 3).
	Session

	// Subject revokes every token whose sub is the entry's ID (RFC 7519 section
	// 4.1.2) and whose version is below the entry's.
	Subject

	// Key revokes every token that was signed by the key whose kid is the
	// entry's ID (RFC 7515 section 4.1.4).
	Key

	kinds = int(Key) + 1
)

var names = [kinds]string{"none", "jti", "sid", "sub", "kid"}

// String returns the name of the claim or header member that the kind looks
// at: jti, sid, sub or kid.
func (k Kind) String() string {
	if !k.valid() {
		return names[0]
	}
	return names[k]
}

// MarshalText writes the kind as [Kind.String] does, or returns an error for
// the zero Kind and an unknown one.
func (k Kind) MarshalText() ([]byte, error) {
	if !k.valid() {
		return nil, errUnknownKind
	}
	return []byte(names[k]), nil
}

// UnmarshalText reads what MarshalText writes and nothing else.
func (k *Kind) UnmarshalText(text []byte) error {
	for i := Token; i.valid(); i++ {
		if names[i] == string(text) {
			*k = i
			return nil
		}
	}
	return errUnknownKind
}

func (k Kind) valid() bool { return Token <= k && k <= Key }

var errUnknownKind = errors.New("revocation: unknown kind")

// Entry revokes every token that it matches.
type Entry struct {
	Kind Kind
	ID   string

	// Below is the lowest version that is still good; for the kind Subject only.
	Below int64

	// ExpiresAt is when the last token that the entry could match has expired,
	// the leeway of the verifiers added. The zero time keeps the entry for good.
	ExpiresAt time.Time
}
