package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/revocation"
	"github.com/durward-auth/durward/server/internal/audit"
)

// RefreshState is what a refresh token that can be used now stands for.
type RefreshState struct {
	Session   Session
	User      User
	ExpiresAt time.Time // the session's idle or absolute limit, whichever is first
}

// IsRefreshToken says whether a text is a refresh token that was issued here, be it of an ended session.
func (s *Service) IsRefreshToken(token string) bool {
	_, _, err := s.Codec.Parse(token)
	return err == nil
}

// InspectRefresh returns what a refresh token stands for, if it is the current one of a live session; otherwise
// ErrInvalidRefresh. It changes nothing: neither does a token count as used, nor does an old one end its session.
func (s *Service) InspectRefresh(ctx context.Context, token string) (RefreshState, error) {
	id, generation, err := s.Codec.Parse(token)
	if err != nil {
		return RefreshState{}, ErrInvalidRefresh
	}
	live, u, err := s.Store.LiveSession(ctx, id, s.Clock())
	if errors.Is(err, ErrSessionNotFound) {
		return RefreshState{}, ErrInvalidRefresh
	}
	if err != nil {
		return RefreshState{}, fmt.Errorf("inspect refresh token: %w", err)
	}
	if live.Generation != generation || u.Disabled() {
		return RefreshState{}, ErrInvalidRefresh
	}
	return RefreshState{Session: live, User: u, ExpiresAt: earlier(live.IdleExpiresAt, live.ExpiresAt)}, nil
}

// RevokeRefresh ends the session of a refresh token, of whatever generation (RFC 7009 §2.1). Without an actor it is the
// holder who asks. A session that has ended is no error; ErrInvalidRefresh when the token was never issued here.
func (s *Service) RevokeRefresh(ctx context.Context, token string, by Actor, from audit.Origin) error {
	id, _, err := s.Codec.Parse(token)
	if err != nil {
		return ErrInvalidRefresh
	}
	return s.endPresented(ctx, id, by, from)
}

// RevokeAccess takes back what a verified access token stands for: its session or, where it has none, the token
// itself. Without an actor it is the holder who asks.
func (s *Service) RevokeAccess(ctx context.Context, c durward.Claims, by Actor, from audit.Origin) error {
	if c.SessionID != "" {
		return s.endPresented(ctx, c.SessionID, by, from)
	}
	if by == (Actor{}) {
		by = Actor{UserID: c.Subject, Name: c.Username}
	}
	e := s.event(audit.TokenRevoke, by, from)
	e.SubjectID, e.SubjectName, e.Target = clip(c.Subject), c.Username, clip(c.ID)
	entry := revocation.Entry{Kind: revocation.Token, ID: c.ID, ExpiresAt: c.ExpiresAt.Add(leewayMargin)}
	if err := s.revoke(s.Store.RevokeToken(ctx, entry, e.Time, e)); err != nil {
		return fmt.Errorf("revoke token: %w", err)
	}
	return nil
}

func (s *Service) endPresented(ctx context.Context, sessionID string, by Actor, from audit.Origin) error {
	e := s.event(audit.SessionLogout, by, from) // the store adds whose session it is
	e.Target = sessionID
	err := s.revoke(s.Store.EndSession(ctx, sessionID, "", e.Time, e))
	if err != nil && !errors.Is(err, ErrSessionNotFound) {
		return fmt.Errorf("revoke session: %w", err)
	}
	return nil
}
