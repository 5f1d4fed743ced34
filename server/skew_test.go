package server_test

import (
	"errors"
	"testing"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/server"
	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/audit"
)

// E10, K15: two processes on the same data, whose clocks differ. What one issues, the other takes for as long as the leeway of the
// time of issue allows, and a session goes on at either.
func TestE10ProcessesWhoseClocksDiffer(t *testing.T) {
	for _, skew := range []struct {
		ahead time.Duration // of the one that issues
		want  error
	}{
		{59 * time.Second, nil}, {90 * time.Second, durward.ErrTokenClaims},
		{-59 * time.Second, nil}, {-90 * time.Second, nil}, {-15 * time.Minute, durward.ErrTokenExpired},
	} {
		t.Run(skew.ahead.String(), func(t *testing.T) {
			now := time.Now().Truncate(time.Second)
			dir := t.TempDir()
			open := func(at time.Time) *server.Data {
				t.Helper()
				d, err := server.OpenData(t.Context(), server.Config{DataDir: dir, Issuer: "https://id.test", Clock: func() time.Time { return at }})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() {
					if err := d.Close(); err != nil {
						t.Error(err)
					}
				})
				return d
			}
			a, b := open(now.Add(skew.ahead)), open(now)
			ada, err := a.Accounts.CreateUser(t.Context(), account.NewUser{Username: "ada", Password: "correct horse battery"}, account.Operator, audit.Origin{})
			if err != nil {
				t.Fatal(err)
			}
			grant, err := a.Accounts.IssueToken(t.Context(), ada, "", account.Operator, audit.Origin{})
			if err != nil {
				t.Fatal(err)
			}
			verifier, err := b.Verifier()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := verifier.Verify(t.Context(), grant.AccessToken); !errors.Is(err, skew.want) {
				t.Errorf("E10: a token of a clock %v ahead: got %v, want %v", skew.ahead, err, skew.want)
			}
			renewed, err := b.Accounts.Refresh(t.Context(), grant.RefreshToken, "", audit.Origin{})
			if err != nil {
				t.Fatalf("E10: the session at the other: %v", err)
			}
			if _, err := verifier.Verify(t.Context(), renewed.AccessToken); err != nil {
				t.Errorf("E10: a token of its own for that session: %v", err)
			}
			if _, err := a.Accounts.Refresh(t.Context(), renewed.RefreshToken, "", audit.Origin{}); err != nil {
				t.Errorf("E10: the session back at the first: %v", err)
			}
		})
	}
}
