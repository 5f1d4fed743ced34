package keyring

import (
	"context"
	"errors"
	"time"

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
)

// Record is a signing key as it is stored: its private part is sealed under the
// master key and bound to the kid.
type Record struct {
	KeyID       string
	Algorithm   string
	State       State
	Sealed      string // versioned envelope, base64url
	CreatedAt   time.Time
	ActivatedAt time.Time // zero until active
	RetiredAt   time.Time // zero until retired
	ExpiresAt   time.Time // retired only: when it stops verifying
}

// ErrConflict says that another process changed the keys first; reload and look again.
var ErrConflict = errors.New("the signing keys were changed by another process")

// Store keeps the ring. Each method is one atomic act.
type Store interface {
	// Keys returns every key that has not expired, in order of creation.
	Keys(ctx context.Context, now time.Time) ([]Record, error)

	// InstallKeys stores the first keys if there are none at all; otherwise it changes
	// nothing and returns ErrConflict.
	InstallKeys(ctx context.Context, keys []Record, e audit.Event) error

	// RotateKeys retires the active key r.Retire until r.RetiredUntil, activates the next key
	// r.Activate and adds r.Add as the new next key. When the keys are not in these
	// states any more it changes nothing and returns ErrConflict.
	RotateKeys(ctx context.Context, r Rotation, e audit.Event) error
}

// Rotation is one step of the ring.
type Rotation struct {
	Retire       string // kid of the active key
	Activate     string // kid of the next key
	Add          Record // the new next key
	Now          time.Time
	RetiredUntil time.Time
}
