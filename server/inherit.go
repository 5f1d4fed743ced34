package server

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/server/internal/keyring"
	"github.com/durward-auth/durward/server/internal/store"
)

// The names of what a server leaves for commands on its data.
const (
	settingIssuer            = "issuer"
	settingAudience          = "audience"
	settingAccessTTL         = "access-ttl"
	settingPasswordMinLength = "password-min-length"
	settingAlgorithm         = "signing-algorithm"
	settingKeyRotation       = "key-rotation"
	settingKeySetMaxAge      = "key-set-max-age"
	settingKeyPublish        = "key-publish"
	settingKeyOverlap        = "key-overlap"
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
		settingAlgorithm:         string(c.Algorithm),
		settingKeyRotation:       c.KeyRotation.String(),
		settingKeySetMaxAge:      c.KeySetMaxAge.String(),
		settingKeyPublish:        c.KeyPublish.String(),
		settingKeyOverlap:        c.KeyOverlap.String(),
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
	setDefault(&c.Algorithm, durward.Algorithm(stored[settingAlgorithm]))
	longer := c.AccessTTL != 0 // than the server's schedule may know of
	for name, field := range map[string]*time.Duration{
		settingAccessTTL: &c.AccessTTL, settingKeyRotation: &c.KeyRotation, settingKeySetMaxAge: &c.KeySetMaxAge,
		settingKeyPublish: &c.KeyPublish, settingKeyOverlap: &c.KeyOverlap,
	} {
		if *field != 0 || stored[name] == "" {
			continue
		}
		if *field, err = time.ParseDuration(stored[name]); err != nil {
			return Config{}, fmt.Errorf("the stored setting %s: %w", name, err)
		}
	}
	if longer && c.KeyOverlap != 0 {
		c.KeyOverlap = max(c.KeyOverlap, c.AccessTTL+keyring.Leeway)
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
	if err != nil {
		return false, err
	}
	settings := d.config.settings()
	for name, value := range settings {
		if stored[name] != value {
			return stored[settingIssuer] == "", d.Store.SaveSettings(ctx, settings)
		}
	}
	return false, nil
}
