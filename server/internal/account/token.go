package account

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/durward-auth/durward"
)

// Grant is what a login or a refresh answers. It prints as "[secret]".
type Grant struct {
	AccessToken      string
	ExpiresIn        time.Duration
	RefreshToken     string
	RefreshExpiresIn time.Duration // until the session's idle or absolute limit, whichever is first
	Scopes           []string
	SessionID        string
	User             User
}

// String returns "[secret]".
func (Grant) String() string { return "[secret]" }

// GoString returns "[secret]".
func (Grant) GoString() string { return "[secret]" }

// LogValue returns the session's id alone.
func (g Grant) LogValue() slog.Value { return slog.StringValue("session " + g.SessionID) }

// leewayMargin is the most that a verifier may add to a token's expiry: so much longer is a
// revocation remembered.
const leewayMargin = 5 * time.Minute

// accessExpiry returns when a token issued now expires, and until when its revocation counts.
func (s *Service) accessExpiry(now time.Time) (expires, remembered time.Time) {
	expires = now.Add(s.Signer.TTL()).Truncate(time.Second)
	return expires, expires.Add(leewayMargin)
}

// byPassword is the amr of a session whose user gave a password (RFC 8176 §2).
var byPassword = []string{"pwd"}

// grant signs an access token with these scopes for the session and adds the session's refresh token.
func (s *Service) grant(ctx context.Context, u User, opened Session, scopes []string, now, expires time.Time) (Grant, error) {
	var methods []string
	if !opened.AuthTime.IsZero() {
		methods = byPassword
	}
	token, _, err := s.Signer.Sign(ctx, durward.Claims{
		Subject: u.ID, Audience: s.Audience, ExpiresAt: expires, ClientID: ClientID, SessionID: opened.ID, Version: u.Version,
		AuthTime: opened.AuthTime, AMR: methods, Status: s.status(opened.StatusIndex), Username: u.Name, Roles: nonNil(u.Roles), Scopes: nonNil(scopes),
	})
	if err != nil {
		return Grant{}, err
	}
	return Grant{
		AccessToken:      token,
		ExpiresIn:        expires.Sub(now.Truncate(time.Second)),
		RefreshToken:     s.Codec.Token(opened.ID, opened.Generation),
		RefreshExpiresIn: earlier(opened.IdleExpiresAt, opened.ExpiresAt).Sub(now),
		Scopes:           scopes,
		SessionID:        opened.ID,
		User:             u,
	}, nil
}

// requested returns the scopes that are asked for: all that there are to grant when none is named.
func requested(scope string, grantable []string, to string) ([]string, error) {
	if scope == "" {
		return grantable, nil
	}
	var scopes []string
	for asked := range strings.FieldsSeq(scope) {
		if !slices.Contains(grantable, asked) {
			return nil, &InputError{"invalid_scope", fmt.Sprintf("The scope %q is not granted to %s.", clip(asked), to)}
		}
		if !slices.Contains(scopes, asked) {
			scopes = append(scopes, asked)
		}
	}
	return scopes, nil
}

// narrowed keeps of the session's scopes those that the user still has.
func narrowed(session, user []string) []string {
	var kept []string
	for _, scope := range session {
		if slices.Contains(user, scope) {
			kept = append(kept, scope)
		}
	}
	return kept
}

func nonNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
