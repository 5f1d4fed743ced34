package keyring

import (
	"context"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/durward-auth/durward/server/internal/audit"
)

// RootName is the name of the root secret's row, to which it is bound as a signing key is to its kid.
const RootName = "root secret"

// root is a random secret from which the server's other keys are derived. It stays the same when the master
// key is replaced, so that nobody is logged out then.
type root []byte

const rootSize = 32

// Derive returns a key of 32 bytes for one purpose (HKDF, RFC 5869). It is the same in every process on the
// data, and stays the same when the master key is replaced.
func (r *Ring) Derive(purpose string) []byte { return derive(r.root, purpose) }

func derive(secret []byte, purpose string) []byte {
	key, err := hkdf.Key(sha256.New, secret, nil, "durward/v1/"+purpose, 32)
	if err != nil {
		panic("keyring: derive: " + err.Error()) // only for lengths that HKDF cannot give
	}
	return key
}

// MasterID names the master key that this process uses; see [Master.ID].
func (r *Ring) MasterID() string { return r.lock.Load().id }

func (r *Ring) hold(m Master) error {
	held, err := newLock(m)
	if err != nil {
		return err
	}
	r.lock.Store(held)
	return nil
}

// checkMaster compares the master key with the one that seals the data.
func (r *Ring) checkMaster(ctx context.Context) error {
	v, err := r.config.Store.Vault(ctx)
	if err != nil {
		return fmt.Errorf("look for the master key: %w", err)
	}
	return v.check(r.lock.Load().id)
}

func (v Vault) check(id string) error {
	if v.MasterID == "" || v.MasterID == id {
		return nil
	}
	return fmt.Errorf("%w (its id is %s, that of the right one %s)", ErrMasterWrong, id, v.MasterID)
}

// follow takes over a master key that another process has put in the place of this one's.
func (r *Ring) follow(ctx context.Context) error {
	v, err := r.config.Store.Vault(ctx)
	if err != nil || v.MasterID == "" || v.MasterID == r.lock.Load().id {
		return err
	}
	if r.config.Renew == nil {
		return ErrMasterReplaced
	}
	m, err := r.config.Renew()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrMasterReplaced, err)
	}
	if m.ID() != v.MasterID {
		return ErrMasterReplaced
	}
	return r.hold(m)
}

// openRoot reads the root secret, and makes it when there is none.
func (r *Ring) openRoot(ctx context.Context) error {
	v, err := r.config.Store.Vault(ctx)
	if err == nil && v.MasterID == "" {
		secret := make([]byte, rootSize)
		rand.Read(secret)
		held := r.lock.Load()
		err = r.config.Store.InstallVault(ctx, Vault{MasterID: held.id, Sealed: held.seal(RootName, secret)})
		if err == nil || errors.Is(err, ErrConflict) {
			v, err = r.config.Store.Vault(ctx)
		}
	}
	if err != nil {
		return fmt.Errorf("open the root secret: %w", err)
	}
	if err := v.check(r.lock.Load().id); err != nil {
		return err
	}
	if r.root, err = r.lock.Load().open(RootName, v.Sealed); err != nil {
		return fmt.Errorf("the root secret: %w", err)
	}
	if len(r.root) != rootSize {
		return fmt.Errorf("the root secret has %d bytes, want %d", len(r.root), rootSize)
	}
	return nil
}

// Rewrap seals the signing keys and the root secret under another master key, all of them or none. It returns
// ErrConflict when another process did so first. Nothing that was issued is affected.
func (r *Ring) Rewrap(ctx context.Context, to Master, e audit.Event) error {
	from := r.lock.Load()
	next, err := newLock(to)
	if err != nil {
		return err
	}
	e.Action, e.Outcome, e.Time, e.Target, e.Count = audit.KeyRewrap, audit.Success, r.config.Clock(), next.id, 1
	err = r.config.Store.Rewrap(ctx, Rewrapping{From: from.id, To: next.id, Reseal: func(name, sealed string) (string, error) {
		secret, err := from.open(name, sealed)
		if err != nil {
			return "", err
		}
		return next.seal(name, secret), nil
	}}, e)
	if err != nil {
		return fmt.Errorf("replace the master key: %w", err)
	}
	r.lock.Store(next)
	return nil
}
