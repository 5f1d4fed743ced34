package server_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/durward-auth/durward/server"
	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/archive"
	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/keyring"
	"github.com/durward-auth/durward/server/internal/pgtest"
	"github.com/durward-auth/durward/server/internal/store"
)

const secretOfAda = "correct horse battery"

// house is a server on some data, reached over HTTP.
type house struct {
	*server.Server
	url  string
	stop func()
}

// open starts a server on the data until stop is called.
func open(t *testing.T, c server.Config) *house {
	t.Helper()
	s, err := server.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(s.Handler())
	stopped := false
	h := &house{Server: s, url: web.URL}
	h.stop = func() {
		if !stopped {
			stopped = true
			web.Close()
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	t.Cleanup(h.stop)
	return h
}

// pair is what a login answers.
type pair struct{ access, refresh string }

func (h *house) login(t *testing.T, name string) pair {
	t.Helper()
	status, answer := post(t, h.url+"/login", "", map[string]string{"username": name, "password": secretOfAda})
	if status != http.StatusOK {
		t.Fatalf("login answers %d %v", status, answer)
	}
	return pair{answer["access_token"].(string), answer["refresh_token"].(string)}
}

func (h *house) addUser(t *testing.T, name string) account.User {
	t.Helper()
	u, err := h.Accounts.CreateUser(t.Context(), account.NewUser{Username: name, Password: secretOfAda, Roles: []string{"admin"}}, account.Operator, audit.Origin{})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// accepts says what becomes of an access token and of a refresh token, which may be spent by it.
func (h *house) accepts(t *testing.T, p pair) (access, refresh bool) {
	t.Helper()
	me, _ := get(t, h.url+"/me", p.access)
	again, _ := post(t, h.url+"/refresh", "", map[string]string{"refresh_token": p.refresh})
	return me == http.StatusOK, again == http.StatusOK
}

// homes returns a fresh place of each kind.
func homes(t *testing.T) map[string]func(t *testing.T) server.Config {
	t.Helper()
	return map[string]func(t *testing.T) server.Config{
		"SQLite": func(t *testing.T) server.Config {
			return server.Config{DataDir: filepath.Join(t.TempDir(), "data"), Issuer: issuer}
		},
		"PostgreSQL": func(t *testing.T) server.Config {
			return server.Config{DataDir: filepath.Join(t.TempDir(), "data"), Database: pgtest.Database(t), Issuer: issuer}
		},
	}
}

// giveKey puts the master key of one place into another.
func giveKey(t *testing.T, from, to server.Config) {
	t.Helper()
	text, err := os.ReadFile(server.MasterKeyPath(from.DataDir))
	if err == nil {
		err = os.MkdirAll(to.DataDir, 0o700)
	}
	if err == nil {
		err = os.WriteFile(server.MasterKeyPath(to.DataDir), text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// F17: what was revoked after the backup is not revoked in it, so that nothing issued before the restore may count: no access token of any
// key, no refresh token. K12: the backup is made beside a running server.
func TestF17ARestoredBackupRevivesNothingThatWasRevoked(t *testing.T) {
	for from, source := range homes(t) {
		for to, target := range homes(t) {
			t.Run("from "+from+" to "+to, func(t *testing.T) { restoreAndLook(t, source(t), target(t)) })
		}
	}
}

func restoreAndLook(t *testing.T, old, fresh server.Config) {
	before := open(t, old)
	before.addUser(t, "ada")
	pairs := map[string]pair{"of a key that was retired": before.login(t, "ada")}
	if err := before.Keys.Rotate(t.Context(), audit.Event{ActorName: "test"}); err != nil {
		t.Fatal(err)
	}
	pairs["of the active key"] = before.login(t, "ada")
	pairs["of a session that was ended later"] = before.login(t, "ada")
	kids := kidsOf(before)
	epoch, err := before.Store.RevocationEpoch(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	path := filepath.Join(t.TempDir(), "backup")
	if _, err := server.Backup(t.Context(), old, server.BackupOptions{Path: path}); err != nil {
		t.Fatal(err)
	}

	if status, answer := send(t, http.MethodPost, before.url+"/logout", pairs["of a session that was ended later"].access, nil); status != http.StatusNoContent {
		t.Fatalf("logout answers %d %v", status, answer)
	}
	if err := before.Keys.Rotate(t.Context(), audit.Event{ActorName: "test"}); err != nil {
		t.Fatal(err)
	}
	pairs["of the key that was next"] = before.login(t, "ada")
	if err := before.Keys.Rotate(t.Context(), audit.Event{ActorName: "test"}); err != nil {
		t.Fatal(err)
	}
	pairs["of a key that the backup does not know"] = before.login(t, "ada")
	seq, err := before.Store.RevocationEnd(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	places, err := before.Store.StatusEnd(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	before.stop()

	giveKey(t, old, fresh)
	report, err := server.Restore(t.Context(), fresh, server.RestoreOptions{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	if report.Renewed.Sessions != 3 || report.Renewed.Keys != 3 {
		t.Errorf("got %+v, want three sessions ended and three keys revoked", report.Renewed)
	}
	after := open(t, fresh)
	for name, p := range pairs {
		if access, refresh := after.accepts(t, p); access || refresh {
			t.Errorf("a token %s: access %t and refresh %t, want both refused", name, access, refresh)
		}
	}
	for _, kid := range kids {
		if record, err := after.Keys.Record(kid); err != nil || record.State != keyring.Revoked || record.Sealed != "" {
			t.Errorf("the key %s is %s (error %v), want it revoked and erased", kid, record.State, err)
		}
		if strings.Contains(string(after.Keys.KeySet()), kid) {
			t.Errorf("the key %s is still published", kid)
		}
	}
	if access, refresh := after.accepts(t, after.login(t, "ada")); !access || !refresh {
		t.Errorf("after a new login: access %t and refresh %t, want both", access, refresh)
	}
	if got, err := after.Store.RevocationEpoch(t.Context()); err != nil || got == epoch || got == "" {
		t.Errorf("got epoch %q and error %v, want another than %q", got, err, epoch)
	}
	if got, err := after.Store.RevocationEnd(t.Context()); err != nil || got <= seq {
		t.Errorf("the feed ends at %d (error %v), want beyond %d", got, err, seq)
	}
	if got, err := after.Store.StatusEnd(t.Context()); err != nil || got <= places {
		t.Errorf("the status lists end at %d (error %v), want beyond %d", got, err, places)
	}
	events, err := after.Store.Events(t.Context(), audit.Query{Action: audit.DataRestore, Limit: 10})
	if err != nil || len(events) != 1 {
		t.Errorf("got events %v and error %v, want that of the restore", events, err)
	}
	if err := after.Store.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

func kidsOf(h *house) []string {
	var kids []string
	for _, record := range h.Keys.Records() {
		kids = append(kids, record.KeyID)
	}
	return kids
}

// small is a backup of one user, and the place whose master key it needs.
func small(t *testing.T) (path string, from server.Config) {
	t.Helper()
	from = homes(t)["SQLite"](t)
	h := open(t, from)
	h.addUser(t, "ada")
	h.stop()
	path = filepath.Join(t.TempDir(), "backup")
	if _, err := server.Backup(t.Context(), from, server.BackupOptions{Path: path}); err != nil {
		t.Fatal(err)
	}
	return path, from
}

// A backup that is not whole leaves no trace where it should have gone.
func TestADamagedBackupIsRefusedBeforeAnythingIsMade(t *testing.T) {
	path, from := small(t)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	broken := filepath.Join(t.TempDir(), "broken")
	refuse := func(what string, text []byte) {
		t.Helper()
		if err := os.WriteFile(broken, text, 0o600); err != nil {
			t.Fatal(err)
		}
		to := homes(t)["SQLite"](t)
		giveKey(t, from, to)
		if _, err := server.Restore(t.Context(), to, server.RestoreOptions{Path: broken}); !errors.Is(err, archive.ErrDamaged) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got error %v, want ErrDamaged in one sentence", what, err)
		}
		if left, err := os.ReadDir(to.DataDir); err != nil || len(left) != 1 {
			t.Errorf("%s: got files %v and error %v, want the master key alone", what, left, err)
		}
	}
	for i := 0; i < len(text); i += 97 {
		flipped := slices.Clone(text)
		flipped[i] ^= 0x10
		refuse("a byte is another", flipped)
		refuse("the end is missing", text[:i])
	}
}

func TestARestoreNeedsTheMasterKeyAndAnEmptyPlace(t *testing.T) {
	path, from := small(t)
	for name, home := range homes(t) {
		t.Run(name, func(t *testing.T) {
			to := home(t)
			o := server.RestoreOptions{Path: path}
			if _, err := server.Restore(t.Context(), to, o); !errors.Is(err, keyring.ErrMasterMissing) {
				t.Errorf("without a master key: got error %v, want ErrMasterMissing", err)
			}
			to.MasterKey = keyring.GenerateMaster().Text()
			if _, err := server.Restore(t.Context(), to, o); !errors.Is(err, keyring.ErrMasterWrong) {
				t.Errorf("with another master key: got error %v, want ErrMasterWrong", err)
			}
			to.MasterKey = ""
			giveKey(t, from, to)
			if _, err := server.Restore(t.Context(), to, o); err != nil {
				t.Fatal(err)
			}
			if _, err := server.Restore(t.Context(), to, o); !errors.Is(err, server.ErrRestored) {
				t.Errorf("a second time: got error %v, want ErrRestored", err)
			}
			other, elsewhere := small(t)
			giveKey(t, elsewhere, to)
			if _, err := server.Restore(t.Context(), to, server.RestoreOptions{Path: other}); !errors.Is(err, store.ErrNotEmpty) {
				t.Errorf("another backup: got error %v, want ErrNotEmpty", err)
			}
		})
	}
}

func TestABackupOfNothingIsRefused(t *testing.T) {
	for name, home := range homes(t) {
		c := home(t)
		path := filepath.Join(t.TempDir(), "backup")
		if _, err := server.Backup(t.Context(), c, server.BackupOptions{Path: path}); !errors.Is(err, store.ErrNothing) {
			t.Errorf("%s: got error %v, want ErrNothing", name, err)
		}
		if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: there is a file", name)
		}
		if _, err := os.Stat(c.DataDir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: the data directory was made", name)
		}
	}
}

// A backup holds what was acknowledged before it began, whatever is written meanwhile, and is one moment: a session never without its user.
func TestK12ABackupUnderLoadIsOneMoment(t *testing.T) {
	for name, home := range homes(t) {
		t.Run(name, func(t *testing.T) {
			c := home(t)
			h := open(t, c)
			h.addUser(t, "ada")
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan int, 1)
			go func() {
				made := 0
				for ctx.Err() == nil {
					status, _ := post(t, h.url+"/login", "", map[string]string{"username": "ada", "password": secretOfAda})
					if status == http.StatusOK {
						made++
					}
				}
				ended <- made
			}()
			var rows []int64
			for range 3 {
				path := filepath.Join(t.TempDir(), "backup")
				report, err := server.Backup(t.Context(), c, server.BackupOptions{Path: path})
				if err != nil {
					t.Error(err)
					break
				}
				rows = append(rows, report.Manifest.Rows())
				to := homes(t)["SQLite"](t)
				giveKey(t, c, to)
				if _, err := server.Restore(t.Context(), to, server.RestoreOptions{Path: path}); err != nil {
					t.Error(err)
				}
			}
			cancel()
			if made := <-ended; made == 0 {
				t.Error("nobody logged in meanwhile")
			}
			if !slices.IsSorted(rows) {
				t.Errorf("got %v rows in turn, want never fewer", rows)
			}
			if last, err := h.LastBackup(t.Context()); err != nil || last.IsZero() {
				t.Errorf("the last backup was at %v (error %v), want it known", last, err)
			}
		})
	}
}
