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
		histories(t, scaled(3000, 150), newService(t, open))
	})
	t.Run("concurrent refreshes are linearizable", func(t *testing.T) {
		linearizable(t, scaled(300, 4), newService(t, open))
	})
}

func scaled(long, usual int) int {
	if full() {
		return long
	}
	return usual
}
