package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/durward-auth/durward/server/internal/archive"
	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/store"
)

// settingLastBackup is when the last backup was made, for durward doctor.
const settingLastBackup = "last-backup"

// BackupOptions say where a backup goes.
type BackupOptions struct {
	// Path is the file, or a directory in which the file is named by the time.
	Path     string
	Replace  bool // a file that is there
	Progress Progress
	Event    audit.Event // who made it
}

// BackupReport says what was written.
type BackupReport struct {
	Path     string
	Bytes    int64
	Manifest archive.Manifest
	// Unrecorded is why the audit log does not tell of the backup, or nil. The backup is good all the same.
	Unrecorded error
}

// Backup writes the data as it is at one moment into a file, beside a running server, and neither migrates it nor needs the master
// key. The file holds the signing keys and the root secret as they are stored, sealed under the master
// key, which is not in it. It appears under its name only when it is whole. It returns an error that wraps
// archive.ErrExists or store.ErrNothing.
func Backup(ctx context.Context, c Config, o BackupOptions) (BackupReport, error) {
	setDefaults(&c)
	var report BackupReport
	err := store.ReadSnapshot(ctx, c.where(), func(s *store.Snapshot) error {
		if s.MasterKeyID == "" {
			return fmt.Errorf("%w: no server has run on it", store.ErrNothing)
		}
		report.Path = fileName(o.Path, s.TakenAt)
		return archive.WriteFile(report.Path, o.Replace, func(w *archive.Writer) error {
			meter := newMeter(o.Progress, "read", s.Tables)
			for _, table := range s.Tables {
				if err := w.Add(table, meter.rows(table, s.Rows(ctx, table))); err != nil {
					return err
				}
			}
			var err error
			report.Manifest, err = w.Close(archive.Manifest{
				Program: c.Version, CreatedAt: s.TakenAt, Database: s.Database, Schema: s.Schema, Epoch: s.Epoch, MasterKeyID: s.MasterKeyID,
			})
			return err
		})
	})
	if err != nil {
		return BackupReport{}, fmt.Errorf("back up: %w", err)
	}
	if info, err := os.Stat(report.Path); err == nil {
		report.Bytes = info.Size()
	}
	report.Unrecorded = c.recordBackup(ctx, report, o.Event)
	return report, nil
}

// fileName names the file in a directory by the time.
func fileName(path string, at time.Time) string {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return filepath.Join(path, "durward-"+at.UTC().Format("20060102T150405Z")+".backup")
	}
	return path
}

// recordBackup tells the audit log and durward doctor of a backup. A disk that is full must not keep anybody from making one, so
// it comes last.
func (c Config) recordBackup(ctx context.Context, report BackupReport, e audit.Event) error {
	c.NoMigration = true
	db, err := store.Open(ctx, c.where())
	if err != nil {
		return err
	}
	e.Action, e.Outcome, e.Time, e.Target, e.Count = audit.DataBackup, audit.Success, report.Manifest.CreatedAt, filepath.Base(report.Path), 1
	return errors.Join(
		db.RecordEvents(ctx, []audit.Event{e}),
		db.SaveSettings(ctx, map[string]string{settingLastBackup: report.Manifest.CreatedAt.Format(time.RFC3339)}),
		db.Close())
}

// LastBackup is when the last backup of the data was made that this database knows of; zero if none is known.
func (d *Data) LastBackup(ctx context.Context) (time.Time, error) {
	settings, err := d.Store.Settings(ctx)
	if err != nil || settings[settingLastBackup] == "" {
		return time.Time{}, err
	}
	return time.Parse(time.RFC3339, settings[settingLastBackup])
}
