package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/durward-auth/durward/server"
	"github.com/durward-auth/durward/server/internal/archive"
	"github.com/durward-auth/durward/server/internal/store"
)

type backupCommand struct {
	To    string `arg:"" name:"file|dir" help:"File to write, or a directory in which it is named by the time."`
	Force bool   `help:"Replace a file that is there."`
}

// Help is shown by durward backup --help.
func (backupCommand) Help() string {
	return "Writes all data, as it is at one moment, into one file: users, sessions, revocations, the audit log, and the signing keys as they are stored, sealed. A running server goes on. " +
		"The master key is not in the file: without a copy of it, kept elsewhere, nobody can restore the backup. " +
		"The file holds password hashes and e-mail addresses, and only its owner may read it. It appears under its name when it is whole and on the disk. " +
		"It restores into SQLite and into PostgreSQL, whichever it came from: durward restore."
}

// Run writes the backup.
func (cmd *backupCommand) Run(ctx context.Context, c *commands, term terminal) error {
	progress, done := showProgress(term, c.JSON)
	report, err := server.Backup(ctx, dataConfig(c), server.BackupOptions{
		Path: cmd.To, Replace: cmd.Force, Progress: progress, Event: operatorEvent(),
	})
	done()
	switch {
	case errors.Is(err, archive.ErrExists):
		return fmt.Errorf("%w (--force replaces it)", err)
	case errors.Is(err, store.ErrNothing):
		return fmt.Errorf("%w: %w", err, errNoData)
	case err != nil:
		return err
	}
	m := report.Manifest
	if c.JSON {
		return printJSON(term.out, map[string]any{
			"file": report.Path, "bytes": report.Bytes, "rows": m.Rows(), "tables": m.Tables, "created_at": instant(m.CreatedAt),
			"database": m.Database, "schema": m.Schema, "master_key_id": m.MasterKeyID, "recorded": report.Unrecorded == nil,
		})
	}
	fmt.Fprintf(term.out, "The backup is in %s: %d rows of %d tables, %d KiB, as of %s.\n",
		report.Path, m.Rows(), len(m.Tables), (report.Bytes+1023)>>10, moment(m.CreatedAt))
	fmt.Fprintf(term.out, "The master key %s is not in it, and it cannot be restored without: keep a copy of that key in another place.\n", m.MasterKeyID)
	if report.Unrecorded != nil {
		fmt.Fprintf(term.err, "durward: the backup is good, but the audit log does not tell of it: %v\n", report.Unrecorded)
	}
	return nil
}
