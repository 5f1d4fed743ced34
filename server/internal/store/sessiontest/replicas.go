package sessiontest

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/durward-auth/durward/server/internal/account"
)

// replicas are servers with one clock, each with a store, a signing key and a set of revocations of its own. Whoever
// asks is served by the next in turn; all else is the first one's.
type replicas struct {
	*service
	all  []*service
	turn atomic.Uint64
}

func newReplicas(t *testing.T, n int, open func(t *testing.T, clock func() time.Time) account.Store) *replicas {
	t.Helper()
	r, clock := &replicas{}, newClock()
	for range n {
		r.all = append(r.all, newService(t, clock, open))
	}
	r.service = r.all[0]
	for _, s := range r.all {
		s.users = r.users
	}
	return r
}

func (r *replicas) next() *service { return r.all[r.turn.Add(1)%uint64(len(r.all))] }

func (r *replicas) login(user, scope string) (answer, error) { return r.next().login(user, scope) }
func (r *replicas) refresh(token, scope string) (answer, error) {
	return r.next().refresh(token, scope)
}
func (r *replicas) logout(user, session string) error  { return r.next().logout(user, session) }
func (r *replicas) live(user string) ([]string, error) { return r.next().live(user) }
