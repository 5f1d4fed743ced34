package blackbox_test

import (
	"database/sql"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

// F11: whoever reads the database finds nothing to present as a refresh token.
func TestAStolenDatabaseHoldsNoRefreshToken(t *testing.T) {
	t.Parallel()
	server := start(t)
	server.client().register(t, "ada")
	session := server.client().login(t, "ada")
	session = server.client().refresh(t, session.Refresh)
	server.stop()
	values := everyValue(t, filepath.Join(server.data, "durward.db"))
	if !values[session.Session] || len(values) < 50 {
		t.Fatalf("got %d values, the session's id among them: %v; want all that there are", len(values), values[session.Session])
	}
	tag := session.Refresh[strings.LastIndex(session.Refresh, ".")+1:]
	for value := range values {
		if strings.Contains(value, tag) {
			t.Fatal("the database holds the secret part of a refresh token")
		}
	}

	server = startOn(t, server.data)
	c := server.client()
	for value := range values {
		for _, token := range []string{value, fmt.Sprintf("drt_%s.1.%s", session.Session, value)} {
			answer := c.call(t, "POST", "/refresh", "", members{"refresh_token": token})
			if complaint := answer.problem(http.StatusUnauthorized, "invalid_refresh_token"); complaint != "" {
				t.Fatalf("a value of the database as a refresh token: %s", complaint)
			}
		}
	}
	c.refresh(t, session.Refresh) // guesses end nothing
}

// everyValue returns the values of all tables, as text.
func everyValue(t *testing.T, path string) map[string]bool {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	values := map[string]bool{}
	for _, table := range rows(t, db, "SELECT name FROM sqlite_master WHERE type = 'table'") {
		for _, row := range rows(t, db, `SELECT * FROM "`+table[0]+`"`) {
			for _, value := range row {
				values[strings.ToValidUTF8(value, "?")] = true
			}
		}
	}
	return values
}

func rows(t *testing.T, db *sql.DB, query string) (list [][]string) {
	t.Helper()
	found, err := db.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	columns, err := found.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for found.Next() {
		row, into := make([]sql.NullString, len(columns)), make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		if err := found.Scan(into...); err != nil {
			t.Fatal(err)
		}
		texts := make([]string, len(columns))
		for i := range row {
			texts[i] = row[i].String
		}
		list = append(list, texts)
	}
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}
