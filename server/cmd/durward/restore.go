package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/durward-auth/durward/server"
	"github.com/durward-auth/durward/server/internal/store"
)

type restoreCommand struct {
	File string `arg:"" help:"Backup that durward backup has written."`
}

// Help is shown by durward restore --help.
func (restoreCommand) Help() string {
	return "Fills an empty --data directory, or an empty --db database, from a backup. Put the master key that sealed the backup in place first: as master.key in --data, or with DURWARD_MASTER_KEY_FILE. " +
		"A backup does not know what was revoked after it was made. So nothing that was issued before counts any more: every session ends, every signing key is revoked and replaced, and verifiers that follow the revocations begin anew. Everybody logs in again. " +
		"Nothing starts on the data before it was compared with the backup's checksums. Interrupted, run it again."
}

// Run restores the backup.
func (cmd *restoreCommand) Run(ctx context.Context, c *commands, term terminal) error {
	progress, done := showProgress(term, c.JSON)
	report, err := server.Restore(ctx, dataConfig(c), server.RestoreOptions{Path: cmd.File, Progress: progress, Event: operatorEvent()})
	done()
	if errors.Is(err, store.ErrNotEmpty) {
		return fmt.Errorf("%w: name an empty --data directory, or an empty --db database", err)
	}
	if err != nil {
		return err
	}
	m := report.Manifest
	if c.JSON {
		return printJSON(term.out, map[string]any{
			"rows": m.Rows(), "created_at": instant(m.CreatedAt), "master_key_id": m.MasterKeyID, "schema": report.Schema,
			"ended_sessions": report.Renewed.Sessions, "revoked_keys": report.Renewed.Keys,
		})
	}
	_, err = fmt.Fprintf(term.out, `Restored %d rows of %d tables, as of %s. The checksums are right.
Whatever was issued before is refused from now on: %d sessions have ended and %d signing keys were revoked. Everybody logs in again.
Whoever verifies tokens by the key set alone learns of it when the copy expires (--key-set-max-age).
What was changed after %s is undone, and only you can know of it: users and clients that were disabled, deleted or revoked are back, and so are old passwords, secrets, roles and scopes.
`, m.Rows(), len(m.Tables), moment(m.CreatedAt), report.Renewed.Sessions, report.Renewed.Keys, moment(m.CreatedAt))
	return err
}
