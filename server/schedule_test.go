package server_test

import (
	"strings"
	"testing"
	"time"

	"github.com/durward-auth/durward/server"
)

// A status list lives for four times its ttl, and longer than an access token where that is long: its key verifies for as long.
func TestAKeyVerifiesForAsLongAsTheStatusListsThatItSigned(t *testing.T) {
	for name, c := range map[string]struct {
		change  func(*server.Config)
		problem string
	}{
		"lists that outlive the overlap":           {func(c *server.Config) { c.StatusListTTL = time.Hour }, "let keys overlap for at least 4h5m0s"},
		"lists that just fit":                      {func(c *server.Config) { c.StatusListTTL = 225 * time.Second }, ""},
		"lists that just do not":                   {func(c *server.Config) { c.StatusListTTL = 226 * time.Second }, "let keys overlap for at least 20m4s"},
		"no lists":                                 {func(c *server.Config) { c.StatusListTTL, c.NoStatusLists = time.Hour, true }, ""},
		"an overlap for the longest lists":         {func(c *server.Config) { c.StatusListTTL, c.KeyOverlap = time.Hour, 245*time.Minute }, ""},
		"an overlap that the keys find themselves": {func(c *server.Config) { c.StatusListTTL, c.KeyOverlap = time.Hour, 0 }, ""},
	} {
		config := server.Config{DataDir: "unused", Issuer: "https://id.example.org", AccessTTL: 15 * time.Minute, KeyOverlap: 20 * time.Minute}
		c.change(&config)
		err := config.Check()
		if c.problem == "" && err != nil || c.problem != "" && (err == nil || !strings.Contains(err.Error(), c.problem)) {
			t.Errorf("%s: got error %v, want %q", name, err, c.problem)
		}
	}
}
