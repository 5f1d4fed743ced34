package durward

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// A Rule is what a valid token must also fulfil. All rules of a route must hold.
type Rule struct {
	check func(ctx context.Context, c Claims, now time.Time) *Refusal
}

// Role demands one of the roles. Names are compared exactly.
func Role(anyOf ...string) Rule {
	if len(anyOf) == 0 {
		panic("durward: Role needs at least one role")
	}
	return Rule{func(_ context.Context, c Claims, _ time.Time) *Refusal {
		for _, role := range anyOf {
			if c.HasRole(role) {
				return nil
			}
		}
		return &Refusal{
			Status: http.StatusForbidden, Code: codeRole,
			Detail: "This route needs the role " + strings.Join(anyOf, " or ") + ".",
		}
	}}
}

// Scope demands all of the scopes. Names are compared exactly.
func Scope(allOf ...string) Rule {
	if len(allOf) == 0 {
		panic("durward: Scope needs at least one scope")
	}
	for _, scope := range allOf {
		if !validScopeToken(scope) {
			panic("durward: Scope needs scope tokens (RFC 6749 §3.3)")
		}
	}
	names := strings.Join(allOf, " ")
	return Rule{func(_ context.Context, c Claims, _ time.Time) *Refusal {
		for _, scope := range allOf {
			if !c.HasScope(scope) {
				return &Refusal{
					Status: http.StatusForbidden, Code: codeScope,
					Detail:    "This route needs the scope " + names + ".",
					Challenge: `Bearer error="insufficient_scope", scope="` + names + `"`,
				}
			}
		}
		return nil
	}}
}

// Fresh demands that the user gave a password within the duration: "auth_time", not "iat", is what counts,
// since a refreshed token is new without any login. The refusal carries the challenge of
// RFC 9470 §3 with max_age in seconds.
func Fresh(within time.Duration) Rule {
	if within < time.Second {
		panic("durward: Fresh needs at least a second")
	}
	challenge := fmt.Sprintf(`Bearer error="insufficient_user_authentication", max_age="%d"`, int64(within/time.Second))
	return Rule{func(_ context.Context, c Claims, now time.Time) *Refusal {
		if !c.AuthTime.IsZero() && now.Sub(c.AuthTime) <= within && !c.AuthTime.After(now.Add(issuedAtTolerance)) {
			return nil
		}
		return &Refusal{
			Status: http.StatusForbidden, Code: codeFreshness,
			Detail: "This route needs a recent login.", Challenge: challenge,
		}
	}}
}

// Where demands whatever allow says: nil lets the request pass. An error that is a [*Refusal] is answered as
// it says; one under ErrUnavailable with 503; any other with 403 and the code access_denied.
func Where(allow func(context.Context, Claims) error) Rule {
	if allow == nil {
		panic("durward: Where needs a function")
	}
	return Rule{func(ctx context.Context, c Claims, _ time.Time) *Refusal {
		err := allow(ctx, c)
		if err == nil {
			return nil
		}
		if refusal, ok := errors.AsType[*Refusal](err); ok {
			return refusal
		}
		if errors.Is(err, ErrUnavailable) {
			return refusalFor(err)
		}
		return &Refusal{
			Status: http.StatusForbidden, Code: codeForbidden,
			Detail: "The token does not give access to this.", Err: err,
		}
	}}
}
