package blackbox_test

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"testing"
)

// TestALogCutAnywhereHoldsAPrefix cuts the write-ahead log of a killed server at each 4 KiB, as a disk does that loses the end of a
// file (CASES.md K05): the database opens with what was committed up to some moment, whole, and no more than that is
// missing. A log that is cut further back holds less, never something else.
func TestALogCutAnywhereHoldsAPrefix(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	flags := []string{"--refresh-grace", "60s", "--log-level", "error"}
	server := startOn(t, data, flags...)
	staff := appoint(t, server)
	work := staff.orders(t, "user", 400)
	server.stop() // the log begins anew

	server = startOn(t, data, flags...)
	load := startLoad(server.client(), work)
	load.await(t, 60+rand.IntN(60)) // too few for the log to be copied back
	server.kill()
	said := load.end(t)

	log := readAll(t, filepath.Join(data, "durward.db-wal"))
	const page = 4 << 10
	places := len(log)/page + 1
	cuts := min(places, sized(places, places, 8, 4))
	all := stateOf(t, withLog(t, data, log, len(log)), work)
	if lost := all.lost(said); lost != "" {
		t.Fatalf("the whole log lacks %s", lost)
	}
	before := state{}
	served, longest := 0, 0
	for i := range cuts {
		at := (places - 1) * i / max(cuts-1, 1) * page
		copied := withLog(t, data, log, at)
		now := stateOf(t, copied, work)
		if !before.within(now) || !now.within(all) {
			t.Errorf("a log of %d bytes holds %v, between %v and %v", at, now, before, all)
		}
		before, longest = now, max(longest, at)
		if i%max(1, cuts/4) == 0 {
			now.served(t, copied, work, flags)
			served++
		}
		if err := os.RemoveAll(copied); err != nil {
			t.Fatal(err)
		}
		if t.Failed() {
			t.FailNow()
		}
	}
	if all == (state{}) || longest == 0 {
		t.Errorf("the log of %d bytes was cut up to %d and held %v; want something", len(log), longest, all)
	}
	proved(t, "a log of %d bytes cut at %d of its %d pages of 4 KiB: opened each time, integrity_check sound, a prefix of what was committed (%v in all), %d of them served",
		len(log), cuts, places, all, served)
}

func readAll(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// withLog copies the data with only the first bytes of the log.
func withLog(t *testing.T, data string, log []byte, at int) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "cut")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{
		"durward.db":     readAll(t, filepath.Join(data, "durward.db")),
		"durward.db-wal": log[:at],
		"master.key":     readAll(t, filepath.Join(data, "master.key")),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// state counts what of a load is in a database.
type state struct{ Registrations, Logouts, Rotations, Changes int64 }

func (s state) String() string {
	return fmt.Sprintf("%d registrations, %d logouts, %d rotations, %d role changes", s.Registrations, s.Logouts, s.Rotations, s.Changes)
}

// stateOf opens a database, wants it to be sound, and each act to be there whole or not at all.
func stateOf(t *testing.T, data string, work orders) (s state) {
	t.Helper()
	o := opened(t, data, "")
	defer o.close()
	if err := o.data.Store.Check(t.Context()); err != nil {
		t.Errorf("%s: %v", data, err)
	}
	file, err := sql.Open("sqlite", filepath.Join(data, "durward.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var halves, strange, missing int64
	for _, q := range []struct {
		into  *int64
		query string
	}{
		{&s.Registrations, `SELECT count(*) FROM users WHERE canonical LIKE 'user-%'`},
		{&s.Logouts, `SELECT count(*) FROM sessions WHERE ended_at > 0`},
		{&s.Rotations, `SELECT sum(generation) FROM sessions`},
		{&s.Changes, `SELECT sum(version) - count(*) FROM users`},
		{&halves, `SELECT count(*) FROM sessions s WHERE (ended_at > 0) <> EXISTS (SELECT 1 FROM revocations r WHERE r.id = s.id)`},
		{&strange, `SELECT count(*) FROM users WHERE canonical LIKE 'changed-%' AND (version > 1) <> (roles <> '')`},
		{&missing, fmt.Sprintf(`SELECT %d - count(*) FROM sessions`, len(work.end)+len(work.refresh)+len(work.promote)+1)},
	} {
		if err := file.QueryRowContext(t.Context(), q.query).Scan(q.into); err != nil {
			t.Fatalf("%s: %v", q.query, err)
		}
	}
	if halves != 0 || strange != 0 || missing != 0 {
		t.Errorf("half of %d logouts and of %d changes of roles is there, and %d sessions of before the load are gone", halves, strange, missing)
	}
	return s
}

// within says that nothing is here that is not there.
func (s state) within(other state) bool {
	return s.Registrations <= other.Registrations && s.Logouts <= other.Logouts && s.Rotations <= other.Rotations && s.Changes <= other.Changes
}

// lost names what was acknowledged and is not here.
func (s state) lost(said acknowledged) string {
	switch {
	case s.Registrations < int64(len(said.registrations)):
		return "a registration"
	case s.Logouts < int64(len(said.logouts)):
		return "a logout"
	case s.Rotations < int64(said.rotations()):
		return "a rotation"
	case s.Changes < int64(said.changes()):
		return "a change of roles"
	}
	return ""
}

// served starts a server on the data: a session is over for both of its tokens or for neither.
func (s state) served(t *testing.T, data string, work orders, flags []string) {
	t.Helper()
	server := startOn(t, data, flags...)
	c := server.client()
	over := int64(0)
	for _, session := range work.end {
		access := c.call(t, "GET", "/protected", session.Access, nil).status
		refresh := c.call(t, "POST", "/refresh", "", members{"refresh_token": session.Refresh}).status
		if access != refresh || access != http.StatusOK && access != http.StatusUnauthorized {
			t.Errorf("the access token of a session is answered %d and its refresh token %d", access, refresh)
		}
		if access == http.StatusUnauthorized {
			over++
		}
	}
	if over != s.Logouts {
		t.Errorf("%d sessions are over, want %d", over, s.Logouts)
	}
	server.stop()
}
