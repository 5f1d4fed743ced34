package durward_test

import (
	"strings"
	"testing"
	"time"

	"github.com/durward-auth/durward"
)

func TestConfigurationsAreCheckedAsAWhole(t *testing.T) {
	key := materialOf(t, durward.HS256).key
	for name, c := range map[string]struct {
		change func(*durward.Config)
		want   []string // in the error; none for a good configuration
	}{
		"the least":                          {func(*durward.Config) {}, nil},
		"the largest leeway":                 {func(c *durward.Config) { c.Leeway = 5 * time.Minute }, nil},
		"D08 a leeway of an hour":            {func(c *durward.Config) { c.Leeway = time.Hour }, []string{"Leeway"}},
		"D08 a leeway over five minutes":     {func(c *durward.Config) { c.Leeway = 5*time.Minute + 1 }, []string{"Leeway"}},
		"D08 a negative leeway":              {func(c *durward.Config) { c.Leeway = -1 }, []string{"Leeway"}},
		"no issuer":                          {func(c *durward.Config) { c.Issuer = "" }, []string{"Issuer"}},
		"no audience":                        {func(c *durward.Config) { c.Audience = "" }, []string{"Audience"}},
		"no keys":                            {func(c *durward.Config) { c.Keys = nil }, []string{"Keys"}},
		"a negative lifetime":                {func(c *durward.Config) { c.MaxLifetime = -1 }, []string{"MaxLifetime"}},
		"a token size over 64 KiB":           {func(c *durward.Config) { c.MaxTokenSize = 64<<10 + 1 }, []string{"MaxTokenSize"}},
		"a negative token size":              {func(c *durward.Config) { c.MaxTokenSize = -1 }, []string{"MaxTokenSize"}},
		"an empty type":                      {func(c *durward.Config) { c.Types = []string{""} }, []string{"Types"}},
		"an empty location":                  {func(c *durward.Config) { c.Locations = make([]durward.Location, 1) }, []string{"Locations"}},
		"everything wrong is told at once":   {func(c *durward.Config) { *c = durward.Config{Leeway: -1} }, []string{"Issuer", "Audience", "Keys", "Leeway"}},
		"no cache":                           {func(c *durward.Config) { c.CacheBytes = -1 }, nil},
		"a cache that holds nothing":         {func(c *durward.Config) { c.CacheBytes = 1 }, nil},
		"the system's clock, asked just now": {func(c *durward.Config) { c.Clock = nil }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			tested := config(key)
			c.change(&tested)
			verifier, err := durward.NewVerifier(tested)
			guard, guardErr := durward.New(tested)
			if (err == nil) != (len(c.want) == 0) || (verifier == nil) != (err != nil) || (guard == nil) != (guardErr != nil) || (err == nil) != (guardErr == nil) {
				t.Fatalf("got %v and %v, want problems with %q", err, guardErr, c.want)
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %q, want it to name %s", err, want)
				}
			}
		})
	}
}

func TestAConfigurationDoesNotChangeAfterwards(t *testing.T) {
	m := materialOf(t, durward.HS256)
	c := config(m.key)
	c.Types = []string{"at+jwt"}
	v := newVerifier(t, c)
	c.Types[0] = "JWT"
	accepted(t, v, m.forge(t, m.header(), payload()))
}
