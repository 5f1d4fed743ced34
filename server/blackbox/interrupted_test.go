package blackbox_test

import (
	"bytes"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/durward-auth/durward/server"
	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/pgtest"
	"github.com/jackc/pgx/v5"
)

// crowded is data with some thousand rows, so that there is something to interrupt.
func crowded(t *testing.T) (data string) {
	t.Helper()
	data = filepath.Join(t.TempDir(), "data")
	d, err := server.OpenData(t.Context(), server.Config{DataDir: data, Issuer: issuer})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Accounts.CreateUser(t.Context(), account.NewUser{Username: "ada", Password: password}, account.Operator, audit.Origin{}); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		list := make([]audit.Event, 500)
		for i := range list {
			list[i] = audit.Event{Action: audit.TokenRefused, Outcome: audit.Refused, Reason: "expired", ActorName: strings.Repeat("x", 100), Count: 1}
		}
		if err := d.Store.RecordEvents(t.Context(), list); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	return data
}

// cutShort runs a command and kills it after a time, if it has not ended. It says how long the command ran and whether it ended well.
func cutShort(t *testing.T, after time.Duration, args ...string) (took time.Duration, ended bool, complaint string) {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Env = environment()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(after, func() { _ = cmd.Process.Kill() }) // it may have ended
	err := cmd.Wait()
	timer.Stop()
	return time.Since(begun), err == nil, stderr.String()
}

// moments are when to kill a command that takes so long: from its beginning to its end.
func moments(whole time.Duration, n int) []time.Duration {
	list := make([]time.Duration, n)
	for i := range list {
		list[i] = time.Duration((float64(i) + rand.Float64()) / float64(n) * 1.1 * float64(whole))
	}
	return list
}

// emptyPlace returns the flags of a new place, which are those of serve too.
func emptyPlace(t *testing.T, kind, key string) (dir string, flags []string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "new")
	text, err := os.ReadFile(key)
	if err == nil {
		err = os.Mkdir(dir, 0o700)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "master.key"), text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	flags = []string{"--data", dir}
	if kind == "PostgreSQL" {
		flags = append(flags, "--db", pgtest.Database(t))
	}
	return dir, flags
}

func kinds() []string { return []string{"SQLite", "PostgreSQL"} }

// A backup that is killed leaves no file under its name, or a whole one.
func TestABackupThatIsKilledIsWholeOrNotThere(t *testing.T) {
	t.Parallel()
	data := crowded(t)
	path := filepath.Join(t.TempDir(), "backup")
	whole, ended, complaint := cutShort(t, patience, "backup", path, "--data", data)
	if !ended {
		t.Fatal(complaint)
	}
	killed, restored := 0, 0
	for _, after := range moments(whole, sized(200, 100, 10, 5)) {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		if _, ended, _ := cutShort(t, after, "backup", path, "--data", data); !ended {
			killed++
		}
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		dir, flags := emptyPlace(t, "SQLite", filepath.Join(data, "master.key"))
		if _, complaint, status := command(t, "", append([]string{"restore", path}, flags...)...); status != 0 {
			t.Fatalf("a backup that was killed after %v of %v cannot be restored: %s", after, whole, complaint)
		}
		healthy(t, dir)
		restored++
	}
	if killed == 0 {
		t.Error("no backup was killed")
	}
	healthy(t, data)
	proved(t, "%d backups killed, %d files that were there under their name restored: each was whole", killed, restored)
}

// Whenever a restore is killed, either nothing starts on what it leaves, or everything is there; it can be run again.
func TestARestoreThatIsKilledCanBeRunAgain(t *testing.T) {
	t.Parallel()
	data := crowded(t)
	key, path := filepath.Join(data, "master.key"), filepath.Join(t.TempDir(), "backup")
	if _, complaint, status := command(t, "", "backup", path, "--data", data); status != 0 {
		t.Fatal(complaint)
	}
	killed, ran := 0, 0
	for _, kind := range kinds() {
		t.Run(kind, func(t *testing.T) {
			_, flags := emptyPlace(t, kind, key)
			restore := func(flags []string) []string { return append([]string{"restore", path}, flags...) }
			whole, ended, complaint := cutShort(t, patience, restore(flags)...)
			if !ended {
				t.Fatal(complaint)
			}
			before := killed
			for range sized(20, 6, 2, 1) {
				_, flags := emptyPlace(t, kind, key)
				done := false
				for _, after := range moments(whole, sized(10, 8, 5, 4)) {
					if _, ended, complaint = cutShort(t, after, restore(flags)...); !ended && complaint == "" {
						killed++
					}
					ran++
					done = done || ended
					started := complete(t, flags)
					if done && !started {
						t.Fatalf("a restore that ended well is not complete")
					}
					if done = started; done {
						break
					}
				}
				if !done {
					if _, complaint, status := command(t, "", restore(flags)...); status != 0 {
						t.Fatalf("after it was killed, the restore cannot be run again: %s", complaint)
					}
				}
				if !complete(t, flags) {
					t.Fatal("the restore is not complete")
				}
			}
			if killed == before {
				t.Error("no restore was killed")
			}
		})
	}
	proved(t, "%d restores into SQLite and PostgreSQL, %d of them killed: nothing started on a part, and each was whole when it was run again", ran, killed)
}

