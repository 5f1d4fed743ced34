package server

import (
	"context"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/durward-auth/durward/server/internal/store"
)

// The names of what a server leaves for commands on its data.
const (
	settingIssuer            = "issuer"
	settingAudience          = "audience"
	settingAccessTTL         = "access-ttl"
	settingPasswordMinLength = "password-min-length"
)

// placeholderIssuer stands where no token is concerned and no server has run yet.
const placeholderIssuer = "http://127.0.0.1:8080"

// settings is what commands on the same data should know of this server.
func (c Config) settings() map[string]string {
	return map[string]string{
		settingIssuer:            c.Issuer,
		settingAudience:          strings.Join(c.Audience, " "),
		settingAccessTTL:         c.AccessTTL.String(),
		settingPasswordMinLength: strconv.Itoa(c.PasswordMinLength),
	}
}

// inherit fills what is not set with what the last server on the data was told.
func (c Config) inherit(ctx context.Context, db *store.DB) (Config, error) {
	stored, err := db.Settings(ctx)
	if err != nil {
		return Config{}, err
	}
	if c.Issuer == "" {
		c.Issuer = stored[settingIssuer]
		if len(c.Audience) == 0 {
			c.Audience = strings.Fields(stored[settingAudience])
		}
	}
	setDefault(&c.Issuer, placeholderIssuer)
	if c.AccessTTL == 0 && stored[settingAccessTTL] != "" {
		if c.AccessTTL, err = time.ParseDuration(stored[settingAccessTTL]); err != nil {
			return Config{}, fmt.Errorf("the stored setting %s: %w", settingAccessTTL, err)
		}
	}
	if c.PasswordMinLength == 0 && stored[settingPasswordMinLength] != "" {
		if c.PasswordMinLength, err = strconv.Atoi(stored[settingPasswordMinLength]); err != nil {
			return Config{}, fmt.Errorf("the stored setting %s: %w", settingPasswordMinLength, err)
		}
	}
	return c, nil
}

// leave stores the settings for commands, when they have changed, and says whether no server had left any before.
func (d *Data) leave(ctx context.Context) (first bool, err error) {
	stored, err := d.Store.Settings(ctx)
	if err != nil || maps.Equal(stored, d.config.settings()) {
		return false, err
	}
	return len(stored) == 0, d.Store.SaveSettings(ctx, d.config.settings())
}
