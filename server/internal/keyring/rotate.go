package keyring

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/durward-auth/durward/server/internal/audit"
)

// Rotate makes the next key active, retires the active one and publishes a new next key. It is safe to call
// from several processes: one wins, the others reload and return ErrConflict.
//
// Tokens of the retired key are verified until they have expired. A verifier that cached the key set before the next
// key was published may refuse new tokens; see [Ring.Unpublished]. While MaxKeys keys verify it returns ErrTooManyKeys: a larger
// key set would be refused as a whole.
func (r *Ring) Rotate(ctx context.Context, e audit.Event) error {
	s := r.current.Load()
	if s.next == nil {
		return errors.New("rotate signing keys: there is no next key")
	}
	if s.verifying(r.config.Clock()) >= MaxKeys {
		return fmt.Errorf("rotate signing keys: %w", ErrTooManyKeys)
	}
	held := r.lock.Load()
	added, err := r.generate(held, Next)
	if err != nil {
		return fmt.Errorf("rotate signing keys: %w", err)
	}
	e.Action, e.Outcome, e.Time, e.Target, e.Count = audit.KeyRotate, audit.Success, added.CreatedAt, s.next.KeyID, 1
	return r.settle(ctx, "rotate signing keys", r.config.Store.RotateKeys(ctx, Rotation{
		MasterID: held.id, Retire: s.active.KeyID, Activate: s.next.KeyID, Add: added,
		Now: added.CreatedAt, Margin: Leeway, Overlap: r.config.Schedule.overlap(),
	}, e))
}

// verifying is how many keys are neither revoked nor expired.
func (s *snapshot) verifying(now time.Time) int {
	n := 0
	for _, key := range s.keys {
		if key.State != Revoked && (key.State != Retired || key.ExpiresAt.After(now)) {
			n++
		}
	}
	return n
}

// settle reloads after a change, or after somebody else's.
func (r *Ring) settle(ctx context.Context, op string, err error) error {
	if err != nil && !errors.Is(err, ErrConflict) {
		return fmt.Errorf("%s: %w", op, err)
	}
	if reloaded := r.Reload(ctx); reloaded != nil {
		return fmt.Errorf("%s: %w", op, reloaded)
	}
	return err
}

// Unpublished is for how long verifiers may still keep a key set without the next key: as long, a rotation would have
// some of them refuse new tokens. Without a next key it is 0.
func (r *Ring) Unpublished() time.Duration {
	s := r.current.Load()
	if s.next == nil {
		return 0
	}
	return max(0, r.config.Schedule.CacheTime-r.age(s.next, s.next.CreatedAt))
}

// Schedule returns the schedule that the ring keeps.
func (r *Ring) Schedule() Schedule { return r.config.Schedule }

// age is how long ago a change of a key was. A change in the future was made by a clock that was wrong; then it
// counts from when this process saw the key first.
func (r *Ring) age(key *ringKey, changed time.Time) time.Duration {
	now := r.config.Clock()
	if changed.After(now) {
		changed = key.seen
	}
	return max(0, now.Sub(changed))
}

// Keep does what the schedule asks for, and says whether it rotated. A key that has expired leaves the key set, and the
// next key begins to sign when it has been published for long enough and the active one is old, or of an algorithm that is
// not wanted any more.
func (r *Ring) Keep(ctx context.Context) (rotated bool, err error) {
	s, now := r.current.Load(), r.config.Clock()
	for _, key := range s.keys {
		if !key.ExpiresAt.IsZero() && !key.ExpiresAt.After(now) {
			if err := r.Reload(ctx); err != nil {
				return false, err
			}
			s = r.current.Load()
			break
		}
	}
	if s.next == nil || r.age(s.next, s.next.CreatedAt) < r.config.Schedule.Publish {
		return false, nil
	}
	reason := "schedule"
	if wanted := string(r.config.Algorithm); s.next.Algorithm == wanted && s.active.Algorithm != wanted {
		reason = "algorithm"
	} else if r.age(s.active, s.active.ActivatedAt) < r.config.Schedule.Rotation {
		return false, nil
	}
	err = r.Rotate(ctx, audit.Event{ActorName: "server", Reason: reason})
	if errors.Is(err, ErrConflict) || errors.Is(err, ErrTooManyKeys) { // there will be room when a key has expired
		return false, nil
	}
	return err == nil, err
}

// AdoptAlgorithm replaces a next key of another algorithm than keys to come have. The new one signs when Keep finds that it
// has been published for long enough.
func (r *Ring) AdoptAlgorithm(ctx context.Context) error {
	s := r.current.Load()
	if s.next == nil || s.next.Algorithm == string(r.config.Algorithm) {
		return nil
	}
	held := r.lock.Load()
	added, err := r.generate(held, Next)
	if err != nil {
		return fmt.Errorf("change the algorithm of signing keys: %w", err)
	}
	e := audit.Event{
		Time: added.CreatedAt, Action: audit.KeyCreate, Outcome: audit.Success, Reason: "algorithm", ActorName: "server", Target: added.KeyID, Count: 1,
	}
	err = r.settle(ctx, "change the algorithm of signing keys", r.config.Store.ReplaceNextKey(ctx, Replacement{
		MasterID: held.id, Drop: s.next.KeyID, Add: added,
	}, e))
	if errors.Is(err, ErrConflict) {
		return nil // another process has just changed the keys, as it was told to
	}
	return err
}
