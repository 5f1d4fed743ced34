package main

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// database is the URL of a PostgreSQL database. It prints without its password.
type database string

// String implements fmt.Stringer.
func (d database) String() string {
	if d == "" {
		return ""
	}
	u, err := url.Parse(string(d))
	if err != nil || u.Opaque != "" {
		return "[unreadable]"
	}
	query := u.Query()
	for name := range query {
		if strings.Contains(strings.ToLower(name), "password") {
			query.Set(name, "xxxxx")
		}
	}
	u.RawQuery = query.Encode()
	return u.Redacted()
}

// exposed reports whether the command line shows a password to everybody on this machine.
func (d database) exposed(parsed *kong.Context) bool {
	return strings.Contains(d.String(), "xxxxx") && slices.ContainsFunc(parsed.Path, func(element *kong.Path) bool {
		return element.Flag != nil && element.Flag.Name == "db" && !element.Resolved
	})
}

// AfterApply reads the file of --db-file.
func (c *commands) AfterApply() error {
	if c.database = c.DB; c.DBFile == "" {
		return nil
	}
	if c.DB != "" {
		return errors.New("--db and --db-file exclude each other")
	}
	text, err := os.ReadFile(c.DBFile)
	if err != nil {
		return fmt.Errorf("--db-file: %w", err)
	}
	if c.database = database(strings.TrimSpace(string(text))); c.database == "" {
		return fmt.Errorf("--db-file: %s is empty", c.DBFile)
	}
	return nil
}
