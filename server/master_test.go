package server

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/keyring"
	"github.com/durward-auth/durward/server/internal/store"
)

// lateCommit is a database whose commit of a rewrap takes place after the connection is gone.
type lateCommit struct {
	*store.DB
	commit func(context.Context) error
}

func (l *lateCommit) Rewrap(_ context.Context, r keyring.Rewrapping, e audit.Event) error {
	l.commit = func(ctx context.Context) error { return l.DB.Rewrap(ctx, r, e) }
	return store.ErrUnknownOutcome
}

// A new master key that may seal the data is never removed: it would be the only copy.
func TestARewrapOfUnknownOutcomeLosesNoMasterKey(t *testing.T) {
	config := Config{DataDir: t.TempDir(), Issuer: "https://id.test"}
	d, err := OpenData(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	master, err := keyring.ReadMaster(MasterKeyPath(config.DataDir))
	if err != nil {
		t.Fatal(err)
	}
	late := &lateCommit{DB: d.Store}
	d.Keys, err = keyring.Open(t.Context(), keyring.Config{
		Store: late, Master: master, Algorithm: durward.ES256, Schedule: d.Keys.Schedule(), Existing: true, Clock: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Rewrap(t.Context(), keyring.GenerateMaster(), audit.Event{}); !errors.Is(err, store.ErrUnknownOutcome) {
		t.Fatalf("got %v, want ErrUnknownOutcome", err)
	}
	if err := late.commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := OpenData(t.Context(), config)
	if err != nil {
		t.Fatalf("after the commit: got %v, want the data to open with the new key", err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}
