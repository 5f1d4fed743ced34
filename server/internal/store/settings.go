package store

import (
	"context"
	"fmt"
)

type setting struct{ name, value string }

const selectSettings = `SELECT name, value FROM settings ORDER BY name`

// Settings returns what SaveSettings stored last, by name.
func (db *DB) Settings(ctx context.Context) (map[string]string, error) {
	list, err := all(ctx, db.reader, func(row scanner) (setting, error) {
		var s setting
		err := row.Scan(&s.name, &s.value)
		return s, err
	}, selectSettings)
	if err != nil {
		return nil, fmt.Errorf("read settings: %w", translate(err))
	}
	settings := make(map[string]string, len(list))
	for _, s := range list {
		settings[s.name] = s.value
	}
	return settings, nil
}

const saveSetting = `
	INSERT INTO settings (name, value) VALUES ($1, $2)
	ON CONFLICT (name) DO UPDATE SET value = excluded.value`

// SaveSettings stores settings for commands on the same data. Those that it does not name stay.
func (db *DB) SaveSettings(ctx context.Context, settings map[string]string) error {
	return db.write(ctx, "save settings", func(ctx context.Context, tx *tx) error {
		for name, value := range settings {
			if _, err := tx.exec(ctx, saveSetting, name, value); err != nil {
				return err
			}
		}
		return nil
	})
}