// complete says whether commands work on the data; then all of it must be there. Otherwise there must be nothing, or a refusal.
func complete(t *testing.T, flags []string) bool {
	t.Helper()
	out, complaint, status := command(t, "", append([]string{"audit", "list", "--limit", "1", "--action", "data.restore", "--json"}, flags...)...)
	if status != 0 {
		for _, refusal := range []string{"there is no data", "not finished", "no signing keys yet", "master key is missing"} {
			if strings.Contains(complaint, refusal) {
				return false
			}
		}
		t.Fatalf("what a restore that was killed has left says: %s", complaint)
	}
	if !strings.Contains(out, "data.restore") {
		t.Fatalf("a restore that was killed has left something that starts: %s", out)
	}
	out, complaint, status = command(t, "", append([]string{"user", "list"}, flags...)...)
	if status != 0 || !strings.Contains(out, "ada") {
		t.Fatalf("a restore that was killed has left data without its user: %s%s", out, complaint)
	}
	return true
}

// Whenever a move is killed, never both places start, and never neither has everything; it can be run again, in both directions.
func TestAMoveThatIsKilledCanBeRunAgain(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("there is no PostgreSQL for this test")
	}
	data := crowded(t)
	key := filepath.Join(data, "master.key")
	first, _ := emptyPlace(t, "SQLite", key)
	url := pgtest.Start(t, "fsync=off").Database(t) // to which nobody else is connected
	here, there := []string{"--data", data}, []string{"--data", first, "--db", url}
	from, to := "sqlite:"+data, url
	whole := 2 * time.Second
	killed, arrived := 0, 0
	for range sized(40, 16, 4, 2) {
		moved := false
		for _, after := range moments(whole, 4) {
			took, ended, complaint := cutShort(t, after, "move", "--from", from, "--to", to)
			switch {
			case ended:
				moved, whole = true, max(took, 200*time.Millisecond)
			case strings.Contains(complaint, alreadyMoved):
				moved = true // the one before was killed after its last step
			case complaint != "" && !strings.Contains(complaint, "rows"):
				t.Fatalf("the move says: %s", complaint)
			default:
				killed++
			}
			old, fresh := startable(t, here), startable(t, there)
			if old && fresh {
				t.Fatal("both places can be started on")
			}
			if moved && (old || !fresh) {
				t.Fatalf("after the move ended well: the old place starts %t, the new one %t", old, fresh)
			}
			if moved {
				break
			}
		}
		if !moved {
			if _, complaint, status := command(t, "", "move", "--from", from, "--to", to); status != 0 && !strings.Contains(complaint, alreadyMoved) {
				t.Fatalf("after it was killed, the move cannot be run again: %s", complaint)
			}
		}
		if !startable(t, there) || startable(t, here) {
			t.Fatal("after the move the new place does not start, or the old one does")
		}
		arrived++
		from, to, here, there = to, from, there, here
		vacate(t, to, url, data)
	}
	if killed == 0 {
		t.Error("no move was killed")
	}
	proved(t, "%d moves to and fro between SQLite and PostgreSQL arrived whole, killed %d times: never both places started", arrived, killed)
}

// alreadyMoved is what the second of two moves is told.
const alreadyMoved = "this data was moved"

// startable says whether commands work on the data; then its user must be there.
func startable(t *testing.T, flags []string) bool {
	t.Helper()
	out, _, status := command(t, "", append([]string{"user", "list"}, flags...)...)
	if status == 0 && !strings.Contains(out, "ada") {
		t.Fatalf("what starts has lost its user: %s", out)
	}
	return status == 0
}

// vacate empties the place that data was moved from, so that it can be moved back.
func vacate(t *testing.T, place, url, data string) {
	t.Helper()
	if place == url {
		dropAll(t, url)
		return
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(filepath.Join(data, "durward.db"+suffix)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
}

// dropAll drops every table of the schema that the URL leads to.
func dropAll(t *testing.T, url string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	var name string
	if err := conn.QueryRow(t.Context(), "SELECT current_schema()").Scan(&name); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), "DROP SCHEMA "+name+" CASCADE; CREATE SCHEMA "+name); err != nil {
		t.Fatal(err)
	}
}

// A disk that fills while a backup is written leaves neither a part of it nor harm.
func TestABackupOntoAFullDiskLeavesNothing(t *testing.T) {
	t.Parallel()
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no shell to set a limit with")
	}
	data, dir := crowded(t), t.TempDir()
	cmd := exec.Command(shell, "-c", `ulimit -f 100 && exec "$0" "$@"`, program, "backup", filepath.Join(dir, "backup"), "--data", data)
	cmd.Env = environment()
	said, err := cmd.CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 1 || !strings.Contains(string(said), "too large") {
		t.Errorf("got error %v, and it says %s", err, said)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("got files %v and error %v, want none", left, err)
	}
	healthy(t, data)
}
