package account

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/server/internal/audit"
)

// ClientCredentials is what a client presents (RFC 6749 §2.3.1).
type ClientCredentials struct{ ID, Secret string }

// String returns "[secret]".
func (ClientCredentials) String() string { return "[secret]" }

// GoString returns "[secret]".
func (ClientCredentials) GoString() string { return "[secret]" }

// AuthenticateClient returns the client whose credentials these are. An unknown id, a wrong secret and a revoked
// client are the same ErrInvalidClient; after too many of them a ThrottledError.
//
// A right secret is never throttled: nobody can guess one, so failures are bounded for the sake of the
// log and the store alone, and whoever makes them cannot lock a client out.
func (s *Service) AuthenticateClient(ctx context.Context, given ClientCredentials, from audit.Origin) (Client, error) {
	c, _, err := s.authenticate(ctx, given, from)
	return c, err
}

func (s *Service) authenticate(ctx context.Context, given ClientCredentials, from audit.Origin) (Client, string, error) {
	c, hash, err := s.Clients.ClientCredentials(ctx, clip(given.ID))
	if err != nil && !errors.Is(err, ErrClientNotFound) {
		return Client{}, "", fmt.Errorf("authenticate client: %w", err)
	}
	right := secretMatches(hash, given.Secret) // compared for an unknown id, too
	if err == nil && right && !c.Revoked() {
		return c, hash, nil
	}
	e := s.event(audit.ClientSignIn, Actor{Name: clip(given.ID)}, from)
	switch {
	case err != nil:
		e.Reason = "unknown_client"
	case right:
		e.Reason = "revoked"
	default:
		e.Reason = "wrong_secret"
	}
	if err == nil {
		e.ActorID, e.ActorName, e.SubjectID, e.SubjectName = c.ID, c.Name, c.ID, c.Name
	}
	return Client{}, "", s.refuseClient(ctx, given.ID, e)
}

// refuseClient records a failed client authentication, those beyond the budgets as one tallied event.
func (s *Service) refuseClient(ctx context.Context, id string, e audit.Event) error {
	attempt, retryAfter, ok := s.ClientLimiter.Reserve(clip(id), address(e.Origin))
	if !ok {
		return s.tally(e, "too_many_attempts", &ThrottledError{RetryAfter: retryAfter})
	}
	attempt.Fail()
	e.Outcome = audit.Refused
	ctx, cancel := detached(ctx)
	defer cancel()
	if err := s.Store.RecordEvents(ctx, []audit.Event{e}); err != nil {
		return fmt.Errorf("record a refused client: %w", err)
	}
	return ErrInvalidClient
}

// ClientGrant is what a client gets (RFC 6749 §4.4.3): no refresh token. It prints as "[secret]".
type ClientGrant struct {
	AccessToken string
	ExpiresIn   time.Duration
	Scopes      []string
	Client      Client
}

// String returns "[secret]".
func (ClientGrant) String() string { return "[secret]" }

// GoString returns "[secret]".
func (ClientGrant) GoString() string { return "[secret]" }

// IssueClientToken checks a client's credentials and signs an access token for the client itself, with the scopes asked
// for, or all that the client has. Refusals are those of AuthenticateClient, and InputError for a scope that
// was not granted.
func (s *Service) IssueClientToken(ctx context.Context, given ClientCredentials, scope string, from audit.Origin) (ClientGrant, error) {
	c, hash, err := s.authenticate(ctx, given, from)
	if err != nil {
		return ClientGrant{}, err
	}
	e := s.event(audit.ClientToken, Actor{UserID: c.ID, Name: c.Name}, from)
	e.SubjectID, e.SubjectName = c.ID, c.Name
	scopes, err := clientScopes(scope, c)
	if err != nil {
		return ClientGrant{}, s.tally(e, "invalid_scope", err)
	}
	expires, remembered := s.accessExpiry(e.Time)
	current, err := s.Clients.OpenClientAccess(ctx, c.ID, hash, remembered, e)
	if err != nil {
		return ClientGrant{}, fmt.Errorf("issue client token: %w", err)
	}
	token, _, err := s.Signer.Sign(ctx, durward.Claims{
		Subject: c.ID, ClientID: c.ID, Audience: s.Audience, ExpiresAt: expires, Version: current.Version, Scopes: nonNil(scopes),
	})
	if err != nil {
		return ClientGrant{}, fmt.Errorf("issue client token: %w", err)
	}
	return ClientGrant{AccessToken: token, ExpiresIn: expires.Sub(e.Time.Truncate(time.Second)), Scopes: scopes, Client: current}, nil
}

// clientScopes returns the scopes that a client asks for: all of its own when it names none.
func clientScopes(scope string, c Client) ([]string, error) {
	if scope == "" {
		return c.Scopes, nil
	}
	var scopes []string
	for asked := range strings.SplitSeq(scope, " ") { // exactly one space between two (RFC 6749 §3.3)
		if !slices.Contains(c.Scopes, asked) {
			return nil, &InputError{"invalid_scope", fmt.Sprintf("The scope %q is not granted to this client.", clip(asked))}
		}
		if !slices.Contains(scopes, asked) {
			scopes = append(scopes, asked)
		}
	}
	return scopes, nil
}
