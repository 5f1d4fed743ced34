package account

import (
	"context"
	"errors"
	"fmt"

	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/session"
)

// Refresh exchanges a refresh token for its one successor and a new access token, made from the user as it
// is now. The same token again within the grace gets the same successor; any later use ends the session
// with ErrRefreshReused. Everything else is ErrInvalidRefresh.
//
// A scope that is not empty narrows the access token alone: the session keeps its own, so that the next
// refresh may ask for any part of it again (RFC 6749 §6). What is not part of it is an InputError, after
// which the token that was presented is as good as before.
func (s *Service) Refresh(ctx context.Context, token, scope string, from audit.Origin) (Grant, error) {
	id, generation, err := s.Codec.Parse(token)
	if err != nil {
		return Grant{}, s.refuseRefresh(audit.Event{Reason: "invalid_token", Origin: from})
	}
	now := s.Clock()
	expires, remembered := s.accessExpiry(now)
	e := s.event(audit.SessionRefresh, Actor{}, from)
	e.Target = id
	place, err := s.place(ctx)
	if err != nil {
		return Grant{}, fmt.Errorf("refresh: %w", err)
	}
	r, err := s.Store.RotateSession(ctx, Rotation{
		SessionID: id, Presented: generation, Scope: scope, Now: now, Policy: s.Sessions, AccessExpiresAt: remembered, StatusIndex: place,
	}, e)
	if err == nil && r.Session.StatusIndex != place {
		s.spare(place)
	}
	if _, ok := errors.AsType[*InputError](err); ok {
		e.ActorName, e.Outcome, e.Reason = "", audit.Refused, "invalid_scope"
		s.Tally.Add(e)
		return Grant{}, err
	}
	if err != nil {
		return Grant{}, fmt.Errorf("refresh: %w", err)
	}
	switch r.Outcome {
	case session.Rotated, session.Repeated:
		return s.grant(ctx, r.User, r.Session, r.Scopes, now, expires)
	case session.Reused:
		s.Revoked.Add(r.Revoked...)
		return Grant{}, ErrRefreshReused
	default:
		return Grant{}, s.refuseRefresh(audit.Event{Reason: r.Outcome.String(), Target: id, SubjectID: r.Session.UserID, Origin: from})
	}
}

func (s *Service) refuseRefresh(e audit.Event) error {
	e.Action, e.Outcome = audit.SessionRefresh, audit.Refused
	s.Tally.Add(e)
	return ErrInvalidRefresh
}
