package sessiontest

import (
	"testing"
	"time"

	"github.com/durward-auth/durward/server/internal/account"
)

// Run proves the rules over a store. open returns an empty one that takes its times from the clock, and closes it
// at the end of the test. DURWARD_FULL=1 makes the proofs long; they print their seeds when they fail.
func Run(t *testing.T, open func(t *testing.T, clock func() time.Time) account.Store) {
	t.Run("random histories follow the model", func(t *testing.T) {
		histories(t, scaled(3000, 150), newService(t, newClock(), open))
	})
	t.Run("concurrent refreshes are linearizable", func(t *testing.T) {
		linearizable(t, scaled(300, 4), newService(t, newClock(), open))
	})
}

// RunReplicas proves that three servers on one database are one, to clients that change between them. Each call of
// open returns another store on the same database, which is empty before the first.
func RunReplicas(t *testing.T, open func(t *testing.T, clock func() time.Time) account.Store) {
	t.Run("concurrent refreshes are linearizable", func(t *testing.T) {
		linearizable(t, scaled(100, 2), newReplicas(t, 3, open))
	})
}

func scaled(long, usual int) int {
	if full() {
		return long
	}
	return usual
}
