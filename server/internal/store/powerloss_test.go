//go:build linux

package store_test

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/durward-auth/durward/server/internal/store"
)

// createAloud creates as many users as it is told, and says so of each.
func createAloud(path string, args []string) error {
	count, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	db, err := store.Open(context.Background(), store.Config{Path: path})
	if err != nil {
		return err
	}
	for i := range count {
		if err := createUser(context.Background(), db, strconv.Itoa(i)); err != nil {
			return err
		}
		fmt.Printf("user %d\n", i)
	}
	return db.Close()
}

// TestALossOfPowerTakesNothingThatWasAcknowledged (CASES.md K02) watches what a process writes, and starts on what
// would be left if everything since the last fsync of each file were gone.
func TestALossOfPowerTakesNothingThatWasAcknowledged(t *testing.T) {
	strace, err := exec.LookPath("strace")
	lacking := t.Skip
	if os.Getenv("CI") != "" {
		lacking = t.Fatal
	}
	if err != nil {
		lacking("strace is not installed: it is what shows the writes")
	}
	path := filepath.Join(t.TempDir(), "durward.db")
	populated(t, path)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const users = 600 // more than are written before the log is copied back
	trace := filepath.Join(t.TempDir(), "trace")
	traced := exec.Command(strace, "-f", "-qq", "-y", "-xx", "-s", "70000", "-e", "trace=pwrite64,write,fsync,fdatasync,ftruncate", "-o", trace,
		os.Args[0], path, strconv.Itoa(users))
	traced.Env = append(os.Environ(), childVariable+"=create users one by one")
	if said, err := traced.CombinedOutput(); err != nil {
		if strings.Contains(string(said), "Operation not permitted") {
			lacking("strace may not look at other processes here")
		}
		t.Fatalf("%v\n%.1000s", err, said)
	}
	d := &disk{now: map[string][]byte{path: slices.Clone(text)}, kept: map[string][]byte{path: text}, acknowledged: -1}
	file, err := os.Open(trace)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	copies, losses := 0, 0
	for n := 0; lines.Scan(); n++ {
		what := d.follow(t, lines.Text())
		if what == "sync of durward.db" {
			copies++
		}
		// Each time that the database itself was synced, and now and then.
		if what == "sync of durward.db" || what == "acknowledgement" && d.acknowledged%25 == 0 {
			losses++
			d.lose(t)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	if d.acknowledged != users-1 || copies == 0 {
		t.Errorf("got %d users and %d syncs of the database, want %d and at least one", d.acknowledged+1, copies, users)
	}
	t.Logf("%d losses of power while %d users were created", losses, users)
}

// disk is what is in the files, and what has been synced of it.
type disk struct {
	now, kept    map[string][]byte
	acknowledged int
	pending      map[string]string // calls that have begun, by thread
}

var call = regexp.MustCompile(`^(\w+)\((\d+)<([^>]*)>(?:, "([^"]*)")?(?:, (\d+))?(?:, (\d+))?`)

// unescape reads what strace writes with -xx.
func unescape(text string) string {
	if !strings.HasPrefix(text, `\x`) {
		return text
	}
	decoded, err := hex.DecodeString(strings.ReplaceAll(text, `\x`, ""))
	if err != nil {
		return text
	}
	return string(decoded)
}

// follow takes a line of strace over, and tells what happened.
func (d *disk) follow(t *testing.T, line string) string {
	t.Helper()
	thread, said, _ := strings.Cut(line, " ")
	said = strings.TrimSpace(said)
	if d.pending == nil {
		d.pending = map[string]string{}
	}
	if begun, ok := strings.CutSuffix(said, " <unfinished ...>"); ok {
		d.pending[thread] = begun
		return ""
	}
	if strings.HasPrefix(said, "<... ") {
		_, rest, _ := strings.Cut(said, "resumed>")
		said = d.pending[thread] + rest
	}
	m := call.FindStringSubmatch(said)
	if m == nil {
		return ""
	}
	path := unescape(m[3])
	switch base := filepath.Base(path); {
	case m[1] == "write":
		if number, ok := strings.CutPrefix(unescape(m[4]), "user "); ok {
			var err error
			if d.acknowledged, err = strconv.Atoi(strings.TrimSpace(number)); err != nil {
				t.Fatal(err)
			}
			return "acknowledgement"
		}
	case base != "durward.db" && base != "durward.db-wal":
	case m[1] == "pwrite64":
		text := unescape(m[4])
		at, err := strconv.Atoi(m[6])
		if size, failure := strconv.Atoi(m[5]); err != nil || failure != nil || size != len(text) {
			t.Fatalf("got %d bytes of %q at %q: %v", len(text), m[5], m[6], errors.Join(err, failure))
		}
		content := d.now[path]
		if missing := at + len(text) - len(content); missing > 0 {
			content = append(content, make([]byte, missing)...)
		}
		copy(content[at:], text)
		d.now[path] = content
	case m[1] == "ftruncate":
		size, err := strconv.Atoi(m[5])
		if err != nil {
			t.Fatal(err)
		}
		d.now[path] = append(d.now[path], make([]byte, size)...)[:size]
	case m[1] == "fsync" || m[1] == "fdatasync":
		d.kept[path] = slices.Clone(d.now[path])
		return "sync of " + base
	}
	return ""
}

// lose starts on what has been synced, and looks for everything that was acknowledged.
func (d *disk) lose(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	for path, text := range maps.All(d.kept) {
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(path)), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	db, err := store.Open(t.Context(), store.Config{Path: filepath.Join(dir, "durward.db")})
	if err != nil {
		t.Fatalf("after %d users: %v", d.acknowledged+1, err)
	}
	if err := db.Check(t.Context()); err != nil {
		t.Errorf("after %d users: %v", d.acknowledged+1, err)
	}
	for i := range d.acknowledged + 1 {
		if _, err := db.User(t.Context(), "id-"+strconv.Itoa(i)); err != nil {
			t.Errorf("user %d of %d that were acknowledged: %v", i, d.acknowledged+1, err)
		}
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}
