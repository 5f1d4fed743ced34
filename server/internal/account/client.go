package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"log/slog"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/revocation"
	"github.com/durward-auth/durward/server/internal/audit"
)

// Client is a program that signs in by itself, with a secret (RFC 6749 §4.4).
type Client struct {
	ID     string // begins with "dwc_", as no user's id does; never used again
	Name   string // unique among the clients that are not revoked
	Scopes []string
	// Version is the generation of the client's access tokens: a token with a lower one is revoked.
	Version   int64
	CreatedAt time.Time
	RevokedAt time.Time // zero while the client may sign in
}

// Revoked says that the client may not sign in, ever again.
func (c Client) Revoked() bool { return !c.RevokedAt.IsZero() }

// ClientStore keeps clients. Each method is one atomic business act, as those of Store are.
type ClientStore interface {
	// CreateClient returns ErrClientNameTaken when a client of this name is not revoked.
	CreateClient(ctx context.Context, c Client, secretHash string, e audit.Event) error
	// ClientCredentials returns a client, revoked or not, and the hash of its secret, or ErrClientNotFound.
	ClientCredentials(ctx context.Context, id string) (Client, string, error)
	// FindClient returns the client of an id, revoked or not, else the one of a name that is not revoked, else
	// ErrClientNotFound.
	FindClient(ctx context.Context, nameOrID string) (Client, error)
	// ListClients returns every client, revoked or not, in the order of their names.
	ListClients(ctx context.Context) ([]Client, error)
	// OpenClientAccess returns the client as it is now and remembers until when an access token issued now
	// counts, if it is not revoked and still has the hash that was checked; otherwise ErrInvalidClient.
	OpenClientAccess(ctx context.Context, id, checkedHash string, accessExpiresAt time.Time, e audit.Event) (Client, error)
	// SetClientSecret replaces the hash and raises the version; ErrClientNotFound for a revoked client too.
	SetClientSecret(ctx context.Context, id, secretHash string, now time.Time, e audit.Event) (Client, []revocation.Entry, error)
	// RevokeClient raises the version and refuses the client from now on. Revoking twice changes nothing.
	RevokeClient(ctx context.Context, id string, now time.Time, e audit.Event) (Client, []revocation.Entry, error)
}

// ClientSecret is the secret of a client: 256 random bits behind a prefix that secret scanners can look for. It prints as "[secret]".
type ClientSecret struct{ text string }

const (
	clientIDPrefix     = "dwc_"
	clientSecretPrefix = "dws_"
)

func newClientSecret() ClientSecret {
	return ClientSecret{clientSecretPrefix + random(32)}
}

// Reveal returns the secret itself, to be shown once.
func (s ClientSecret) Reveal() string { return s.text }

// String returns "[secret]".
func (ClientSecret) String() string { return "[secret]" }

// GoString returns "[secret]".
func (ClientSecret) GoString() string { return "[secret]" }

// LogValue returns "[secret]".
func (ClientSecret) LogValue() slog.Value { return slog.StringValue("[secret]") }

// MarshalJSON returns "[secret]".
func (ClientSecret) MarshalJSON() ([]byte, error) { return []byte(`"[secret]"`), nil }

func random(bytes int) string {
	b := make([]byte, bytes)
	_, _ = rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

// hashSecret is how a client's secret is stored. A slow hash would gain nothing: nobody can try 2^256 secrets.
func hashSecret(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

func secretMatches(hash, secret string) bool {
	return subtle.ConstantTimeCompare([]byte(hash), []byte(hashSecret(secret))) == 1
}

// IsClient says whether verified claims are those of a client itself and not of a user (RFC 9068 §2.2).
func IsClient(c durward.Claims) bool { return c.ClientID != "" && c.ClientID == c.Subject }

// CreateClient adds a client and returns its secret, which cannot be had again. Refusals: InputError, ErrClientNameTaken.
func (s *Service) CreateClient(ctx context.Context, name string, scopes []string, by Actor, from audit.Origin) (Client, ClientSecret, error) {
	if err := checkClientName(name); err != nil {
		return Client{}, ClientSecret{}, err
	}
	if err := checkNames("scope", scopes); err != nil {
		return Client{}, ClientSecret{}, err
	}
	secret := newClientSecret()
	e := s.event(audit.ClientCreate, by, from)
	c := Client{ID: clientIDPrefix + random(16), Name: name, Scopes: sortedSet(scopes), Version: 1, CreatedAt: e.Time}
	e.SubjectID, e.SubjectName = c.ID, c.Name
	if err := s.Clients.CreateClient(ctx, c, hashSecret(secret.text), e); err != nil {
		return Client{}, ClientSecret{}, fmt.Errorf("create client: %w", err)
	}
	return c, secret, nil
}

// checkClientName holds for names that need no quotes anywhere, as those of scopes do.
func checkClientName(name string) error {
	if checkNames("client_name", []string{name}) != nil {
		return &InputError{"invalid_client_name", "The name of a client must be 1 to 64 of the characters A-Z, a-z, 0-9 and . _ : - /"}
	}
	return nil
}

// ListClients returns every client, revoked or not, in the order of their names.
func (s *Service) ListClients(ctx context.Context) ([]Client, error) {
	clients, err := s.Clients.ListClients(ctx)
	if err != nil {
		return nil, fmt.Errorf("list clients: %w", err)
	}
	return clients, nil
}

// FindClient returns the client of an id or, if it is not revoked, of a name, or ErrClientNotFound.
func (s *Service) FindClient(ctx context.Context, nameOrID string) (Client, error) {
	return s.Clients.FindClient(ctx, nameOrID)
}

// RenewClientSecret replaces the secret of a client, and revokes the access tokens that the old one obtained.
func (s *Service) RenewClientSecret(ctx context.Context, id string, by Actor, from audit.Origin) (Client, ClientSecret, error) {
	secret := newClientSecret()
	e := s.about(audit.ClientSecret, id, by, from)
	c, entries, err := s.Clients.SetClientSecret(ctx, id, hashSecret(secret.text), e.Time, e)
	if err := s.revoke(entries, err); err != nil {
		return Client{}, ClientSecret{}, fmt.Errorf("renew client secret: %w", err)
	}
	return c, secret, nil
}

// RevokeClient refuses a client from now on, and revokes its access tokens. A client that is revoked already is no error.
func (s *Service) RevokeClient(ctx context.Context, id string, by Actor, from audit.Origin) (Client, error) {
	e := s.about(audit.ClientRevoke, id, by, from)
	c, entries, err := s.Clients.RevokeClient(ctx, id, e.Time, e)
	if err := s.revoke(entries, err); err != nil {
		return Client{}, fmt.Errorf("revoke client: %w", err)
	}
	return c, nil
}
