package keyring

import (
	"context"
	"errors"
	"fmt"

	"github.com/durward-auth/durward/server/internal/audit"
)

// revokeAttempts bounds how often a revocation begins again because another process changed the keys.
const revokeAttempts = 20

// Revoke refuses every token of a key from now on, whenever it was signed, and erases its private part. When the
// key is active, the next one signs at once; when it is active or next, a new next key is published. A key that is
// revoked already stays so, and nothing is changed. The errors are ErrKeyUnknown and ErrKeyExpired.
//
// It is safe to call from several processes.
func (r *Ring) Revoke(ctx context.Context, kid string, e audit.Event) error {
	for range revokeAttempts {
		err := r.revoke(ctx, kid, e)
		if !errors.Is(err, ErrConflict) {
			return err
		}
	}
	return fmt.Errorf("revoke signing key: %w", ErrConflict)
}

func (r *Ring) revoke(ctx context.Context, kid string, e audit.Event) error {
	s, held, now := r.current.Load(), r.lock.Load(), r.config.Clock()
	change := Revocation{MasterID: held.id, KeyID: kid, Now: now, Until: now.Add(RevokedFor)}
	if key := s.byID[kid]; key != nil {
		change.From = key.State
	}
	if change.From == Active || change.From == Next {
		if s.next == nil {
			return errors.New("revoke signing key: there is no next key")
		}
		added, err := r.generate(held, Next)
		if err != nil {
			return fmt.Errorf("revoke signing key: %w", err)
		}
		change.Add = &added
	}
	if change.From == Active {
		change.Activate = s.next.KeyID
	}
	e.Action, e.Outcome, e.Time, e.Target, e.Count = audit.KeyRevoke, audit.Success, now, kid, 1
	entries, err := r.config.Store.RevokeKey(ctx, change, e)
	if err == nil && r.config.OnRevoke != nil {
		r.config.OnRevoke(entries...)
	}
	return r.settle(ctx, "revoke signing key", err)
}
