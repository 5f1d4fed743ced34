package pgtest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Standby starts a copy of the server that follows it. Every commit waits for it from then on
// (synchronous_standby_names).
func (s *Server) Standby(t testing.TB) *Server {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "durward-pg")
	if err != nil {
		t.Fatal(err)
	}
	standby := &Server{Dir: dir, programs: s.programs, settings: s.settings}
	t.Cleanup(func() {
		if err := standby.remove(); err != nil {
			t.Error(err)
		}
	})
	if err := standby.own(); err != nil {
		t.Fatal(err)
	}
	if err := standby.copy(s); err != nil {
		t.Fatal(err)
	}
	if err := standby.Start(); err != nil {
		t.Fatal(err)
	}
	s.Do(t, `ALTER SYSTEM SET synchronous_standby_names = '*'`)
	s.Do(t, `SELECT pg_reload_conf()`)
	s.Await(t, `SELECT count(*) = 1 FROM pg_stat_replication WHERE sync_state = 'sync'`)
	return standby
}

// copy takes a base backup that is set up to follow (pg_basebackup --write-recovery-conf).
func (s *Server) copy(primary *Server) error {
	command := exec.Command(filepath.Join(s.programs, "pg_basebackup"), "--pgdata", s.data(), "--write-recovery-conf",
		"--checkpoint=fast", "--wal-method=stream", "--host=127.0.0.1", "--port="+strconv.Itoa(primary.Port), "--username="+superuser)
	if err := s.prepare(command); err != nil {
		return err
	}
	if said, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("pg_basebackup: %w\n%s", err, said)
	}
	return nil
}

// Promote makes a standby the primary, and returns when it is.
func (s *Server) Promote(t testing.TB) {
	t.Helper()
	s.Do(t, `SELECT pg_promote()`)
	s.Await(t, `SELECT NOT pg_is_in_recovery()`)
}

// Do runs a statement as the superuser.
func (s *Server) Do(t testing.TB, statement string) {
	t.Helper()
	ctx, conn := s.connect(t)
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// Await waits until a query answers true.
func (s *Server) Await(t testing.TB, query string) {
	t.Helper()
	ctx, conn := s.connect(t)
	defer conn.Close(ctx)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		var yes bool
		if err := conn.QueryRow(ctx, query).Scan(&yes); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		if yes {
			return
		}
		<-tick.C
	}
}

// connect connects as the superuser, for as long as the test's patience lasts.
func (s *Server) connect(t testing.TB) (context.Context, *pgx.Conn) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
	t.Cleanup(cancel)
	conn, err := pgx.Connect(ctx, s.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	return ctx, conn
}
