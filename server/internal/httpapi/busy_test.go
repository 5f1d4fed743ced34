package httpapi_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/durward-auth/durward/server/internal/account"
)

// lastLine is the newest entry of the log.
func (d *door) lastLine() map[string]any {
	d.t.Helper()
	all := strings.Split(strings.TrimSpace(d.log.String()), "\n")
	return parseLine(d.t, all[len(all)-1])
}

func TestABusyServerIsNoErrorInTheLog(t *testing.T) {
	d := open(t)
	d.user("alice")
	token := as(d.login("alice").Access)
	for _, c := range []struct {
		name   string
		broken error
		status int
		code   string
		level  string
	}{
		{"busy is expected", &account.BusyError{RetryAfter: time.Second}, 503, "busy", "INFO"},
		{"another 503 is not", fmt.Errorf("read: %w", account.ErrBusy), 503, "temporarily_unavailable", "ERROR"},
		{"nor is a 500", errors.New("disk I/O error"), 500, "internal_error", "ERROR"},
		{"nor is one after a busy one", errors.New("disk I/O error"), 500, "internal_error", "ERROR"},
	} {
		d.store.broken = c.broken
		d.want(d.do("GET", "/me", "", token), c.status, c.code)
		if got := d.lastLine()["level"]; got != c.level {
			t.Errorf("%s: got level %v, want %s", c.name, got, c.level)
		}
	}
}
