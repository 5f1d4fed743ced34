package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/durward-auth/durward/server"
	"github.com/durward-auth/durward/server/internal/keyring"
)

type keyRewrap struct {
	To string `help:"File of the new master key. When there is none, a new key is made there. Needed when the old one does not come from the data directory, unless DURWARD_NEW_MASTER_KEY holds the new one." placeholder:"FILE"`
}

// Help is shown by durward key rewrap --help.
func (keyRewrap) Help() string {
	return "Seals everything anew under another master key, in one step: what was issued stays valid, and nobody is logged out. " +
		"The new key is made, or read from --to or from DURWARD_NEW_MASTER_KEY. master.key in the data directory is replaced, and the old key is kept beside it, for the backups that were made with it. " +
		"A running server that has its key from a file follows by itself; one that has it from the environment goes on, and needs the new one before it can change keys or start again. " +
		"Interrupted at any point, the data opens with the old key or with the new one, and both are there."
}

// Run replaces the master key.
func (cmd *keyRewrap) Run(ctx context.Context, c *commands, term terminal) error {
	config := dataConfig(c)
	return withData(ctx, config, func(data *server.Data) error {
		to, err := cmd.newMaster(config)
		if err != nil {
			return err
		}
		done, err := data.Rewrap(ctx, to, operatorEvent())
		if errors.Is(err, keyring.ErrConflict) {
			return errors.New("another process replaced the master key at the same moment: see which one is in use with durward doctor")
		}
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(term.out, map[string]any{"master_key_id": done.ID, "file": orNull(done.InUse), "old_file": orNull(done.Old)})
		}
		_, err = fmt.Fprintln(term.out, cmd.report(done))
		return err
	})
}

// newMaster reads the new key, or makes one. What is made is on the disk before it seals anything.
func (cmd *keyRewrap) newMaster(config server.Config) (keyring.Master, error) {
	text := os.Getenv("DURWARD_NEW_MASTER_KEY")
	switch {
	case text != "" && cmd.To != "":
		return keyring.Master{}, errors.New("the new master key is given by --to and by DURWARD_NEW_MASTER_KEY: give one of them")
	case text != "":
		m, err := keyring.ParseMaster(text)
		if err != nil {
			return keyring.Master{}, fmt.Errorf("DURWARD_NEW_MASTER_KEY: %w", err)
		}
		return m, nil
	case cmd.To != "":
		if _, err := os.Lstat(cmd.To); errors.Is(err, fs.ErrNotExist) {
			return keyring.CreateMaster(cmd.To)
		}
		return keyring.ReadMaster(cmd.To)
	case config.MasterKey != "" || config.MasterKeyFile != "":
		return keyring.Master{}, errors.New("the master key does not come from the data directory: say with --to FILE where the new one is, or is to be")
	default:
		return keyring.GenerateMaster(), nil
	}
}

func (cmd *keyRewrap) report(done server.Rewrapped) string {
	text := "Everything is sealed under the master key " + done.ID + "."
	switch {
	case done.InUse != "" && done.Old != "":
		return text + "\nIt is in " + done.InUse + "; the old one is kept in " + done.Old + ", for backups that were made with it: put a copy of the new one where that of the old one is, and delete the old one here."
	case done.InUse != "":
		return text + "\nIt is in " + done.InUse + "."
	case cmd.To != "":
		return text + "\nIt is in " + cmd.To + ": servers and commands need it from now on, as DURWARD_MASTER_KEY_FILE or, as its text, as DURWARD_MASTER_KEY."
	default:
		return text + "\nIt is in DURWARD_NEW_MASTER_KEY: servers and commands need it from now on, as DURWARD_MASTER_KEY."
	}
}
