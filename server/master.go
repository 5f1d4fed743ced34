package server

import (
	"context"
	"errors"
	"fmt"

	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/keyring"
	"github.com/durward-auth/durward/server/internal/store"
)

// openMaster reads the master key. It makes a new one only for data without any signing key: with a
// new one in place of a lost one, nothing that was sealed could ever be opened.
func openMaster(ctx context.Context, c Config, db *store.DB) (keyring.Master, error) {
	vault, err := db.Vault(ctx)
	if err != nil {
		return keyring.Master{}, err
	}
	master, err := readMaster(c, vault.MasterID)
	if !errors.Is(err, keyring.ErrMasterMissing) || c.MasterKeyFile != "" {
		return master, err
	}
	keys, listed := db.Keys(ctx, c.Clock())
	if listed != nil {
		return keyring.Master{}, listed
	}
	if len(keys) > 0 || vault.MasterID != "" || c.Existing {
		return keyring.Master{}, err
	}
	return keyring.CreateMaster(MasterKeyPath(c.DataDir))
}

// readMaster reads the master key from where the configuration has it. id is that of the key that seals the
// data, or "" when it is not known.
func readMaster(c Config, id string) (keyring.Master, error) {
	switch {
	case c.MasterKey != "":
		return keyring.ParseMaster(c.MasterKey)
	case c.MasterKeyFile != "":
		return keyring.ReadMaster(c.MasterKeyFile)
	default:
		return keyring.FindMaster(MasterKeyPath(c.DataDir), id)
	}
}

// Rewrapped says what became of the master keys.
type Rewrapped struct {
	ID    string // names the new key
	InUse string // the file of the new key, when commands and servers read it from there by themselves
	Old   string // the file where the old key is kept, if this program keeps it
}

// Rewrap replaces the master key: everything that was sealed is sealed anew, or nothing. Whatever was issued stays
// valid. When the master key is the data directory's, the file is replaced too, and the old key is kept
// beside it; interrupted at any point, the next start goes on with the right one. Otherwise nobody can use the data without to, so
// the caller must have stored it.
//
// A running server follows when it reads the key from a file; one that has it from the environment goes on with the keys
// that it knows, and changes none until it is started with the new one.
func (d *Data) Rewrap(ctx context.Context, to keyring.Master, e audit.Event) (Rewrapped, error) {
	if to.ID() == d.Keys.MasterID() {
		return Rewrapped{}, errors.New("this is the master key in use already: nothing was changed")
	}
	own := d.config.MasterKey == "" && d.config.MasterKeyFile == ""
	path := MasterKeyPath(d.config.DataDir)
	if own {
		if err := keyring.StageMaster(path, to); err != nil {
			return Rewrapped{}, err
		}
	}
	if err := d.Keys.Rewrap(context.WithoutCancel(ctx), to, e); err != nil {
		if !own {
			return Rewrapped{}, err
		}
		if errors.Is(err, store.ErrUnknownOutcome) { // it may take place even now
			return Rewrapped{}, fmt.Errorf("the new key stays beside %s, and takes its place if everything was sealed under it: %w", path, err)
		}
		return Rewrapped{}, errors.Join(err, d.unstage(ctx, path, to))
	}
	done := Rewrapped{ID: to.ID()}
	if !own {
		return done, nil
	}
	old, err := keyring.AdoptMaster(path, to.ID())
	if err != nil {
		return Rewrapped{}, fmt.Errorf("everything is sealed under the new key, the next command puts it in its place: %w", err)
	}
	done.InUse, done.Old = path, old
	return done, nil
}

// unstage removes a new key after a failure, unless what failed was only to hear of the success.
func (d *Data) unstage(ctx context.Context, path string, to keyring.Master) error {
	vault, err := d.Store.Vault(context.WithoutCancel(ctx))
	if err != nil || vault.MasterID == to.ID() {
		return err
	}
	return keyring.UnstageMaster(path, to)
}
