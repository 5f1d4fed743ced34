package store_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/store"
)

// scans are the statements that may read a whole table or index, and why.
var scans = map[string]string{
	"selectKeys":         "a handful of keys, all of them wanted",
	"selectSealed":       "a handful of keys, all of them wanted",
	"eraseExpired":       "a handful of keys, at a rotation",
	"raiseTokenLife":     "a handful of keys, at a start with longer tokens",
	"selectSettings":     "a handful of settings, all of them wanted",
	"anyKey":             "stops at the first row",
	"otherAdministrator": "an index of enabled administrators alone, and stops at the second row at the latest",
	"hasVersion":         "the schema's own table, once at start",
	"readVersion":        "one row a migration, once at start",
	"readApplied":        "one row a migration, once at start",
	"listTables":         "the tables themselves, for a backup",
	"listColumns":        "the columns themselves, for a backup",
	"keysToRevoke":       "every key, after a restore",
	"endEverything":      "every session, after a restore",
	"markEverybody":      "every session, after a restore",
	"listClients":        "as many clients as an administrator made, all of them wanted",
}

// TestNoStatementScansATable explains every statement in the source of the package, so that none is
// forgotten, and every form that a query for events takes.
func TestNoStatementScansATable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "durward.db")
	open(t, path)
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()

	statements := constants(t, ofBoth)
	if len(statements) < 40 {
		t.Errorf("got %d statements, want all of them", len(statements))
	}
	for name, text := range eventQueries() {
		statements[name] = text
	}
	for name, text := range statements {
		plan := explain(t, db, name, text)
		_, allowed := scans[name]
		if scanned := strings.Contains(plan, "SCAN "); scanned && !allowed && !onlySubqueries(plan) {
			t.Errorf("%s scans:\n%s\n%s", name, text, plan)
		}
	}
	for name := range scans {
		if statements[name] == "" {
			t.Errorf("there is no statement %s any more", name)
		}
	}
}

// TestAUserListIsReadInOrder says why the search for users may pass over many: it
// reads the index of names in order and stops at the limit.
func TestAUserListIsReadInOrder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "durward.db")
	open(t, path)
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	plan := explain(t, db, "selectUsers", constants(t, ofBoth)["selectUsers"])
	if !strings.Contains(plan, "users_canonical (canonical>?)") || strings.Contains(plan, "TEMP B-TREE") {
		t.Errorf("got plan\n%s\nwant the index users_canonical and no sort", plan)
	}
}

// TestStatementsRunOnPostgreSQLToo refuses what only SQLite understands.
func TestStatementsRunOnPostgreSQLToo(t *testing.T) {
	foreign := regexp.MustCompile(`(?i)\?|\*|FOR UPDATE|INSERT OR|REPLACE INTO|IFNULL|ROWID|GLOB|DATETIME|STRFTIME|JULIANDAY|AUTOINCREMENT|"`)
	for name, text := range constants(t, ofBoth) {
		if name == "hasVersion" {
			continue // asks SQLite about itself
		}
		if found := foreign.FindString(text); found != "" {
			t.Errorf("%s has %q:\n%s", name, found, text)
		}
	}
}

func explain(t *testing.T, db *sql.DB, name, text string) string {
	t.Helper()
	var args []any
	for n := 1; strings.Contains(text, fmt.Sprintf("$%d", n)); n++ {
		args = append(args, "1")
	}
	rows, err := db.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+text, args...)
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, text)
	}
	defer rows.Close()
	var plan []string
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		plan = append(plan, detail)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return strings.Join(plan, "\n")
}

// onlySubqueries reports whether what is scanned are the rows that a subquery found.
func onlySubqueries(plan string) bool {
	for line := range strings.Lines(plan) {
		table, scan := strings.CutPrefix(strings.TrimSpace(line), "SCAN ")
		if scan && table != "acts" && table != "suffered" {
			return false
		}
	}
	return true
}

func eventQueries() map[string]string {
	texts := map[string]string{}
	for form := range 1 << 5 {
		q := audit.Query{Limit: 10}
		set := func(bit int, change func()) {
			if form&(1<<bit) != 0 {
				change()
			}
		}
		set(0, func() { q.Action = audit.UserDelete })
		set(1, func() { q.Outcome = audit.Refused })
		set(2, func() { q.Outcome = audit.Success })
		set(3, func() { q.UserID = "u" })
		set(4, func() { q.Since, q.Until = time.Now(), time.Now() })
		texts[fmt.Sprintf("events by %+v", q)], _ = store.SelectEvents(q)
	}
	return texts
}
