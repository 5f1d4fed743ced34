package httpapi

import (
	"net/http"
	"slices"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/server/internal/account"
)

// caller is who asks an OAuth endpoint: a client by its secret, or whoever an access token stands for. The zero
// value is nobody.
type caller struct {
	actor  account.Actor
	scopes []string
	client bool // a program that signs in by itself, not a user
	admin  bool
}

func (c caller) nobody() bool { return c.actor == account.Actor{} }

func (c caller) hasScope(scope string) bool { return slices.Contains(c.scopes, scope) }

// caller finds out who asks. Credentials need not be there, but those that are there must be good.
func (a *api) caller(x *exchange, r *http.Request, form map[string]string) (caller, error) {
	given, found, err := clientCredentials(r, form)
	if err != nil {
		return caller{}, err
	}
	if found {
		c, err := a.Accounts.AuthenticateClient(r.Context(), given, x.origin())
		if err != nil {
			return caller{}, err
		}
		x.userID = c.ID
		return caller{actor: account.Actor{UserID: c.ID, Name: c.Name}, scopes: c.Scopes, client: true}, nil
	}
	token, err := bearer(r)
	if err != nil {
		return caller{}, err
	}
	if token == "" {
		if len(r.Header["Authorization"]) > 0 {
			return caller{}, account.ErrInvalidClient // another scheme
		}
		return caller{}, nil
	}
	claims, err := a.guard.Verifier().Verify(r.Context(), token)
	if err != nil {
		x.recordRefused(err, "")
		return caller{}, err
	}
	x.userID, x.claims = claims.Subject, claims
	return caller{actor: actorOf(claims), scopes: claims.Scopes, client: account.IsClient(claims), admin: claims.HasRole(account.AdminRole)}, nil
}

// forbid records and returns the refusal of a caller who may not.
func (x *exchange) forbid(c caller, scope string) error {
	challenge := `Bearer error="insufficient_scope", scope="` + scope + `"`
	refusal := forbidden("insufficient_scope", "This needs a client with the scope "+scope+" or the role "+account.AdminRole+".", challenge,
		durward.Claims{Subject: c.actor.UserID, Username: c.actor.Name})
	x.recordForbidden(durward.Claims{Subject: c.actor.UserID, Username: c.actor.Name}, refusal.Code)
	return refusal
}
