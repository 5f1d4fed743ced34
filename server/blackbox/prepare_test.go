package blackbox_test

import (
	"testing"

	"github.com/durward-auth/durward/server"
	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/audit"
)

// openSessions opens many sessions of a user as durward token issue does, without the cost of a password hash or of a
// process each. Servers of the same data may run meanwhile.
func openSessions(t *testing.T, data, name string, n int) []tokens {
	t.Helper()
	opened, err := server.OpenData(t.Context(), server.Config{DataDir: data, Issuer: issuer})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := opened.Close(); err != nil {
			t.Error(err)
		}
	}()
	user, err := opened.Accounts.FindUser(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	sessions := make([]tokens, n)
	failed := make([]error, n)
	const atOnce = 250 // fewer than the store lets wait
	for from := 0; from < n; from += atOnce {
		together(min(atOnce, n-from), func(i int) {
			grant, err := opened.Accounts.IssueToken(t.Context(), user, "", account.Operator, audit.Origin{Address: "cli"})
			sessions[from+i] = tokens{Access: grant.AccessToken, Refresh: grant.RefreshToken, Session: grant.SessionID}
			failed[from+i] = err
		})
	}
	for _, err := range failed {
		if err != nil {
			t.Fatal(err)
		}
	}
	return sessions
}
