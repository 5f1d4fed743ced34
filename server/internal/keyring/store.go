package keyring

import (
	"context"
	"errors"
	"time"

	"github.com/durward-auth/durward/revocation"
	"github.com/durward-auth/durward/server/internal/audit"
)

// State is where a signing key stands in its life.
type State string

const (
	// Next is published in the key set and does not sign yet.
	Next State = "next"
	// Active signs. There is exactly one.
	Active State = "active"
	// Retired verifies until the last token that it signed has expired.
	Retired State = "retired"
	// Revoked is refused at once and everywhere; its private part is gone.
	Revoked State = "revoked"
)

// Record is a signing key as it is stored: its private part is sealed under the
// master key and bound to the kid.
type Record struct {
	KeyID       string
	Algorithm   string
	State       State
	Sealed      string // versioned envelope, base64url; empty when it is not needed any more
	CreatedAt   time.Time
	ActivatedAt time.Time     // zero until active
	RetiredAt   time.Time     // zero until retired
	RevokedAt   time.Time     // zero unless revoked
	ExpiresAt   time.Time     // when a retired key stops verifying, and a revoked one is forgotten
	TokenLife   time.Duration // the most that a token signed with it lives
}

// Vault is what the master key seals beside the signing keys.
type Vault struct {
	MasterID string // Master.ID of the master key that seals everything
	Sealed   string // the root secret, sealed
}

// The refusals of a Store.
var (
	// ErrConflict says that another process changed the keys first; reload and look again.
	ErrConflict = errors.New("the signing keys were changed by another process")
	// ErrMasterReplaced says that the master key of this process seals nothing any more.
	ErrMasterReplaced = errors.New("the master key was replaced while this process ran: start it again with the new one")
	// ErrKeyUnknown says that no signing key has the kid.
	ErrKeyUnknown = errors.New("there is no such signing key")
	// ErrTooManyKeys says that the key set has no room for another key.
	ErrTooManyKeys = errors.New("as many signing keys as a key set may hold still verify: wait until a retired one has expired, or revoke one")
	// ErrKeyExpired says that every token of the key has expired, so that there is nothing to revoke.
	ErrKeyExpired = errors.New("the signing key retired so long ago that it verifies nothing any more")
)

// Store keeps the ring. Each method is one atomic act. Those that store something sealed return
// ErrMasterReplaced, and change nothing, when it is not sealed under the current master key.
type Store interface {
	// Keys returns every key that has not expired, in order of creation.
	Keys(ctx context.Context, now time.Time) ([]Record, error)

	// InstallKeys stores the first keys if there are none at all; otherwise it changes
	// nothing and returns ErrConflict.
	InstallKeys(ctx context.Context, keys []Record, e audit.Event) error

	// RotateKeys retires the active key r.Retire until its last token has expired, activates the next key
	// r.Activate and adds r.Add as the new next key. When the keys are not in these
	// states any more it changes nothing and returns ErrConflict. Private parts of keys that have expired are erased.
	RotateKeys(ctx context.Context, r Rotation, e audit.Event) error

	// ReplaceNextKey forgets the next key, which has never signed, and adds another. It returns ErrConflict
	// when the key is not next any more.
	ReplaceNextKey(ctx context.Context, r Replacement, e audit.Event) error

	// RevokeKey revokes a key, erases its private part, and puts others in its place as r says. It returns
	// the entries that it stored; for a key that is revoked already those of then, and nothing is changed. It returns
	// ErrKeyUnknown, ErrKeyExpired, and ErrConflict when the keys are not in the states that r supposes.
	RevokeKey(ctx context.Context, r Revocation, e audit.Event) ([]revocation.Entry, error)

	// RaiseTokenLife sees to it that the keys that sign, now or next, are remembered for at least life.
	RaiseTokenLife(ctx context.Context, life time.Duration) error

	// RecordEvents stores events that change nothing else.
	RecordEvents(ctx context.Context, events []audit.Event) error

	// Vault returns the vault, or the zero one when there is none yet.
	Vault(ctx context.Context) (Vault, error)
	// InstallVault stores the vault; ErrConflict when there is one.
	InstallVault(ctx context.Context, v Vault) error
	// Rewrap seals everything anew, in one act. It returns ErrConflict when r.From is not the current master key.
	Rewrap(ctx context.Context, r Rewrapping, e audit.Event) error
}

// Rotation is one step of the ring.
type Rotation struct {
	MasterID string // of the master key under which Add is sealed
	Retire   string // kid of the active key
	Activate string // kid of the next key
	Add      Record // the new next key
	Now      time.Time
	// Margin is for how long beyond the life of its tokens a retired key verifies, Overlap for how long at least.
	Margin, Overlap time.Duration
}

// Replacement puts another key in the place of the next one.
type Replacement struct {
	MasterID string // of the master key under which Add is sealed
	Drop     string // kid of the next key
	Add      Record // the new next key
}

// Revocation takes a key out of the ring.
type Revocation struct {
	MasterID string // of the master key under which Add is sealed
	KeyID    string
	From     State   // in which the key is thought to be; empty if it is not known
	Activate string  // kid of the next key, when From is Active
	Add      *Record // the new next key, when From is Active or Next
	Now      time.Time
	Until    time.Time // when the revocation may be forgotten
}

// Rewrapping replaces the master key.
type Rewrapping struct {
	From, To string // Master.ID of each
	// Reseal opens what the name's row has and seals it under the new master key.
	Reseal func(name, sealed string) (string, error)
}

// VerifiesUntil is when a retired key stops verifying; zero for a key in another state.
func (r Record) VerifiesUntil() time.Time {
	if r.State != Retired {
		return time.Time{}
	}
	return r.ExpiresAt
}
