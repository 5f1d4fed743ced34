package store_test

import (
	"math"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/durward-auth/durward/revocation"
	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/keyring"
	"github.com/durward-auth/durward/server/internal/pgtest"
)

// rival is another server's transaction, which is under way when it is returned. Commit ends it.
func rival(t *testing.T, url, statement string, args ...any) pgx.Tx {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(t.Context()) })
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	changed, err := tx.Exec(t.Context(), statement, args...)
	if err != nil || changed.RowsAffected() != 1 {
		t.Fatalf("the rival's statement: got %d rows, %v, want 1", changed.RowsAffected(), err)
	}
	return tx
}

// overtaken commits the rival's transaction when the work waits for its rows, and returns the work's error.
func overtaken(t *testing.T, url string, by pgx.Tx, work func() error) error {
	t.Helper()
	watch, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer watch.Close(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- work() }()
	const waiters = `SELECT count(*) FROM pg_locks WHERE NOT granted AND $1 = ANY(pg_blocking_pids(pid))`
	for waits := 0; waits == 0; {
		select {
		case err := <-ended:
			t.Fatalf("the work ended before the rival did: %v", err)
		case <-time.After(5 * time.Millisecond):
		}
		if err := watch.QueryRow(t.Context(), waiters, by.Conn().PgConn().PID()).Scan(&waits); err != nil {
			t.Fatal(err)
		}
	}
	if err := by.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	return <-ended
}

// A revocation that is stored again while its old expiry is swept must not be lost: other servers and verifiers
// would never hear of it.
func TestASweepSparesWhatIsRenewedMeanwhileOnPostgreSQL(t *testing.T) {
	url := pgtest.Database(t)
	db, now := openURL(t, url), time.Now()
	entry := revocation.Entry{Kind: revocation.Subject, ID: "u1", Below: 2, ExpiresAt: now.Add(time.Minute)}
	if _, err := db.RevokeToken(t.Context(), entry, now, audit.Event{Time: now, Action: audit.TokenRevoke}); err != nil {
		t.Fatal(err)
	}
	later := now.Add(2 * time.Minute)
	again := rival(t, url, `UPDATE revocations SET below = 3, expires_at = $1, seq = seq + 1 WHERE id = 'u1'`, later.Add(time.Hour).UnixMicro())
	if err := overtaken(t, url, again, func() error {
		_, err := db.Sweep(t.Context(), later, 0)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	entries, err := db.Revocations(t.Context(), 0, math.MaxInt64, 10)
	if err != nil || len(entries) != 1 || entries[0].Below != 3 {
		t.Errorf("got the entries %+v, %v, want the one that was stored again", entries, err)
	}
}

// The private part of a key that is revoked while the master key is replaced stays erased.
func TestARewrapLeavesAKeyErasedThatIsRevokedMeanwhileOnPostgreSQL(t *testing.T) {
	url := pgtest.Database(t)
	db, now := openURL(t, url), time.Now()
	key := func(id string, state keyring.State) keyring.Record {
		return keyring.Record{KeyID: id, Algorithm: "ES256", State: state, Sealed: "sealed " + id, CreatedAt: now, TokenLife: time.Hour}
	}
	e := audit.Event{Time: now, Action: audit.KeyRewrap, Outcome: audit.Success}
	if err := db.InstallKeys(t.Context(), []keyring.Record{key("k1", keyring.Active), key("k2", keyring.Next)}, e); err != nil {
		t.Fatal(err)
	}
	if err := db.InstallVault(t.Context(), keyring.Vault{MasterID: "m1", Sealed: "root"}); err != nil {
		t.Fatal(err)
	}
	if err := db.RotateKeys(t.Context(), keyring.Rotation{
		MasterID: "m1", Retire: "k1", Activate: "k2", Add: key("k3", keyring.Next), Now: now, Margin: time.Hour,
	}, e); err != nil {
		t.Fatal(err)
	}
	revoked := rival(t, url, `UPDATE signing_keys SET state = 'revoked', sealed = '' WHERE kid = 'k1'`)
	if err := overtaken(t, url, revoked, func() error {
		return db.Rewrap(t.Context(), keyring.Rewrapping{From: "m1", To: "m2", Reseal: func(_, sealed string) (string, error) { return "again " + sealed, nil }}, e)
	}); err != nil {
		t.Fatal(err)
	}
	keys, err := db.Keys(t.Context(), now)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"k1": "", "k2": "again sealed k2", "k3": "again sealed k3"}
	for _, k := range keys {
		if k.Sealed != want[k.KeyID] {
			t.Errorf("key %s: got sealed %q, want %q", k.KeyID, k.Sealed, want[k.KeyID])
		}
	}
	if len(keys) != len(want) {
		t.Errorf("got %d keys, want %d", len(keys), len(want))
	}
}
