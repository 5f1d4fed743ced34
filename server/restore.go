package server

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/server/internal/archive"
	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/keyring"
	"github.com/durward-auth/durward/server/internal/store"
)

// settingRestored names the backup from which the data came.
const settingRestored = "restored-from"

// RestoreOptions say what to restore.
type RestoreOptions struct {
	Path     string // of the backup
	Progress Progress
	Event    audit.Event // who does it
}

// RestoreReport says what was restored.
type RestoreReport struct {
	Manifest archive.Manifest
	Renewed  store.Renewed
	Schema   int64 // version that the data has now
}

// ErrRestored says that the data came from the very same backup.
var ErrRestored = errors.New("this backup was restored here already, and nothing was changed")

// Restore fills an empty data directory or database from a backup. Nothing that was issued before counts any more: what was revoked since the
// backup was made is not in it, so every session ends, every signing key is revoked and replaced, and
// the revocations begin a new history.
//
// Nothing starts on the data before all of it was written and compared with the backup's checksums; interrupted, it can be run again.
// The master key that sealed the backup must be in place. It returns an error that wraps archive.ErrDamaged, archive.ErrNewer,
// store.ErrNewerSchema, store.ErrNotEmpty, ErrRestored, store.ErrLocked, keyring.ErrMasterMissing or keyring.ErrMasterWrong.
func Restore(ctx context.Context, c Config, o RestoreOptions) (_ RestoreReport, err error) {
	setDefaults(&c)
	file, err := archive.OpenFile(o.Path)
	if err != nil {
		return RestoreReport{}, fmt.Errorf("restore: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	report := RestoreReport{Manifest: file.Manifest}
	master, err := c.masterOf(file.Manifest.MasterKeyID)
	if err != nil {
		return RestoreReport{}, fmt.Errorf("restore: %w", err)
	}
	target, err := store.OpenTarget(ctx, c.where(), file.Manifest.Schema, file.Digest)
	if errors.Is(err, store.ErrNotEmpty) {
		if from, failure := store.StoredSetting(ctx, c.where(), settingRestored); failure == nil && from == file.Digest {
			err = fmt.Errorf("%w (%s)", ErrRestored, c.place())
		}
	}
	if err != nil {
		return RestoreReport{}, fmt.Errorf("restore: %w", err)
	}
	err = fill(ctx, target, file.Manifest.Tables, o.Progress, func(table *archive.Table) iter.Seq2[[]any, error] { return file.Rows(*table) })
	if err == nil {
		report.Renewed, err = c.renew(ctx, target, master, o.Event, file.Manifest)
	}
	if err == nil {
		err = target.Index(ctx, indexing(o.Progress))
	}
	if err == nil {
		err = target.Finish(ctx, map[string]string{settingRestored: file.Digest})
	}
	if err := errors.Join(err, target.Abandon()); err != nil {
		return RestoreReport{}, fmt.Errorf("restore: %w", err)
	}
	report.Schema, err = store.KnownSchema()
	return report, err
}

// masterOf reads the master key that sealed a backup, before anything is made.
func (c Config) masterOf(id string) (keyring.Master, error) {
	m, err := readMaster(c, id)
	if errors.Is(err, keyring.ErrMasterMissing) && c.MasterKeyFile == "" {
		return keyring.Master{}, fmt.Errorf("the backup is sealed under the master key %s, which is not in it: put that key into %s (mode 0600), or name it with DURWARD_MASTER_KEY_FILE: %w",
			id, MasterKeyPath(c.DataDir), keyring.ErrMasterMissing)
	}
	if err != nil {
		return keyring.Master{}, err
	}
	if m.ID() != id {
		return keyring.Master{}, fmt.Errorf("%w (its id is %s, that of the one that sealed the backup %s)", keyring.ErrMasterWrong, m.ID(), id)
	}
	return m, nil
}

// fill writes the tables, reads them again, and brings the schema up to date. The rows must be as the tables say when all of them
// were read.
func fill(ctx context.Context, target *store.Target, tables []archive.Table, report Progress, rows func(*archive.Table) iter.Seq2[[]any, error]) error {
	writing := newMeter(report, "write", tables)
	err := target.Fill(ctx, tables, func(table *archive.Table) iter.Seq2[[]any, error] { return writing.rows(*table, rows(table)) })
	if err != nil {
		return err
	}
	err = target.Read(ctx, func(s *store.Snapshot) error {
		verifying := newMeter(report, "verify", tables)
		for _, table := range tables {
			sum, err := sumOf(verifying.rows(table, s.Rows(ctx, table)))
			if err != nil {
				return err
			}
			if sum.Rows() != table.Rows || sum.Text() != table.SHA256 {
				return fmt.Errorf("what was written is not what was read: the table %s has %d rows with the checksum %s, want %d with %s",
					table.Name, sum.Rows(), sum.Text(), table.Rows, table.SHA256)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return target.Upgrade(ctx, indexing(report))
}

func sumOf(rows iter.Seq2[[]any, error]) (*archive.Sum, error) {
	sum := archive.NewSum()
	for row, err := range rows {
		if err == nil {
			err = sum.Add(row)
		}
		if err != nil {
			return nil, err
		}
	}
	return sum, nil
}

// summed passes the rows on, and fills in how many there were and their checksum.
func summed(table *archive.Table, rows iter.Seq2[[]any, error]) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		sum := archive.NewSum()
		for row, err := range rows {
			if err == nil {
				err = sum.Add(row)
			}
			if !yield(row, err) {
				return
			}
		}
		table.Rows, table.SHA256 = sum.Rows(), sum.Text()
	}
}

// renew takes the force from what was issued before.
func (c Config) renew(ctx context.Context, target *store.Target, master keyring.Master, e audit.Event, m archive.Manifest) (store.Renewed, error) {
	now := c.Clock()
	e.Action, e.Outcome, e.Time, e.Target, e.Count = audit.DataRestore, audit.Success, now, m.CreatedAt.Format(time.RFC3339), 1
	return target.Renew(ctx, store.Renewal{
		Now: now, Epoch: rand.Text(), Event: e,
		Keys: func(algorithm string, life time.Duration) ([]keyring.Record, error) {
			return keyring.Generate(master, durward.Algorithm(algorithm), life, now)
		},
	})
}

// place names where the data is, without a password.
func (c Config) place() string {
	if c.Database != "" {
		return store.RedactURL(c.Database)
	}
	if absolute, err := filepath.Abs(c.DataDir); err == nil {
		return absolute
	}
	return c.DataDir
}
