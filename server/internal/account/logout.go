package account

import (
	"context"
	"errors"
	"fmt"

	"github.com/durward-auth/durward/server/internal/audit"
)

// Logout ends the actor's own session. A session that has ended already is no error.
func (s *Service) Logout(ctx context.Context, by Actor, from audit.Origin) error {
	e := s.event(audit.SessionLogout, by, from)
	e.SubjectID, e.SubjectName, e.Target = by.UserID, by.Name, by.SessionID
	err := s.revoke(s.Store.EndSession(ctx, by.SessionID, by.UserID, e.Time, e))
	if err != nil && !errors.Is(err, ErrSessionNotFound) {
		return fmt.Errorf("log out: %w", err)
	}
	return nil
}

// LogoutByRefresh ends the session of a refresh token, of whatever generation; ErrInvalidRefresh when
// the token was never issued here.
func (s *Service) LogoutByRefresh(ctx context.Context, token string, from audit.Origin) error {
	id, _, err := s.Codec.Parse(token)
	if err != nil {
		return s.tally(s.event(audit.SessionLogout, Actor{}, from), "invalid_token", ErrInvalidRefresh)
	}
	return s.Logout(ctx, Actor{SessionID: id}, from)
}

// LogoutAll ends every session of the actor.
func (s *Service) LogoutAll(ctx context.Context, by Actor, from audit.Origin) error {
	e := s.event(audit.SessionEndAll, by, from)
	e.SubjectID, e.SubjectName = by.UserID, by.Name
	if err := s.revoke(s.Store.EndSessions(ctx, by.UserID, "", e.Time, e)); err != nil {
		return fmt.Errorf("log out everywhere: %w", err)
	}
	return nil
}

// LogoutOthers ends every session of the actor but the own one.
func (s *Service) LogoutOthers(ctx context.Context, by Actor, from audit.Origin) error {
	e := s.event(audit.SessionEndOthers, by, from)
	e.SubjectID, e.SubjectName = by.UserID, by.Name
	if err := s.revoke(s.Store.EndSessions(ctx, by.UserID, by.SessionID, e.Time, e)); err != nil {
		return fmt.Errorf("log out the other sessions: %w", err)
	}
	return nil
}

// ListSessions lists the live sessions of a user, the last used first, MaxListed at most.
func (s *Service) ListSessions(ctx context.Context, userID string) ([]Session, error) {
	sessions, err := s.Store.Sessions(ctx, userID, s.Clock())
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	return sessions, nil
}

// EndSession ends one of the actor's own sessions; ErrSessionNotFound also for somebody else's.
func (s *Service) EndSession(ctx context.Context, by Actor, id string, from audit.Origin) error {
	e := s.event(audit.SessionEnd, by, from)
	e.SubjectID, e.SubjectName, e.Target = by.UserID, by.Name, clip(id)
	if err := s.revoke(s.Store.EndSession(ctx, id, by.UserID, e.Time, e)); err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	return nil
}
