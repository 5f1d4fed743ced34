package account

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/revocation"
	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/limit"
	"github.com/durward-auth/durward/server/internal/password"
	"github.com/durward-auth/durward/session"
)

// ClientID is the client_id of tokens that a user's own login obtains.
const ClientID = "durward"

// AdminRole is the role that may administer the server.
const AdminRole = "admin"

// Config is what a Service works with. Every field is required, but OpenRegistration.
type Config struct {
	Store            Store
	Clients          ClientStore
	Signer           *durward.Signer
	Audience         []string // aud of access tokens
	Codec            *session.Codec
	Sessions         session.Policy
	Revoked          *revocation.Set
	Passwords        *password.Pool
	PasswordPolicy   password.Policy
	Limiter          *limit.Limiter
	ClientLimiter    *limit.Limiter // of failed client secrets; it need not outlive the process
	Tally            *audit.Tally
	OpenRegistration bool
	// StatusIssuer is the URL under which the status lists are; access tokens name no place in them when it is empty.
	StatusIssuer string
	Clock        func() time.Time
}

// Service applies the rules. It is safe for concurrent use.
type Service struct {
	Config
	places places
}

// New returns a service, or says which part of the configuration is missing or wrong.
func New(c Config) (*Service, error) {
	if len(c.Audience) == 0 || c.Store == nil || c.Clients == nil || c.Signer == nil || c.Codec == nil || c.Revoked == nil || c.Passwords == nil ||
		c.Limiter == nil || c.ClientLimiter == nil || c.Tally == nil || c.Clock == nil {
		return nil, errors.New("account: a part of the configuration is missing")
	}
	if err := errors.Join(c.Sessions.Check(), c.PasswordPolicy.Validate()); err != nil {
		return nil, fmt.Errorf("account: %w", err)
	}
	if c.PasswordPolicy.MaxBytes == 0 {
		c.PasswordPolicy.MaxBytes = password.MaxBytes
	}
	return &Service{Config: c}, nil
}

// Actor is who asks: the user of an access token, or the operator at the command line.
type Actor struct {
	UserID    string
	Name      string
	SessionID string
}

// Operator is the actor of the command line.
var Operator = Actor{Name: "operator"}

// event begins an audit event of an actor.
func (s *Service) event(action audit.Action, by Actor, from audit.Origin) audit.Event {
	return audit.Event{
		Time: s.Clock(), Action: action, Outcome: audit.Success,
		ActorID: by.UserID, ActorName: by.Name, Origin: from, Count: 1,
	}
}

func (s *Service) revoke(entries []revocation.Entry, err error) error {
	if err != nil {
		return err
	}
	s.Revoked.Add(entries...)
	return nil
}

// hashing turns the pool's refusal into one for the client.
func (s *Service) hashing(err error) error {
	if errors.Is(err, password.ErrBusy) {
		return &BusyError{RetryAfter: s.Passwords.RetryAfter()}
	}
	return err
}

// address is the client's address for the limits; requests without one count together.
func address(from audit.Origin) netip.Addr {
	addr, err := netip.ParseAddr(from.Address)
	if err != nil {
		return netip.IPv6Unspecified()
	}
	return addr
}

// detached keeps a write going when the client has hung up: a failed sign-in is counted all the same.
func detached(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
}
