package store_test

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/durward-auth/durward/server/internal/store"
)

func TestOnlyTheOwnerCanReadTheFiles(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows decides by access control lists")
	}
	dir := filepath.Join(t.TempDir(), "new", "data")
	path := filepath.Join(dir, "durward.db")
	for _, round := range []string{"created", "found with a looser mode"} {
		db := open(t, path)
		if err := createUser(t.Context(), db, round[:5]); err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]os.FileMode{dir: 0o700, path: 0o600, path + "-wal": 0o600, path + "-shm": 0o600} {
			info, err := os.Stat(name)
			if err != nil {
				t.Fatal(err)
			}
			if got := info.Mode().Perm(); got != want {
				t.Errorf("%s, %s: got mode %o, want %o", filepath.Base(name), round, got, want)
			}
		}
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		if len(entries) != 3 {
			t.Errorf("got files %v, want the database, its log and its index", entries)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAPathOfOddCharactersIsTakenLiterally(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a b?c%20#d&mode=ro.db")
	if runtime.GOOS == "windows" {
		path = filepath.Join(dir, "a b%20#d&mode=ro.db")
	}
	db := open(t, path)
	if err := createUser(t.Context(), db, "anna"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}

func TestANewerSchemaIsRefusedAndNotTouched(t *testing.T) {
	path := filepath.Join(t.TempDir(), "durward.db")
	db := open(t, path)
	known, err := store.LatestSchema()
	if err != nil {
		t.Fatal(err)
	}
	if version, err := db.SchemaVersion(t.Context()); err != nil || version != known {
		t.Fatalf("got schema version %d and error %v, want %d", version, err, known)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	statement(t, path, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)`)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = store.Open(t.Context(), store.Config{Path: path})
	if !errors.Is(err, store.ErrNewerSchema) {
		t.Fatalf("got error %v, want ErrNewerSchema", err)
	}
	for _, part := range []string{"version 99", fmt.Sprintf("version %d", known)} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("got %q, want %q in it", err, part)
		}
	}
	after, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(before, after) {
		t.Error("the database was touched")
	}
}

func TestAFileThatIsNoDatabaseIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "durward.db")
	text := []byte(strings.Repeat("this is no database\n", 500))
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(t.Context(), store.Config{Path: path}); err == nil {
		t.Fatal("it was opened")
	}
	after, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(text, after) {
		t.Error("the file was touched")
	}
}

func TestACheckFindsWhatIsWrong(t *testing.T) {
	path := filepath.Join(t.TempDir(), "durward.db")
	db := open(t, path)
	if err := db.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	statement(t, path, `INSERT INTO sessions (id, user_id, generation, scopes, address, user_agent, created_at, auth_time, rotated_at,
		last_used_at, idle_expires_at, expires_at, access_expires_at, ended_at) VALUES ('s', 'nobody', 0, '', '', '', 0, 0, 0, 0, 0, 0, 0, 0)`)
	if err := db.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "sessions") {
		t.Errorf("got error %v for a session of nobody, want one that names the table", err)
	}
	statement(t, path, `DELETE FROM sessions`)
	if err := createUser(t.Context(), db, "anna"); err != nil {
		t.Fatal(err)
	}
	statement(t, path, `PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, '(action, id)', '(target, id)') WHERE name = 'audit_action'`)
	if err := open(t, path).Check(t.Context()); err == nil {
		t.Error("got no error for an index that does not match its table")
	}
}

// statement runs SQL behind the back of the store.
func statement(t *testing.T, path, text string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), text); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestSettingsAreKeptByName(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "durward.db"))
	for _, settings := range []map[string]string{{"issuer": "https://a.test", "access-ttl": "5m0s"}, {"issuer": "https://b.test"}} {
		if err := db.SaveSettings(t.Context(), settings); err != nil {
			t.Fatal(err)
		}
	}
	got, err := db.Settings(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got["issuer"] != "https://b.test" || got["access-ttl"] != "5m0s" {
		t.Errorf("got %v, want the issuer of the second call and the access-ttl of the first", got)
	}
}
