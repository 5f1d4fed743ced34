package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"time"

	"github.com/durward-auth/durward/server"
	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/keyring"
	"github.com/durward-auth/durward/server/internal/store"
)

type doctorCommand struct{}

// Help is shown by durward doctor --help.
func (doctorCommand) Help() string {
	return "Looks at the data directory and changes nothing in it. Exits with 1 when something must be mended."
}

// finding is one thing that was looked at.
type finding struct {
	Check  string `json:"check"`
	State  string `json:"state"` // ok, warning or problem
	Detail string `json:"detail"`
}

type findings []finding

func (f *findings) ok(check, detail string)      { *f = append(*f, finding{check, "ok", detail}) }
func (f *findings) warning(check, detail string) { *f = append(*f, finding{check, "warning", detail}) }
func (f *findings) problem(check string, err error) {
	*f = append(*f, finding{check, "problem", err.Error()})
}

// Run prints every finding.
func (doctorCommand) Run(ctx context.Context, c *commands, term terminal) error {
	var f findings
	f.examine(ctx, c)
	broken := slices.ContainsFunc(f, func(one finding) bool { return one.State == "problem" })
	if c.JSON {
		if err := printJSON(term.out, map[string]any{"healthy": !broken, "findings": f}); err != nil {
			return err
		}
	} else {
		rows := make([][]string, len(f))
		for i, one := range f {
			rows[i] = []string{one.State, one.Check, one.Detail}
		}
		if err := printTable(term.out, []string{"STATE", "CHECK", "FOUND"}, rows); err != nil {
			return err
		}
	}
	if broken {
		return errSilent
	}
	return nil
}

func (f *findings) examine(ctx context.Context, c *commands) {
	if !f.files(c) {
		return
	}
	config := dataConfig(c)
	config.Existing = true
	data, err := server.OpenData(ctx, config)
	if err != nil {
		f.problem("opening", err)
		return
	}
	defer func() {
		if err := data.Close(); err != nil {
			f.problem("closing", err)
		}
	}()
	sound := "every page and reference is sound"
	if c.database != "" {
		sound = "every reference and index is sound; PostgreSQL itself checks its pages"
	}
	f.database(ctx, data, sound)
	f.keys(data)
	f.administrator(ctx, data)
	f.backup(ctx, data)
	release, err := data.Store.LockServer()
	switch {
	case errors.Is(err, store.ErrLocked):
		f.ok("server", "a server is running on this data")
	case err != nil:
		f.problem("server", err)
	default:
		f.ok("server", "no server is running on this data")
		if err := release(); err != nil {
			f.problem("server", err)
		}
	}
}

// files looks at the directory and says whether there is a database.
func (f *findings) files(c *commands) bool {
	info, err := os.Stat(c.Data)
	if c.database != "" && os.Getenv("DURWARD_MASTER_KEY") != "" && errors.Is(err, os.ErrNotExist) {
		f.ok("database", c.database.String())
		return true // there is nothing to keep in a directory
	}
	if errors.Is(err, os.ErrNotExist) {
		f.problem("data directory", fmt.Errorf("%s does not exist: durward serve makes it, --data names another", c.Data))
		return false
	}
	if err != nil {
		f.problem("data directory", err)
		return false
	}
	if mode := info.Mode().Perm(); runtime.GOOS != "windows" && mode&0o077 != 0 {
		f.warning("data directory", fmt.Sprintf("others may look into it (mode %04o): run chmod 700 %s", mode, shellQuote(c.Data)))
	} else {
		f.ok("data directory", c.Data)
	}
	if c.database != "" {
		f.ok("database", c.database.String())
		return true
	}
	info, err = os.Stat(server.DatabasePath(c.Data))
	if err != nil {
		f.problem("database", fmt.Errorf("there is none in %s: durward serve makes it, --data names another directory", c.Data))
		return false
	}
	f.ok("database", fmt.Sprintf("%d KiB", info.Size()>>10))
	return true
}

func (f *findings) database(ctx context.Context, data *server.Data, sound string) {
	if err := data.Store.Check(ctx); err != nil {
		f.problem("integrity", err)
	} else {
		f.ok("integrity", sound)
	}
	version, err := data.Store.SchemaVersion(ctx)
	if err != nil {
		f.problem("schema", err)
		return
	}
	f.ok("schema", fmt.Sprintf("version %d", version))
}

func (f *findings) keys(data *server.Data) {
	f.schedule(data)
	for _, record := range data.Keys.Records() {
		if record.State != keyring.Active {
			continue
		}
		age := time.Since(record.ActivatedAt)
		detail := fmt.Sprintf("the master key %s opens them; %s signs since %s", data.Keys.MasterID(), record.KeyID, moment(record.ActivatedAt))
		switch {
		case age < 0:
			f.warning("signing keys", "the active key was activated in the future: is the clock right?")
		case age > 90*24*time.Hour:
			f.warning("signing keys", detail+": no server has rotated for more than 90 days")
		default:
			f.ok("signing keys", detail)
		}
	}
}

// schedule tells what the last server on the data was told, which was checked when the data was opened.
func (f *findings) schedule(data *server.Data) {
	s := data.Keys.Schedule()
	f.ok("key schedule", fmt.Sprintf("a key signs for %v, after it was published for %v, and verifies for %v after that", s.Rotation, s.Publish, max(s.Overlap, s.TokenLife+keyring.Leeway)))
	unused, old, err := keyring.Leftovers(server.MasterKeyPath(data.Dir()))
	if err != nil {
		f.problem("master key", err)
	}
	for _, path := range unused {
		f.warning("master key", fmt.Sprintf("%s was made by a durward key rewrap that was interrupted, and seals nothing: delete it", path))
	}
	for _, path := range old {
		f.warning("master key", fmt.Sprintf("%s is an old one: put it where the backups are that were made with it, and delete it here", path))
	}
}

// backup tells of the last one if any is known: whoever copies the database in other ways leaves no trace.
func (f *findings) backup(ctx context.Context, data *server.Data) {
	last, err := data.LastBackup(ctx)
	if err != nil {
		f.problem("last backup", err)
		return
	}
	if !last.IsZero() {
		f.ok("last backup", moment(last))
	}
}

func (f *findings) administrator(ctx context.Context, data *server.Data) {
	page := account.Page{Limit: 1000}
	for {
		users, err := data.Accounts.ListUsers(ctx, page)
		if err != nil {
			f.problem("administrator", err)
			return
		}
		for _, u := range users {
			if !u.Disabled() && slices.Contains(u.Roles, account.AdminRole) {
				f.ok("administrator", u.Name)
				return
			}
		}
		if len(users) < page.Limit {
			f.warning("administrator", "there is none: durward user add NAME --role admin")
			return
		}
		page.After = users[len(users)-1].Canonical
	}
}
