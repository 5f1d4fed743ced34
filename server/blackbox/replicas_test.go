package blackbox_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/durward-auth/durward/server/internal/pgtest"
)

// spread is how long a change took to reach the other replicas, each time.
type spread []time.Duration

func (s spread) String() string {
	slices.Sort(s)
	ms := func(d time.Duration) time.Duration { return d.Round(time.Millisecond) }
	return fmt.Sprintf("p50 %v, p99 %v, max %v of %d", ms(s[len(s)/2]), ms(s[len(s)*99/100]), ms(s[len(s)-1]), len(s))
}

// reach waits until each client is told so of an access token, and says how long that took since a time.
func reach(t *testing.T, since time.Time, clients []*client, what, access string) (taken spread) {
	t.Helper()
	for i, c := range clients {
		eventually(t, patience, fmt.Sprintf("replica %d refuses %s", i, what), func() bool {
			a := c.call(t, "GET", "/protected", access, nil)
			return a.status == http.StatusUnauthorized
		})
		taken = append(taken, time.Since(since))
	}
	return taken
}

// TestChangesReachEveryReplica measures from the answer of one of three replicas to the refusal of the two others.
func TestChangesReachEveryReplica(t *testing.T) {
	t.Parallel()
	servers := replicas(t, pgtest.Database(t), 3)
	people := appoint(t, servers[0])
	var clients []*client
	for _, server := range servers {
		clients = append(clients, server.client())
	}
	others := func(i int) []*client { return []*client{clients[(i+1)%3], clients[(i+2)%3]} }

	var logouts, keys spread
	for i, session := range people.orders(t, "", scaled(1000, 20, 6)).end {
		for _, c := range others(i) {
			c.accepted(t, session.Access)
		}
		clients[i%3].want(t, http.StatusNoContent, "POST", "/logout", session.Access, nil)
		logouts = append(logouts, reach(t, time.Now(), others(i), "a session that has ended", session.Access)...)
	}
	for i := range scaled(50, 3, 1) {
		work := people.orders(t, "", 1)
		held := work.end[0]
		for _, c := range clients { // each knows the key
			eventually(t, patience, "a new key is accepted", func() bool { return c.call(t, "GET", "/protected", held.Access, nil).status == http.StatusOK })
		}
		list := decoded[struct {
			Keys []struct{ Kid, State string }
		}](t, clients[i%3].want(t, http.StatusOK, "GET", "/admin/keys", work.admin, nil))
		at := slices.IndexFunc(list.Keys, func(k struct{ Kid, State string }) bool { return k.State == "active" })
		if at < 0 {
			t.Fatalf("there is no active key among %v", list.Keys)
		}
		clients[i%3].want(t, http.StatusNoContent, "DELETE", "/admin/keys/"+list.Keys[at].Kid, work.admin, nil)
		keys = append(keys, reach(t, time.Now(), others(i), "a token of a revoked key", held.Access)...)
	}
	proved(t, "a logout reaches the other replicas in %v; the revocation of a key in %v", logouts, keys)
}

// TestALockoutOnOneReplicaHoldsOnAll uses the budget of an account up on one replica. Another is asked once a second, so seldom
// that its own count alone would not lock the account.
func TestALockoutOnOneReplicaHoldsOnAll(t *testing.T) {
	t.Parallel()
	servers := replicas(t, pgtest.Database(t), 3)
	first := servers[0].client()
	first.register(t, "ada")
	wrong := members{"username": "ada", "password": "not " + password}
	const budget = 10
	for range budget {
		first.refused(t, http.StatusUnauthorized, "invalid_credentials", "POST", "/login", "", wrong)
	}
	first.refused(t, http.StatusTooManyRequests, "too_many_attempts", "POST", "/login", "", wrong)
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for i, server := range servers[1:] {
		c := server.client()
		for tries := 1; ; tries++ {
			<-tick.C
			a := c.call(t, "POST", "/login", "", wrong)
			if a.problem(http.StatusTooManyRequests, "too_many_attempts") == "" {
				break
			}
			if complaint := a.problem(http.StatusUnauthorized, "invalid_credentials"); complaint != "" || tries == budget-1 {
				t.Fatalf("replica %d, asked %d times: %s", i+1, tries, complaint)
			}
		}
		c.refused(t, http.StatusTooManyRequests, "too_many_attempts", "POST", "/login", "", members{"username": "ada", "password": password})
	}
}
