package httpapi

import (
	"context"
	"errors"
	"net/http"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/audit"
)

// administrator is the rule of the routes under /admin.
var administrator = durward.Where(func(_ context.Context, c durward.Claims) error {
	if c.HasRole(account.AdminRole) {
		return nil
	}
	return forbidden("insufficient_role", "This route needs the role "+account.AdminRole+".", "", c)
})

// aUser is the rule of the routes that are about a user's own account: a client has none.
var aUser = durward.Where(func(_ context.Context, c durward.Claims) error {
	if account.IsClient(c) {
		return forbidden("user_required", "This route is for users, not for clients.", "", c)
	}
	return nil
})

// forbiddenError says who was refused.
type forbiddenError struct{ claims durward.Claims }

func (*forbiddenError) Error() string { return "the token gives too little right" }

func forbidden(code, detail, challenge string, c durward.Claims) *durward.Refusal {
	return &durward.Refusal{Status: http.StatusForbidden, Code: code, Detail: detail, Challenge: challenge, Err: &forbiddenError{c}}
}

// turnAway answers, counts and records what the guard refused.
func (x *exchange) turnAway(refusal *durward.Refusal) {
	if e, ok := errors.AsType[*forbiddenError](refusal); ok {
		x.recordForbidden(e.claims, refusal.Code)
	} else if refusal.Status == http.StatusForbidden { // a good token of a login that is too long ago
		x.recordForbidden(refusal.Claims(), refusal.Code)
	} else {
		x.recordRefused(refusal.Err, refusal.Code)
	}
	x.fail(refusal)
}

// recordRefused counts a refused token under the exact reason, which the client does not learn.
func (x *exchange) recordRefused(err error, code string) {
	reason := durward.Reason(err)
	if reason == "" {
		reason = code
	}
	x.api.Metrics.refused(reason)
	if errors.Is(err, durward.ErrTokenMissing) || errors.Is(err, durward.ErrUnavailable) {
		return // nothing was presented, or nothing could be judged
	}
	x.api.Tally.Add(audit.Event{Action: audit.TokenRefused, Outcome: audit.Refused, Reason: reason, Origin: x.origin()})
}

func (x *exchange) recordForbidden(c durward.Claims, code string) {
	x.userID = c.Subject
	x.api.Tally.Add(audit.Event{
		Action: audit.AccessForbidden, Outcome: audit.Refused, Reason: code,
		ActorID: c.Subject, ActorName: c.Username, Target: x.route.pattern, Origin: x.origin(),
	})
}
