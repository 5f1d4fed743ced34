package blackbox_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/durward-auth/durward/server"
	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/audit"
)

// openSessions opens many sessions of a user as durward token issue does, without the cost of a password hash or of a
// process each. Servers of the same data may run meanwhile.
func openSessions(t *testing.T, data, name string, n int) []tokens {
	t.Helper()
	return opened(t, data, "").sessions(name, n)
}

// operator works on data as the commands do.
type operator struct {
	t    *testing.T
	data *server.Data
}

// opened opens an SQLite file or, with a URL, a PostgreSQL database.
func opened(t *testing.T, data, url string) *operator {
	t.Helper()
	return openedAs(t, server.Config{DataDir: data, Database: url, Issuer: issuer})
}

func openedAs(t *testing.T, c server.Config) *operator {
	t.Helper()
	d, err := server.OpenData(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return &operator{t, d}
}

func (o *operator) close() {
	o.t.Helper()
	if err := o.data.Close(); err != nil {
		o.t.Error(err)
	}
}

// sessions opens sessions of a user and closes the data.
func (o *operator) sessions(name string, n int) []tokens {
	o.t.Helper()
	defer o.close()
	return o.open(name, n)
}

func (o *operator) open(name string, n int) []tokens {
	o.t.Helper()
	user, err := o.data.Accounts.FindUser(o.t.Context(), name)
	if err != nil {
		o.t.Fatal(err)
	}
	sessions := make([]tokens, n)
	failed := make([]error, n)
	const atOnce = 250 // fewer than the store lets wait
	for from := 0; from < n; from += atOnce {
		together(min(atOnce, n-from), func(i int) {
			grant, err := o.issue(user)
			sessions[from+i] = tokens{Access: grant.AccessToken, Refresh: grant.RefreshToken, Session: grant.SessionID}
			failed[from+i] = err
		})
	}
	for _, err := range failed {
		if err != nil {
			o.t.Fatal(err)
		}
	}
	return sessions
}

// issue opens a session, and asks again when the database is busy.
func (o *operator) issue(user account.User) (account.Grant, error) {
	for begin := time.Now(); ; {
		grant, err := o.data.Accounts.IssueToken(o.t.Context(), user, "", account.Operator, audit.Origin{Address: "cli"})
		var busy *account.BusyError
		if !errors.As(err, &busy) || time.Since(begin) > patience {
			return grant, err
		}
	}
}

// user makes a user with roles, and the one password.
func (o *operator) user(name string, roles ...string) string {
	o.t.Helper()
	u, err := o.data.Accounts.CreateUser(context.WithoutCancel(o.t.Context()),
		account.NewUser{Username: name, Password: password, Roles: roles}, account.Operator, audit.Origin{Address: "cli"})
	if err != nil {
		o.t.Fatal(err)
	}
	return u.ID
}
