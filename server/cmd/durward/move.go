package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/durward-auth/durward/server"
)

type moveCommand struct {
	From string `help:"Where the data is: sqlite:DIR or postgres://…" placeholder:"PLACE"`
	To   string `help:"Where it goes, which must be empty: sqlite:DIR or postgres://…" placeholder:"PLACE"`
	Undo bool   `help:"Let servers start again on --from, from which data was moved. What was changed or revoked since in the other place is not there."`
}

// Help is shown by durward move --help.
func (moveCommand) Help() string {
	return "Moves all data between a directory with SQLite and a PostgreSQL database, in either direction or between two of a kind. Stop every server first. " +
		"Every row is compared by checksum. Sessions and tokens stay valid, and what was revoked stays revoked. The master key stays the same: the command says where it must be. " +
		"From its beginning on nothing starts on the old data, and nothing on the new data before its end. Interrupted, run it again, or take it back with --undo. " +
		"A password of a database belongs into DURWARD_FROM or DURWARD_TO, PGPASSWORD or a password file."
}

// Run moves the data.
func (cmd *moveCommand) Run(ctx context.Context, c *commands, term terminal) error {
	from, err := place(c, "--from", cmd.From)
	if err != nil {
		return err
	}
	if cmd.Undo {
		return cmd.undo(ctx, c, term, from)
	}
	to, err := place(c, "--to", cmd.To)
	if err != nil {
		return err
	}
	progress, done := showProgress(term, c.JSON)
	report, err := server.Move(ctx, from, to, progress, operatorEvent())
	done()
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(term.out, map[string]any{
			"from": report.From, "to": report.To, "rows": report.Rows, "tables": report.Tables, "master_key_id": report.MasterKeyID, "completed_earlier": report.Again,
		})
	}
	if report.Again {
		fmt.Fprintf(term.out, "An earlier move had brought everything to %s; now the old data is marked as moved.\n", report.To)
	} else {
		fmt.Fprintf(term.out, "Moved %d rows of %d tables from %s to %s. The checksums are right.\n", report.Rows, len(report.Tables), report.From, report.To)
	}
	_, err = fmt.Fprintf(term.out, `Sessions, tokens and revocations go on as they were. Nothing starts on the old data any more; durward move --undo --from %s would allow it again.
The master key %s stays in force: %s
`, shellQuote(cmd.shown(from)), report.MasterKeyID, cmd.masterKey(from, to))
	return err
}

// masterKey says where the master key must be.
func (cmd *moveCommand) masterKey(from, to server.Config) string {
	switch {
	case to.Database == "":
		return fmt.Sprintf("put it into %s with mode 0600, or name it with DURWARD_MASTER_KEY_FILE.", server.MasterKeyPath(to.DataDir))
	case from.Database == "":
		return fmt.Sprintf("give it to every server on the database as DURWARD_MASTER_KEY_FILE, or as master.key in its --data; it is in %s unless you keep it elsewhere.", server.MasterKeyPath(from.DataDir))
	default:
		return "servers need it as before."
	}
}

// shown is a place without its password.
func (cmd *moveCommand) shown(config server.Config) string {
	if config.Database != "" {
		return database(config.Database).String()
	}
	return "sqlite:" + config.DataDir
}

func (cmd *moveCommand) undo(ctx context.Context, c *commands, term terminal, from server.Config) error {
	if cmd.To != "" {
		return errors.New("--undo takes --from alone")
	}
	state, err := server.UndoMove(ctx, from)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(term.out, map[string]any{"from": cmd.shown(from), "to": state.To, "moved_at": instant(state.At)})
	}
	_, err = fmt.Fprintf(term.out, `Servers may start on %s again. Let none run on %s any more: it has the same users and keys.
What was changed there since %s is not here, and what was revoked there is valid here: durward user revoke NAME ends what a user holds.
`, cmd.shown(from), state.To, moment(state.At))
	return err
}

// place reads sqlite:DIR or a URL.
func place(c *commands, flag, text string) (server.Config, error) {
	config := dataConfig(c)
	config.Database = ""
	dir, isDir := strings.CutPrefix(text, "sqlite:")
	switch {
	case text == "":
		return server.Config{}, fmt.Errorf("%s is missing: it is sqlite:DIR or postgres://…", flag)
	case isDir && dir != "":
		config.DataDir = dir
	case strings.HasPrefix(text, "postgres://"), strings.HasPrefix(text, "postgresql://"):
		config.Database = text
	default:
		return server.Config{}, fmt.Errorf("%s is neither sqlite:DIR nor postgres://…", flag)
	}
	return config, nil
}
