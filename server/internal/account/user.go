package account

import "time"

// User is a person or a service that can log in.
type User struct {
	ID        string // UUID version 7, never used again
	Name      string // as registered, for display
	Canonical string // the one form that is compared and unique
	Email     string // empty when none was given
	Roles     []string
	Scopes    []string
	// Version is the generation of the user's access tokens: a token with a lower
	// one is revoked. It grows with each password change, role change and disabling.
	Version    int64
	CreatedAt  time.Time
	UpdatedAt  time.Time
	DisabledAt time.Time // zero while enabled
}

// Disabled says that the user may not log in.
func (u User) Disabled() bool { return !u.DisabledAt.IsZero() }

// Page asks for users in the order of their canonical names.
type Page struct {
	After  string // canonical name of the last user of the page before; empty for the first
	Search string // part of a user name or e-mail address, compared without case; empty for all
	Limit  int    // 1..1000
}
