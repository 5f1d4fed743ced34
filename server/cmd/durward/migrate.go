package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/durward-auth/durward/server"
)

type migrateCommand struct {
	Status bool `help:"Only show the version of the schema and that of this program. Exits with 1 when there is something to migrate."`
}

// Help is shown by durward migrate --help.
func (migrateCommand) Help() string {
	return "Brings the schema of the database to that of this program, as durward serve does at its start unless it has --no-migrate. With SQLite no server may run meanwhile. " +
		"With PostgreSQL one process migrates while others wait, and servers of the release before go on: migrate, then replace them one by one. " +
		"There is no way back: make a backup first. A schema of a later program is refused."
}

// Run migrates the data, or says whether it should be.
func (cmd *migrateCommand) Run(ctx context.Context, c *commands, term terminal) error {
	config := dataConfig(c)
	if config.Database == "" {
		if _, err := os.Stat(server.DatabasePath(config.DataDir)); errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("there is no data in %s: %w", config.DataDir, errNoData)
		}
	}
	before, known, err := server.Schema(ctx, config)
	if err != nil {
		return err
	}
	after := before
	if !cmd.Status {
		if after, err = server.Migrate(ctx, config); err != nil {
			return err
		}
	}
	if c.JSON {
		err = printJSON(term.out, map[string]any{"before": before, "schema": after, "program": known, "pending": known > after})
	} else {
		err = printSchema(term, before, after, known)
	}
	if err == nil && known > after {
		err = errSilent
	}
	return err
}

func printSchema(term terminal, before, after, known int64) error {
	switch {
	case known > after:
		fmt.Fprintf(term.out, "The schema has version %d, and this program %d: durward migrate brings it up to date.\n", after, known)
	case after > before:
		fmt.Fprintf(term.out, "Migrated the schema from version %d to %d.\n", before, after)
	default:
		fmt.Fprintf(term.out, "The schema has version %d, which is that of this program.\n", after)
	}
	return nil
}
