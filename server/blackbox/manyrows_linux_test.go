package blackbox_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/durward-auth/durward/server/internal/pgtest"
)

// TestBackupsAndMovesOfManyRows reports how long they take and how much memory at most. docs/benchmarks.md has the figures, of 100,000 users
// (DURWARD_PROVE=1) and of a million (DURWARD_FULL=1): DURWARD_PROVE=1 go test -count=1 -v -timeout 1h -run TestBackupsAndMoves ./server/blackbox
func TestBackupsAndMovesOfManyRows(t *testing.T) {
	users := sized(1_000_000, 100_000, 2000, 500)
	data := populated(t, users)
	multiply(t, data, "audit", users, map[string]string{"id": `printf('0%035d', i)`})
	key := filepath.Join(data, "master.key")
	postgres := pgtest.Start(t)
	full, other := postgres.Database(t), postgres.Database(t)
	place := func() string {
		dir, _ := emptyPlace(t, "SQLite", key)
		return dir
	}
	first, second := filepath.Join(t.TempDir(), "first"), filepath.Join(t.TempDir(), "second")
	keys, restored, moved := place(), place(), place()
	for _, step := range []struct {
		what string
		args []string
		made string // a file
	}{
		{"backup of SQLite", []string{"backup", first, "--data", data}, first},
		{"restore into SQLite", []string{"restore", first, "--data", restored}, filepath.Join(restored, "durward.db")},
		{"restore into PostgreSQL", []string{"restore", first, "--data", keys, "--db", full}, ""},
		{"backup of PostgreSQL", []string{"backup", second, "--data", keys, "--db", full}, second},
		{"move from SQLite to PostgreSQL", []string{"move", "--from", "sqlite:" + data, "--to", other}, ""},
		{"move from PostgreSQL to SQLite", []string{"move", "--from", other, "--to", "sqlite:" + moved}, filepath.Join(moved, "durward.db")},
	} {
		cmd := exec.Command(program, step.args...)
		cmd.Env = environment()
		var complaint bytes.Buffer
		cmd.Stderr = &complaint
		begun := time.Now()
		if err := cmd.Run(); err != nil {
			t.Fatalf("%s: %v: %s", step.what, err, complaint.String())
		}
		took := time.Since(begun)
		size := 0.0
		if info, err := os.Stat(step.made); err == nil {
			size = megabytes(int(info.Size()))
		}
		usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
		if !ok {
			t.Fatalf("the system tells %T of a process that ended", cmd.ProcessState.SysUsage())
		}
		t.Logf("%s: %d rows in %.1f s (%.0f thousand a second), %.1f s of processor time, at most %.0f MB of memory; its file has %.0f MB", step.what, 5*users, took.Seconds(),
			float64(5*users)/took.Seconds()/1000, (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds(), megabytes(int(usage.Maxrss)*1024), size)
	}
	healthy(t, restored)
	healthy(t, moved)
}
