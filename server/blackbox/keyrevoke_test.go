//go:build unix

package blackbox_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/jwks"
	"github.com/durward-auth/durward/revocation"
)

// E05: the key that signs is revoked, by the route and by the command in turns. A verifier elsewhere that follows the revocations
// refuses its tokens within the bound of the feed, and takes those of the next key; the session goes on.
func TestE05ARevokedKeyIsRefusedByAFollower(t *testing.T) {
	t.Parallel()
	server := startReachable(t)
	c := server.client()
	session := server.administrator(t, "ada")
	credentials := verifierOf(t, server, "orders")
	keys, err := jwks.New(server.url)
	if err != nil {
		t.Fatal(err)
	}
	took := map[bool][]time.Duration{}
	for i := range scaled(100, 6, 4) {
		byCommand := i%2 == 1
		reason, hangUp := follow(t, server.url, credentials, keys) // whose own access token is of the same key
		if err := keys.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := reason(session.Access); got != "" {
			t.Fatalf("E05: before revocation %d: a valid token is refused: %s", i, got)
		}
		kid := keyOf(t, session.Access)
		if byCommand {
			operate[any](t, server.data, "", "key", "revoke", kid)
		} else {
			c.want(t, http.StatusNoContent, "DELETE", "/admin/keys/"+kid, session.Access, nil)
		}
		begin := time.Now()
		eventually(t, promised, "E05: a follower refuses tokens of a revoked key", func() bool {
			if reason(session.Access) == "revoked" {
				return true
			}
			<-time.After(100 * time.Microsecond)
			return false
		})
		took[byCommand] = append(took[byCommand], time.Since(begin))
		hangUp()
		if byCommand { // which the server itself notices when it looks
			eventually(t, promised, "E05: the server refuses tokens of the revoked key", func() bool {
				return c.call(t, "GET", "/protected", session.Access, nil).problem(http.StatusUnauthorized, "token_revoked") == ""
			})
		}
		eventually(t, promised, "E05: the next key signs", func() bool {
			session = c.refresh(t, session.Refresh)
			return keyOf(t, session.Access) != kid
		})
	}
	for byCommand, all := range took {
		slices.Sort(all)
		t.Logf("by command %v: %d revocations, refused after p50 %v, p99 %v, max %v", byCommand, len(all), all[len(all)/2], all[(len(all)-1)*99/100], all[len(all)-1])
	}
}

// follow is a verifier that follows the revocations: what it says is the reason to refuse a token.
func follow(t *testing.T, issuer string, credentials revocation.Credentials, keys durward.KeySource) (reason func(token string) string, hangUp func()) {
	t.Helper()
	follower, err := revocation.Follow(t.Context(), issuer, credentials, revocation.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := follower.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	verifier, err := durward.NewVerifier(durward.Config{Issuer: issuer, Audience: issuer, Keys: keys, Revocation: durward.RevokedBy(follower)})
	if err != nil {
		t.Fatal(err)
	}
	return func(token string) string {
		_, err := verifier.Verify(t.Context(), token)
		return durward.Reason(err)
	}, follower.Close
}
